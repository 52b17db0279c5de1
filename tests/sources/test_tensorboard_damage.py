"""TensorBoard event files that are cut off, damaged, or still growing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from runreport.tables import RunTables
from tests.sources import event_logs as logs
from tests.sources.event_logs import WALL, Log, curve, event, scalar, summary
from tests.sources.test_tensorboard import codes, read


def records(steps: int = 30) -> list[bytes]:
    """A bit of everything."""
    found = [*logs.settings({"lr": 0.1, "name": "x"})]
    for step in range(steps):
        found += [
            event(WALL + step, step, summary(scalar("loss", 1.0 / (step + 1)))),
            event(WALL + step, step, summary(scalar("acc", float(step)))),
        ]
        if step % 7 == 0:
            found.append(event(WALL, step, summary(logs.histogram("h", [1.0, 2.0, float(step)]))))
            value = logs.tensor_value("t", logs.float_tensor(step), logs.plugin("scalars"))
            found.append(event(WALL, step, summary(value)))
    return found


def rows(tables: RunTables, name: str) -> list[str]:
    """Rows of a table as texts, in which NaN is itself."""
    return [repr(row) for row in getattr(tables, name).to_pylist()]


def test_a_file_cut_anywhere_gives_what_is_whole_before_the_cut(tmp_path: Path) -> None:
    path = Log(tmp_path).write(records(3))
    data = path.read_bytes()
    ends, place = {0}, 0
    while place < len(data):
        place += int.from_bytes(data[place : place + 8], "little") + 16
        ends.add(place)
    _, everything = read(path)
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        tables, found = read(path)
        for key, points in found.items():
            assert points == everything[key][: len(points)]
        assert ("RR372" in codes(tables)) == (cut not in ends)


def test_any_flipped_bit_costs_no_more_than_its_record(tmp_path: Path) -> None:
    path = Log(tmp_path).write(records(2))
    data = path.read_bytes()
    _, everything = read(path)
    rng = random.Random(3)
    total = sum(len(points) for points in everything.values())
    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= 1 << rng.randrange(8)
        path.write_bytes(broken)
        try:
            tables, found = read(path)
        except SourceError:
            pytest.fail("the rest of the file is readable")
        assert {"RR373", "RR372"} & set(codes(tables)), place
        for key, points in found.items():
            assert set(points) <= set(everything[key])
        last_record = place >= len(data) - 60
        assert sum(len(points) for points in found.values()) >= total - 1 or last_record


def test_a_damaged_part_is_skipped_and_told_with_its_place_and_size(tmp_path: Path) -> None:
    path = Log(tmp_path).write(curve("loss", [float(n) for n in range(2_000)]))
    data = bytearray(path.read_bytes())
    data[40_000:40_200] = bytes(200)
    path.write_bytes(data)
    tables, found = read(path)
    steps = [point[0] for point in found[path.name, "loss"]]
    assert steps == sorted(steps)
    assert 1_993 <= len(steps) < 2_000
    assert codes(tables)[0] == "RR373"
    assert "bytes from byte" in tables.problems[0].message


def test_what_follows_a_long_run_of_zeros_is_read(tmp_path: Path) -> None:
    first = Log(tmp_path).write(curve("loss", [1.0, 2.0])).read_bytes()
    rest = b"".join(map(logs.record, curve("loss", [3.0], 2)))
    path = tmp_path / "events.out.tfevents.7"
    path.write_bytes(first + bytes(3_000_000) + rest)
    tables, found = read(path)
    assert [point[2] for point in found[path.name, "loss"]] == [1.0, 2.0, 3.0]
    assert codes(tables) == ["RR373"]


@pytest.mark.parametrize("content", [b"", b"\0", bytes(5_000), b"not an event file " * 100])
def test_a_file_that_holds_nothing_readable_is_a_run_without_values(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.out.tfevents.1").write_bytes(content)
    Log(tmp_path / "good").write(curve("loss", [1.0]))
    tables, found = read(tmp_path)
    assert set(found) == {("good", "loss")}
    assert bool(codes(tables)) == bool(content)


def test_a_length_that_the_file_does_not_hold_takes_no_memory(tmp_path: Path) -> None:
    length = (2**62).to_bytes(8, "little")
    path = Log(tmp_path).write(curve("loss", [1.0]))
    with path.open("ab") as file:
        file.write(length + logs.masked(length) + bytes(100))
    tables, found = read(path)
    assert len(found[path.name, "loss"]) == 1
    assert codes(tables) == ["RR372"]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_spliced_and_scrambled_files_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    path = Log(folder).write(records(20))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(content) - 1))
        size = data.draw(st.integers(1, 300))
        piece = data.draw(st.binary(max_size=40)) or bytes(content[start : start + size])
        where = data.draw(st.integers(0, len(content) - 1))
        content[where : where + data.draw(st.integers(0, 300))] = piece
        if not content:
            content = bytearray(b"x")
    path.write_bytes(content)
    tables, _ = read(path)
    tables.check()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_records_of_any_content_are_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes
) -> None:
    path = Log(tmp_path_factory.mktemp("log")).write([payload, *curve("after", [1.0])])
    _, found = read(path)
    assert found[path.name, "after"][-1][2] == 1.0


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100), st.sampled_from([3, 4, 5, 6, 8, 9]))
def test_values_of_any_content_are_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, number: int
) -> None:
    value = logs.message(1, b"tag") + logs.message(number, content)
    payload = event(WALL, 1, summary(value))
    path = Log(tmp_path_factory.mktemp("log")).write([payload, *curve("after", [1.0])])
    _, found = read(path)
    assert found[path.name, "after"][-1][2] == 1.0


# ---- files that grow -------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=4), st.booleans())
def test_reading_on_gives_what_reading_anew_gives(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], torn: bool
) -> None:
    folder = tmp_path_factory.mktemp("log")
    path = Log(folder / "store" / "run").write(records(150))
    data = path.read_bytes()
    path.write_bytes(data[: cuts[0]])
    place = 0
    for cut in [*cuts, 10**9]:
        place = min(len(data), place + cut * 37 - (3 if torn else 0))
        with path.open("r+b") as file:
            # a writer appends: what is there stays as it is
            file.seek(0, 2)
            file.write(data[file.tell() : place])
        grown, points = read(folder / "store", cache=folder / "cache")
        anew, expected = read(folder / "store")
        assert points == expected
        for name in ("runs", "params", "metrics", "artifacts", "tags"):
            assert rows(grown, name) == rows(anew, name)
        assert set(codes(grown)) == set(codes(anew))


def test_only_what_came_since_is_read(tmp_path: Path) -> None:
    log = Log(tmp_path / "logs" / "run")
    path = log.write(curve("loss", [1.0, 2.0]))
    first, _ = read(tmp_path / "logs", cache=tmp_path / "cache")
    size = path.stat().st_size
    log.append(curve("loss", [3.0], 2))
    second, found = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert path.stat().st_size > size
    assert [point[2] for point in found["run", "loss"]] == [1.0, 2.0, 3.0]
    assert first.metrics.to_pylist()[0]["count"] == 2
    assert second.metrics.to_pylist()[0]["count"] == 3


def test_a_new_file_of_a_run_is_read_after_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "run"
    Log(folder, "events.out.tfevents.2.a").write(curve("loss", [1.0, 2.0]))
    read(tmp_path / "logs", cache=tmp_path / "cache")
    Log(folder, "events.out.tfevents.3.a").write(curve("loss", [3.0], 2))
    _, found = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert [point[2] for point in found["run", "loss"]] == [1.0, 2.0, 3.0]
    Log(folder, "events.out.tfevents.1.a").write(curve("loss", [0.0]))
    _, found = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert [point[2] for point in found["run", "loss"]] == [0.0, 1.0, 2.0, 3.0]


def test_steps_repeated_within_one_file_are_no_restart(tmp_path: Path) -> None:
    log = Log(tmp_path / "logs" / "run")
    log.write(curve("loss", [1.0, 2.0]))
    read(tmp_path / "logs", cache=tmp_path / "cache")
    log.append(curve("loss", [3.0], 1))
    tables, _ = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert not codes(tables)


def test_a_growing_file_before_the_last_is_read_anew(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "run"
    early = Log(folder, "events.out.tfevents.1.a")
    early.write(curve("loss", [1.0]))
    Log(folder, "events.out.tfevents.2.a").write(curve("loss", [9.0], 9))
    read(tmp_path / "logs", cache=tmp_path / "cache")
    early.append(curve("loss", [2.0], 1))
    _, found = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert [point[2] for point in found["run", "loss"]] == [1.0, 2.0, 9.0]


def test_a_run_that_logs_what_its_settings_lent_gives_up_the_loan(tmp_path: Path) -> None:
    log = Log(tmp_path / "logs" / "run")
    log.write(curve("loss", [1.0]))
    lent = [*logs.settings({"lr": 0.1}), *curve("acc", [0.9])]
    Log(tmp_path / "logs" / "run" / "1750000000.1").write(lent)
    _, found = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert len(found["run", "acc"]) == 1
    log.append(curve("acc", [0.1, 0.2], 5))
    grown, found = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert [point[0] for point in found["run", "acc"]] == [5.0, 6.0]
    assert grown.metrics.to_pylist() == read(tmp_path / "logs")[0].metrics.to_pylist()


def test_a_second_build_of_unchanged_files_gives_the_same(tmp_path: Path) -> None:
    Log(tmp_path / "logs" / "run").write(records(50))
    first, points = read(tmp_path / "logs", cache=tmp_path / "cache")
    second, again = read(tmp_path / "logs", cache=tmp_path / "cache")
    assert points == again
    for name in ("runs", "params", "metrics", "artifacts", "tags"):
        assert rows(first, name) == rows(second, name)
