"""Histories of file stores and servers kept between builds: the same as read anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runreport.errors import Problem
from runreport.kinds import Reader, SourceContext
from runreport.sources.folders import Folder
from runreport.sources.mlflow import SOURCE, Options
from tests.sources.fault_server import API, Answers, serving
from tests.sources.mlflow_stores import points, run_meta, small_folder
from tests.sources.test_mlflow_rest import opened as opened_rest

T0 = 1_750_000_000_000
RUNS = ("a" * 32, "b" * 32, "c" * 32)
HISTORY = f"{API}/metrics/get-history"

# ---- files ---------------------------------------------------------------------------------------


def lines(*points: tuple[int, float]) -> str:
    return "".join(f"{T0 + step} {value!r} {step}\n" for step, value in points)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    root = tmp_path / "mlruns"
    for number, run in enumerate(RUNS):
        folder = small_folder(root, run=run)
        (folder / "metrics" / "m").write_text(lines(*((i, i / 7 + number) for i in range(400))))
        (folder / "metrics" / "wild").write_text(lines((3, float("nan")), (1, float("-inf"))))
        (folder / "metrics" / "val").mkdir()
        (folder / "metrics" / "val" / "loss").write_text(lines((1, 0.5), (1, 0.25), (0, 1.0)))
    return root


def opened(store: Path, cache: Path | None, told: list[Problem]) -> Reader:
    context = SourceContext(store.parent, {}, qualifier="mlflow", cache=cache, tell=told.append)
    return SOURCE.open(Options(store.name), context)


def facts(reader: Reader, *metrics: str) -> Any:
    tables = reader.tables()
    names = list(metrics) or sorted(set(tables.metrics["metric"].to_pylist()))
    found = points(reader, tables.runs["run_id"].to_pylist(), names)
    return repr(tables.rows), found, reader.fingerprint()


def both(store: Path, cache: Path, *metrics: str) -> list[Problem]:
    """Reads with and without the cache, which must agree; what was told with it alone."""
    plain: list[Problem] = []
    told: list[Problem] = []
    assert facts(opened(store, cache, told), *metrics) == facts(
        opened(store, None, plain), *metrics
    )
    return [problem for problem in told if problem not in plain]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Which files were read for their points, and from where on."""
    found: list[tuple[str, int]] = []
    blocks = Folder.blocks

    def watched(self: Folder, name: str, size: int | None = None, start: int = 0) -> Any:
        found.append((self.at(name), start))
        return blocks(self, name, size, start)

    monkeypatch.setattr(Folder, "blocks", watched)
    return found


def asked_for(store: Path, cache: Path, read: list[tuple[str, int]]) -> list[tuple[str, int]]:
    reader = opened(store, cache, [])
    tables = reader.tables()
    names = sorted(set(tables.metrics["metric"].to_pylist()))
    read.clear()
    points(reader, tables.runs["run_id"].to_pylist(), names)
    return list(read)


def test_a_second_build_reads_no_line_and_finds_the_same(
    store: Path, tmp_path: Path, read: list[tuple[str, int]]
) -> None:
    assert both(store, tmp_path / "cache") == []
    assert asked_for(store, tmp_path / "cache", read) == []
    assert both(store, tmp_path / "cache") == []


def test_appended_lines_are_read_from_where_the_last_build_stopped(
    store: Path, tmp_path: Path, read: list[tuple[str, int]]
) -> None:
    both(store, tmp_path / "cache")
    file = store / "1" / RUNS[0] / "metrics" / "m"
    size = file.stat().st_size
    with file.open("a") as stream:
        # a tie with a point that is held, lower than that
        stream.write(lines((399, -9.0), (400, 5.0)))
    assert asked_for(store, tmp_path / "cache", read) == [(f"1/{RUNS[0]}/metrics/m", size)]
    assert both(store, tmp_path / "cache") == []


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file written anew": lambda run: (run / "metrics" / "m").write_text(lines((1, 1.0))),
    "the same size": lambda run: (run / "metrics" / "m").write_bytes(
        (run / "metrics" / "m").read_bytes().replace(b" 200\n", b" 201\n")
    ),
    "longer, and another beginning": lambda run: (run / "metrics" / "m").write_text(
        "1" + (run / "metrics" / "m").read_text() + lines((500, 5.0))
    ),
    "a metric is gone": lambda run: (run / "metrics" / "m").unlink(),
    "a metric has come": lambda run: (run / "metrics" / "n").write_text(lines((0, 3.0))),
    "a run was deleted": lambda run: (run / "meta.yaml").write_text(
        run_meta(run.name, lifecycle_stage="deleted")
    ),
    "a run is gone": shutil.rmtree,
    "a run has come": lambda run: small_folder(run.parent.parent, run="d" * 32),
    "a tag": lambda run: (run / "tags" / "note").write_text("changed"),
    "a bad line": lambda run: (run / "metrics" / "m").open("a").write("no point\n"),
    "a cut line": lambda run: (run / "metrics" / "m").open("a").write(f"{T0} 1.0"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_change_it_reads_as_anew(store: Path, tmp_path: Path, name: str) -> None:
    both(store, tmp_path / "cache")
    CHANGES[name](store / "1" / RUNS[1])
    for _ in range(2):
        assert both(store, tmp_path / "cache") == []


def test_metrics_are_kept_as_they_are_asked_for(
    store: Path, tmp_path: Path, read: list[tuple[str, int]]
) -> None:
    assert both(store, tmp_path / "cache", "m") == []
    files = asked_for(store, tmp_path / "cache", read)
    assert {name.rpartition("/")[2] for name, _ in files} == {"wild", "loss"}
    assert both(store, tmp_path / "cache", "wild", "val/loss") == []
    assert asked_for(store, tmp_path / "cache", read) == []


@pytest.mark.parametrize("name", ["points", "shelf"])
def test_what_is_damaged_is_told_and_read_again(store: Path, tmp_path: Path, name: str) -> None:
    cache = tmp_path / "cache"
    both(store, cache)
    for file in (cache / "sources").glob(f"*/{name}*"):
        data = bytearray(file.read_bytes())
        data[len(data) // 3] ^= 0x40
        file.write_bytes(data)
    told = both(store, cache)
    assert {(problem.code, problem.severity) for problem in told} == {("RR385", "note")}
    assert both(store, cache) == []


# ---- a server ------------------------------------------------------------------------------------


def of_server(url: str, cache: Path | None) -> tuple[Any, list[Problem]]:
    told: list[Problem] = []
    reader = opened_rest(url, told=told, cache=cache)
    return facts(reader), told


def asked(requests: list[str]) -> list[str]:
    """The runs whose histories were asked for."""
    found = [json.loads("{" + line.partition("{")[2]) for line in requests if HISTORY in line]
    return sorted({str(one["run_id"]) for one in found})


def test_a_run_that_has_ended_is_asked_for_once(tmp_path: Path) -> None:
    with serving() as faulty:
        plain = of_server(faulty.url, None)
        assert of_server(faulty.url, tmp_path / "cache") == plain
        del faulty.requests[:]
        # the fingerprint too: a build from what is kept is the same build
        assert of_server(faulty.url, tmp_path / "cache") == plain
    assert asked(faulty.requests) == []


class Growing(Answers):
    """A server whose run `b2` still runs, or has another latest point."""

    changed = False
    status = "FINISHED"

    def answer(self, path: str, asked: Any) -> tuple[int, Any]:
        code, found = super().answer(path, asked)
        for item in found.get("runs", ()) if isinstance(found, dict) else ():
            if item["info"]["run_id"] == "b2":
                item["info"]["status"] = self.status
                if self.changed:
                    item["data"]["metrics"][0]["timestamp"] += 1
        return code, found


@pytest.mark.parametrize(("status", "changed"), [("RUNNING", False), ("FINISHED", True)])
def test_a_run_that_goes_on_is_asked_again(tmp_path: Path, status: str, changed: bool) -> None:
    answers = Growing()
    answers.status = status
    with serving(answers) as faulty:
        first = of_server(faulty.url, tmp_path / "cache")
        answers.changed = changed
        del faulty.requests[:]
        second = of_server(faulty.url, tmp_path / "cache")
    assert asked(faulty.requests) == ["b2"]
    assert first[0][1] == second[0][1]
