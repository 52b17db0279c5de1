"""Logs of W&B that are cut off, damaged, or grow between builds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.commands.discovery import discover
from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.wandb import SOURCE, Options
from runreport.sources.wandb.frames import Frames
from runreport.sources.wandb.items import codes_of, items_of
from runreport.sources.wandb.log import read_log
from runreport.tables import RunTables
from tests.shared import SHARED, needs_shared
from tests.sources.wandb_logs import (
    BLOCK,
    CONFIG,
    METRIC,
    exit_with,
    folder,
    framed,
    history,
    item,
    message,
    record,
    run,
    summary,
    text,
    whole,
)

TABLES = ("runs", "params", "metrics", "artifacts", "lineage", "tags")
FEW = settings(max_examples=50, deadline=None)


def busy(steps: int, start: int = 0) -> list[bytes]:
    """Records whose lengths vary, so that many go on in the next block."""
    found = []
    for step in range(start, steps):
        values = {"loss": 1 / (step + 1), "y" * (step % 9 + 1): step, "epoch": step // 3}
        found += [history(2 + step, step, values), summary(2 + step, values)]
    return found


def bodies_of(path: Path, start: int = 7) -> tuple[list[bytes], Frames]:
    with path.open("rb") as stream:
        frames = Frames(stream, start)
        found = [
            batch.data[a:b]
            for batch in frames.batches()
            for a, b in zip(batch.start, batch.end, strict=True)
        ]
    return found, frames


def opened(where: Path, cache: Path | None = None) -> Any:
    return SOURCE.open(Options(str(where)), SourceContext(Path(), {}, cache=cache))


def everything(where: Path, cache: Path | None = None) -> tuple[RunTables, list[Any]]:
    reader = opened(where, cache)
    tables = reader.tables()
    tables.check()
    runs = tables.runs["run_id"].to_pylist()
    names = set(tables.metrics["metric"].to_pylist())
    rows = [row for table in reader.histories(runs, names) for row in table.to_pylist()]
    return tables, sorted(rows, key=lambda row: (row["run_id"], row["metric"]))


def assert_same(one: tuple[RunTables, list[Any]], other: tuple[RunTables, list[Any]]) -> None:
    for name in TABLES:
        assert repr(getattr(one[0], name).to_pylist()) == repr(getattr(other[0], name).to_pylist())
    assert set(one[0].problems) == set(other[0].problems)
    assert repr(one[1]) == repr(other[1])


# ---- framing -------------------------------------------------------------------------------------


@FEW
@given(
    sizes=st.lists(st.integers(0, 3 * BLOCK), min_size=1, max_size=12),
    fill=st.integers(0, BLOCK),
)
def test_records_of_any_size_come_back_whole(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], fill: int
) -> None:
    expected = [bytes([n % 251]) * size for n, size in enumerate([fill, *sizes])]
    path = tmp_path_factory.mktemp("log") / "a.wandb"
    path.write_bytes(framed(expected))
    found, frames = bodies_of(path)
    assert found == expected
    assert (frames.cut, frames.damages, frames.end) == (False, [], path.stat().st_size)


@FEW
@given(cut=st.integers(7, 3 * BLOCK), data=st.data())
def test_a_log_that_ends_anywhere_is_read_up_to_there_and_on_from_there(
    tmp_path_factory: pytest.TempPathFactory, cut: int, data: st.DataObject
) -> None:
    rng = random.Random(data.draw(st.integers(0, 99)))
    expected = [rng.randbytes(rng.choice((0, 9, 300, 20_000, 40_000))) for _ in range(12)]
    whole_log = framed(expected)
    path = tmp_path_factory.mktemp("log") / "a.wandb"
    path.write_bytes(whole_log[:cut])
    before, frames = bodies_of(path)
    assert before == expected[: len(before)]
    assert frames.damages == []
    # whatever is in a record that is not complete
    assert frames.cut == (frames.end < min(cut, len(whole_log)) and any_record_in(frames, cut))
    path.write_bytes(whole_log)
    after, _ = bodies_of(path, frames.end)
    assert before + after == expected


def any_record_in(frames: Frames, cut: int) -> bool:
    """Whether there is more behind the last record than the filling of a block."""
    room = BLOCK - frames.end % BLOCK
    return cut - frames.end > (room if room < 7 else 0)


@FEW
@given(place=st.integers(7, 5 * BLOCK), bit=st.integers(0, 7))
def test_a_flipped_bit_costs_one_block_and_is_told(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    expected = [bytes([n % 251]) * 900 for n in range(200)]
    data = bytearray(framed(expected))
    data[place] ^= 1 << bit
    path = tmp_path_factory.mktemp("log") / "a.wandb"
    path.write_bytes(data)
    found, frames = bodies_of(path)
    kept = iter(expected)
    assert all(body in kept for body in found)
    padding = not frames.damages and not frames.cut and len(found) == 200
    assert padding or (frames.damages or frames.cut)
    # at most the rest of a block, and the record that goes on into the next
    assert len(found) >= 200 - BLOCK // 907 - 2
    assert sum(damage.length for damage in frames.damages) <= BLOCK + 907


def test_zeros_at_the_end_are_space_that_was_never_written(tmp_path: Path) -> None:
    path = tmp_path / "a.wandb"
    path.write_bytes(framed([b"a" * 100, b"b" * 100]) + bytes(3 * BLOCK))
    found, frames = bodies_of(path)
    assert found == [b"a" * 100, b"b" * 100]
    assert (frames.cut, frames.damages, frames.end) == (True, [], 7 + 2 * 107)


def test_a_block_of_garbage_is_skipped_and_its_place_is_told(tmp_path: Path) -> None:
    where = folder(tmp_path, [run(), *busy(900), exit_with(0)])
    path = next(where.glob("*.wandb"))
    data = bytearray(path.read_bytes())
    assert len(data) > 4 * BLOCK
    data[BLOCK : 2 * BLOCK] = random.Random(1).randbytes(BLOCK)
    path.write_bytes(data)
    tables, _ = everything(tmp_path)
    (found,) = tables.rows
    assert 500 < (found.metrics["loss"].count or 0) < 900
    assert found.status == "finished"
    (problem,) = [p for p in tables.problems if p.code == "RR373"]
    assert "32,768" in problem.message
    assert problem.place == f"{where.name}/run-abc.wandb"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b":W&B", "ends within its first bytes"),
        (b":W&B\xe1\xbe\x07" + bytes(20), "unknown version"),
        (b"SQLite format 3\x00", "no W&B log"),
    ],
)
def test_a_file_that_is_no_log_says_so(tmp_path: Path, data: bytes, words: str) -> None:
    where = folder(tmp_path, [])
    next(where.glob("*.wandb")).write_bytes(data)
    with pytest.raises(SourceError) as caught:
        everything(tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == "RR371"
    assert words in problem.message


# ---- messages ------------------------------------------------------------------------------------


@FEW
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=30), st.integers(0))
def test_damaged_messages_with_good_checksums_stop_nothing(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], seed: int
) -> None:
    rng = random.Random(seed)
    bodies = [
        run(config={"a": {"b": 1}}),
        record(2, METRIC, text(1, "loss") + text(4, "epoch")),
        *busy(30),
        record(3, CONFIG, item(("a", "c"), [1], 2) + message(2, text(1, "x"))),
        exit_with(1),
    ]
    for place, value in flips:
        index = rng.randrange(len(bodies))
        body = bytearray(bodies[index])
        if body:
            body[place % len(body)] = value
        bodies[index] = bytes(body[: rng.choice((len(body), place))])
    where = folder(tmp_path_factory.mktemp("runs"), bodies)
    everything(where)


NAMES = st.text(max_size=90).filter(lambda name: name[:1] != "_")
"""Others may be the tracker's own."""
KEYS = st.lists(NAMES, min_size=1, max_size=12, unique=True)


@FEW
@given(KEYS, st.integers(1, 60), st.randoms(use_true_random=False))
def test_rows_are_taken_together_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], count: int, rng: random.Random
) -> None:
    expected: dict[str, list[tuple[int, float]]] = {}
    bodies = [run()]
    for step in range(count):
        chosen = [name for name in names if rng.random() < 0.7]
        rng.shuffle(chosen)
        values = {name: rng.choice((step, step / 7, 1e300, -step)) for name in chosen}
        bodies.append(history(step, step, values))
        for name, value in values.items():
            expected.setdefault(name, []).append((step, value))
    path = next(folder(tmp_path_factory.mktemp("runs"), bodies).glob("*.wandb"))
    points, _ = read_log(path).columns.points({})
    found = {
        name: list(zip(p.step.tolist(), p.value.tolist(), strict=True))
        for name, p in points.items()
    }
    assert found == expected


@FEW
@given(st.lists(st.binary(min_size=1, max_size=75), min_size=1, max_size=40))
def test_keys_are_told_apart_by_all_their_bytes(keys: list[bytes]) -> None:
    bodies = [message(1, message(2, key) + text(16, "1")) for _ in range(3) for key in keys]
    sizes = np.array([len(body) for body in bodies])
    ends = np.cumsum(sizes)
    items = items_of(b"".join(bodies) + bytes(2_048), ends - sizes, ends)
    distinct, codes = codes_of(items)
    parts = [items.data[a + 2 : b] for a, b in zip(items.key, items.key_end, strict=True)]
    assert parts == 3 * keys
    assert [distinct[code][2:] for code in codes.tolist()] == parts
    assert len(distinct) == len(set(keys))


# ---- growth --------------------------------------------------------------------------------------


def grown(place: Path, parts: Sequence[Sequence[bytes]], ends: Sequence[int]) -> None:
    """Write a log in parts; after each, a build with a cache says what one without says."""
    cache = place / "cache"
    bodies: list[bytes] = []
    for part, end in zip(parts, ends, strict=True):
        bodies += part
        data = framed(bodies)
        where = folder(place / "runs", [])
        path = next(where.glob("*.wandb"))
        with path.open("r+b") as stream:
            stream.write(data[: len(data) - end])
        assert_same(everything(place / "runs", cache), everything(place / "runs"))


def test_a_log_that_grows_is_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int | None] = []
    from runreport.sources.wandb import later, reader

    def counted(path: Path, start: int | None = None, into: Any = None) -> Any:
        starts.append(start)
        return read_log(path, start, into)

    monkeypatch.setattr(later, "read_log", counted)
    monkeypatch.setattr(reader, "read_log", counted)
    head = [run(config={"lr": 1}), record(1, METRIC, text(2, "l*") + text(4, "epoch"))]
    grown(tmp_path, [[*head, *busy(900)], busy(1_000, 900), busy(1_100, 1_000)], [5, 900, 0])
    cached = [start for start in starts if start is not None]
    assert len(cached) == 2
    assert cached[1] > cached[0] > 4 * BLOCK


def test_whatever_else_comes_makes_a_log_be_read_again(tmp_path: Path) -> None:
    late = [
        [summary(9, {"only": 3})],
        [summary(9, {"only": 4}), history(9, 70, {"only": 5, "new": 1})],
        [record(9, CONFIG, item(("lr",), 2, 1))],
        [history(9, 71, {"words": "x"}), summary(9, {"words": "x"})],
        [record(9, METRIC, text(1, "loss") + text(4, "epoch"))],
        [history(9, 72, {"loss": 1})],
        [history(9, 73, {"img": {"_type": "image-file", "path": "media/a.png"}, "img.size": 2})],
        [record(9, 2, item(("x",), 1))],
        [exit_with(0)],
    ]
    grown(tmp_path, [[run(config={"lr": 1}), *busy(20)], *late], [0] * 10)


def test_a_resumed_run_whose_last_part_grows_is_read_on(tmp_path: Path) -> None:
    folder(tmp_path / "runs", [run(), *busy(10), exit_with(1)], stamp="20250101_000000")
    again = [run(more=whole(18, 1) + whole(14, 10)), *busy(20, 10)]
    grown(tmp_path, [again, busy(30, 20), busy(40, 30)], [3, 0, 1])
    tables, _ = everything(tmp_path / "runs")
    assert tables.rows[0].metrics["loss"].count == 40


def test_a_second_build_reads_nothing_and_says_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder(tmp_path / "runs", [run(config={"k": name}), *busy(50), exit_with(0)], name=name)
    first = everything(tmp_path / "runs", tmp_path / "cache")
    assert_same(everything(tmp_path / "runs", tmp_path / "cache"), first)
    folder(tmp_path / "runs", [run(), *busy(5)], name="c")
    tables, _ = everything(tmp_path / "runs", tmp_path / "cache")
    assert tables.runs["run_id"].to_pylist() == ["wandb:a", "wandb:b", "wandb:c"]


# ---- detection -----------------------------------------------------------------------------------


def found_at(where: Path) -> list[tuple[str, str]]:
    return [
        (store.found.source, store.entry(where)[store.found.source])
        for store in discover(".", where)
    ]


def test_run_folders_are_found_as_one_store(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("a", "b"):
        folder(project / "wandb", [run(), *busy(3)], name=name)
    assert found_at(project) == [("wandb", "wandb")]
    assert found_at(project / "wandb") == [("wandb", ".")]
    assert "2 runs" in str(SOURCE.detect(project / "wandb"))


def test_one_folder_and_one_log_are_found(tmp_path: Path) -> None:
    where = folder(tmp_path, [run(), *busy(3)])
    found = SOURCE.detect(where / "run-abc.wandb")
    assert found is not None
    assert found.config == {"wandb": "run-abc.wandb"}
    assert found_at(where) == [("wandb", ".")]


def test_projects_of_a_sweep_are_found_together(tmp_path: Path) -> None:
    for job in range(4):
        folder(tmp_path / "multirun" / str(job) / "wandb", [run(), *busy(3)], name=f"r{job}")
    assert found_at(tmp_path) == [("wandb", "multirun")]
    tables, _ = everything(tmp_path / "multirun")
    assert tables.runs["run_id"].to_pylist() == [f"wandb:{job}/r{job}" for job in range(4)]


def test_what_only_looks_like_runs_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "run-20250101_000000-x" / "other").mkdir(parents=True)
    (tmp_path / "x.wandb").write_text("no log")
    (tmp_path / "wandb").mkdir()
    assert SOURCE.detect(tmp_path) is None
    assert SOURCE.detect(tmp_path / "x.wandb") is None
    assert SOURCE.detect(tmp_path / "wandb") is None
    assert SOURCE.detect(tmp_path / "run-20250101_000000-x") is None


@needs_shared("samples", "wandb")
def test_the_shared_stores_are_found() -> None:
    assert found_at(SHARED / "samples" / "wandb") == [("wandb", "wandb")]
    found = SOURCE.detect(SHARED / "wild" / "wandb")
    assert found is not None
    assert found.summary == "W&B folder with 1 run"
