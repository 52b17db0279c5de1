"""TensorBoard event files of many runs that are read together: none changes another."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.sources.tensorboard.ahead import Ahead
from runreport.sources.tensorboard.batches import Batch
from runreport.sources.tensorboard.eventfile import EventFile
from runreport.sources.tensorboard.frames import LARGE, Script, frames
from runreport.sources.tensorboard.gathered import Gathered
from tests.sources import event_logs as logs
from tests.sources.event_logs import WALL, Log, curve, event, scalar, summary
from tests.sources.test_tensorboard import codes, official, read, same

Record = tuple[str, tuple[str, ...], int]
"""Kind, tags, step."""
Logged = dict[str, list[tuple[float, float, float]]]
"""Tag to step, time and value of each point."""

TAGS = ["loss", "lossy", "acc", "train/metric_00", "train/metric_01", "val/metric_00", "β"]


@st.composite
def schedules(draw: st.DrawFn) -> list[Record]:
    """What a program logs, in order; each of its runs logs this with numbers of its own."""
    found: list[Record] = []
    kinds = ["scalars", "scalars", "merged", "tensor", "histogram", "text"]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.sampled_from([0, 1, 100, 120, 16_380, 2_097_140]))
        every = {
            tag: draw(st.sampled_from([1, 1, 3, 10]))
            for tag in draw(st.lists(st.sampled_from(TAGS), min_size=1, max_size=5, unique=True))
        }
        kind = draw(st.sampled_from(kinds))
        for step in range(start, start + draw(st.sampled_from([2, 12, 60]))):
            now = tuple(tag for tag in every if step % every[tag] == 0)
            if kind == "merged" and now:
                found.append((kind, now, step))
            else:
                found += [(kind, (tag,), step) for tag in now]
    return found


def realised(schedule: list[Record], rng: random.Random) -> list[tuple[bytes, Logged]]:
    """One run: payloads, and the points in each."""
    found: list[tuple[bytes, Logged]] = []
    for kind, tags, step in schedule:
        wall = WALL + rng.random() * 10 ** rng.randint(0, 6)
        numbers = [struct.unpack("<f", struct.pack("<f", rng.gauss(0, 1)))[0] for _ in tags]
        points = {
            tag: [(float(step), wall, number)] for tag, number in zip(tags, numbers, strict=True)
        }
        if kind in ("scalars", "merged"):
            parts = [scalar(tag, number) for tag, number in zip(tags, numbers, strict=True)]
            found.append((event(wall, step, summary(*parts)), points))
        elif kind == "tensor":
            metadata = logs.plugin("scalars")
            part = logs.tensor_value(f"t/{tags[0]}", logs.float_tensor(numbers[0]), metadata)
            found.append((event(wall, step, summary(part)), {f"t/{tags[0]}": points[tags[0]]}))
        elif kind == "histogram":
            part = logs.histogram("h", [rng.random() for _ in range(rng.choice([3, 3, 9]))])
            found.append((event(wall, step, summary(part)), {}))
        else:
            found.append((event(wall, step, summary(logs.text("note", "w" * (step % 5)))), {}))
    return found


def varied(schedule: list[Record], way: str, rng: random.Random) -> list[Record]:
    """The schedule of a run that does not go quite like the others."""
    if way == "short":
        return schedule[: rng.randint(0, len(schedule))]
    if way == "gaps":
        return [record for record in schedule if rng.random() > 0.05]
    if way == "shuffled":
        return rng.sample(schedule, len(schedule))
    if way == "late":
        return [(kind, tags, step + 40) for kind, tags, step in schedule]
    return schedule


def joined(run: list[tuple[bytes, Logged]]) -> Logged:
    found: Logged = {}
    for _, points in run:
        for tag, own in points.items():
            found.setdefault(tag, []).extend(own)
    return found


WAYS = st.lists(st.sampled_from(["same", "same", "short", "gaps", "shuffled", "late"]), max_size=14)


@settings(max_examples=40, deadline=None)
@given(st.lists(schedules(), min_size=1, max_size=2), WAYS, st.integers(0, 2**32))
def test_runs_read_together_are_what_each_is_alone(
    tmp_path_factory: pytest.TempPathFactory,
    programs: list[list[Record]],
    ways: list[str],
    seed: int,
) -> None:
    folder, rng = tmp_path_factory.mktemp("logs"), random.Random(seed)
    runs = {}
    for number, way in enumerate(["same", *ways]):
        runs[f"run_{number:02d}"] = realised(varied(rng.choice(programs), way, rng), rng)
    for name, run in runs.items():
        Log(folder / name).write(payload for payload, _ in run)
    tables, found = read(folder)
    expected = {(name, tag): p for name, run in runs.items() for tag, p in joined(run).items()}
    assert set(found) == set(expected)
    for key, points in expected.items():
        assert same(found[key], points), key
    assert not codes(tables)


@settings(max_examples=12, deadline=None)
@given(schedules(), st.integers(0, 2**32))
def test_runs_read_together_are_what_tensorboard_reads(
    tmp_path_factory: pytest.TempPathFactory, schedule: list[Record], seed: int
) -> None:
    folder, rng = tmp_path_factory.mktemp("logs"), random.Random(seed)
    for number, way in enumerate(["same", "same", "gaps", "shuffled", "same"]):
        run = realised(varied(schedule, way, rng), rng)
        Log(folder / f"run_{number}").write(payload for payload, _ in run)
    _, found = read(folder)
    for number in range(5):
        name = f"run_{number}"
        expected = official(folder / name)
        assert {tag for run, tag in found if run == name} == set(expected)
        for tag, points in expected.items():
            assert same(found[name, tag], points)


@settings(max_examples=40, deadline=None)
@given(schedules(), st.integers(0, 2**32))
def test_a_flipped_bit_costs_a_record_of_its_own_run_and_nothing_of_others(
    tmp_path_factory: pytest.TempPathFactory, schedule: list[Record], seed: int
) -> None:
    folder, rng = tmp_path_factory.mktemp("logs"), random.Random(seed)
    runs = {f"run_{number:02d}": realised(schedule, rng) for number in range(9)}
    paths = {
        name: Log(folder / name).write(payload for payload, _ in run) for name, run in runs.items()
    }
    broken = rng.choice(sorted(runs))
    data = bytearray(paths[broken].read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    paths[broken].write_bytes(data)
    tables, found = read(folder)
    assert {"RR373", "RR372"} & set(codes(tables))
    lost = 0
    for name, run in runs.items():
        for tag, points in joined(run).items():
            own = found.get((name, tag), [])
            if name == broken:
                logged = {(step, value) for step, _, value in points}
                assert {(step, value) for step, _, value in own} <= logged
                lost += len(points) - len(own)
            else:
                assert same(own, points)
    assert lost <= max((len(points) for _, points in runs[broken]), default=0)


@settings(max_examples=40, deadline=None)
@given(st.lists(schedules(), min_size=1, max_size=2), WAYS, st.integers(0, 2**32))
def test_what_was_learned_of_some_files_changes_nothing_of_the_next(
    tmp_path_factory: pytest.TempPathFactory,
    programs: list[list[Record]],
    ways: list[str],
    seed: int,
) -> None:
    folder, rng = tmp_path_factory.mktemp("logs"), random.Random(seed)
    runs = [realised(varied(rng.choice(programs), way, rng), rng) for way in ["same", *ways, *ways]]
    paths = [
        Log(folder / f"{number:02d}").write(payload for payload, _ in run)
        for number, run in enumerate(runs)
    ]
    # so small that few files are held together, now one, now several
    ahead = Ahead(Batch(capacity=LARGE + 17))
    done = 0
    while done < len(paths):
        coming = [(path, 0, path.stat().st_size) for path in paths[done:]]
        count = ahead.begin(coming[: rng.randint(1, 5)])
        for number in range(done, done + count):
            file = ahead.take(paths[number], 0)
            assert file is not None
            with paths[number].open("rb") as stream:
                file.finish(stream.fileno(), ahead.batch, no_complaint, {})
            found, expected = points_of(file.into), joined(runs[number])
            assert set(found) == set(expected)
            for tag, own in expected.items():
                assert same(found[tag], own)
        done += count


# ---- one file, however much of it is held at once ----------------------------------------------


@settings(max_examples=20, deadline=None)
@given(schedules(), st.integers(LARGE + 17, 1 << 17), st.integers(0, 2**32))
def test_a_file_is_the_same_however_much_of_it_is_held_at_once(
    tmp_path_factory: pytest.TempPathFactory, schedule: list[Record], capacity: int, seed: int
) -> None:
    rng = random.Random(seed)
    picture = event(WALL, 1, summary(logs.image("p", b"\x89PNG" + rng.randbytes(LARGE))))
    run = [part for _ in range(20) for part in realised(schedule, rng)]
    for place in (0, len(run) // 2, len(run)):
        run.insert(place, (picture, {}))
    path = Log(tmp_path_factory.mktemp("log")).write(payload for payload, _ in run)
    found = read_by_itself(path, Batch(capacity=capacity))
    points = points_of(found)
    expected = joined(run)
    assert set(points) == set(expected)
    for tag, own in expected.items():
        assert same(points[tag], own)
    assert sum(item.kind == "image" for item in found.items) == 3


def read_by_itself(path: Path, batch: Batch) -> Gathered:
    """What a file holds, read without others."""
    file = EventFile(path.stat().st_size)
    with path.open("rb") as stream:
        file.finish(stream.fileno(), batch, no_complaint, {})
    return file.into


def no_complaint(code: str, words: str, _place: int) -> None:
    """For files of which nothing may be lost."""
    raise AssertionError(f"{code}: {words}")


def points_of(found: Gathered) -> Logged:
    """What a file holds, as it was logged."""
    return {
        tag: [*zip(one.step.tolist(), (one.time / 1e6).tolist(), one.value.tolist(), strict=True)]
        for tag, one, _, _ in found.metrics()
        if one.time is not None
    }


# ---- frames ------------------------------------------------------------------------------------


def one_by_one(data: bytes, place: int) -> tuple[list[tuple[int, int]], int]:
    """Records from a place on, by the definition of a frame."""
    found = []
    while place + 12 <= len(data):
        head = data[place : place + 8]
        length = int.from_bytes(head, "little")
        fits = logs.masked(head) == data[place + 8 : place + 12]
        if not fits or length > LARGE or place + length + 16 > len(data):
            break
        found.append((place, length))
        place += length + 16
    return found, place


PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", bytes(11), bytes(300), b"a" * 255, b"a" * 256, b"a" * 257]),
    # what looks like a frame, whole or cut off, inside of another
    st.sampled_from(
        [logs.record(b"inner"), logs.record(b"x" * 30)[:20], logs.record(bytes(9)) * 3]
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PAYLOADS, max_size=30),
    st.lists(st.binary(max_size=40).map(len), max_size=30),
    st.binary(max_size=40),
    st.integers(0, 400),
    st.booleans(),
)
def test_frames_are_those_of_their_definition_whatever_was_expected(
    payloads: list[bytes], others: list[int], tail: bytes, cut: int, alike: bool
) -> None:
    records = [logs.record(payload) for payload in payloads]
    data = b"".join(records) + tail
    data = data[: len(data) - cut] if cut < len(data) else data
    script = Script()
    lengths = [len(payload) for payload in payloads]
    expected_lengths = [*lengths[:12], *others, *lengths[12:]] if alike else others
    script.learn(np.array(expected_lengths, np.int64))
    expected, end = one_by_one(data, 0)
    buffer = np.frombuffer(data, np.uint8)
    for found in (frames(buffer, 0, len(data)), frames(buffer, 0, len(data), script)):
        assert list(zip(found.offsets.tolist(), found.lengths.tolist(), strict=True)) == expected
        assert found.end == end
        assert (found.why == "") == (end == len(data))
        if found.edition is script.edition:
            assert [length for _, length in expected] == expected_lengths


def test_a_file_of_the_most_that_is_looked_for_at_once_is_read_to_its_end(tmp_path: Path) -> None:
    # frames are looked for in parts of a power of two, whose ends may fall anywhere in a record
    for size in range(4_090, 4_102):
        payloads = [b"\x1a" + logs.varint(size - 40) + bytes(size - 40), *curve("loss", [1.0, 2.0])]
        path = Log(tmp_path / str(size)).write(payloads)
        tables, found = read(path)
        assert len(found[path.name, "loss"]) == 2
        assert not codes(tables)
