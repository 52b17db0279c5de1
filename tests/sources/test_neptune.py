"""The source `neptune`: Parquet files in the exporter's documented schema."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.neptune import SOURCE, Options
from runreport.tables import Run, RunTables
from tests.shared import SHARED, needs_shared

SAMPLE = SHARED / "samples" / "neptune_exporter"
SCHEMA = pa.schema(
    [
        ("project_id", pa.string()),
        ("run_id", pa.string()),
        ("attribute_path", pa.string()),
        ("attribute_type", pa.string()),
        ("step", pa.decimal128(18, 6)),
        ("timestamp", pa.timestamp("ms", tz="UTC")),
        ("int_value", pa.int64()),
        ("float_value", pa.float64()),
        ("string_value", pa.string()),
        ("bool_value", pa.bool_()),
        ("datetime_value", pa.timestamp("ms", tz="UTC")),
        ("string_set_value", pa.list_(pa.string())),
        ("file_value", pa.struct([("path", pa.string())])),
    ]
)
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
KINDS = {float: "float", int: "int", str: "string", bool: "bool", datetime: "datetime"}


def lone(path: str, value: Any, kind: str = "") -> dict[str, Any]:
    kind = kind or ("string_set" if isinstance(value, list) else KINDS[type(value)])
    return {"attribute_path": path, "attribute_type": kind, f"{kind}_value": value}


def point(path: str, step: str | None, value: float | None) -> dict[str, Any]:
    at = None if step is None else Decimal(step)
    row = {"attribute_path": path, "attribute_type": "float_series"}
    return {**row, "step": at, "timestamp": NOW, "float_value": value}


def file(path: str, place: str, step: str | None = None) -> dict[str, Any]:
    kind = "file" if step is None else "file_series"
    at = None if step is None else Decimal(step)
    row = {"attribute_path": path, "attribute_type": kind}
    return {**row, "step": at, "file_value": {"path": place}}


def export(
    path: Path, rows: Sequence[Mapping[str, Any]], run: str = "R-1", project: str = "w/p"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    named = [{"project_id": project, "run_id": run, **row} for row in rows]
    pq.write_table(pa.Table.from_pylist(named, schema=SCHEMA), path, compression="snappy")
    return path


def opened(where: Path | str, **options: Any) -> Any:
    return SOURCE.open(Options(str(where), **options), SourceContext(Path(), {}))


def tables_at(where: Path | str, **options: Any) -> RunTables:
    tables: RunTables = opened(where, **options).tables()
    tables.check()
    return tables


def run_at(where: Path | str, **options: Any) -> Run:
    (run,) = tables_at(where, **options).rows
    return run


def points_of(reader: Any) -> dict[str, list[tuple[float, float, Any]]]:
    found: dict[str, list[tuple[float, float, Any]]] = {}
    runs = reader.tables().rows
    names = {metric for run in runs for metric in run.metrics}
    for table in reader.histories([run.id for run in runs], names):
        times = table["time"].cast(pa.int64()).to_pylist()
        for row, time in zip(
            table.select(["metric", "step", "value"]).to_pylist(), times, strict=True
        ):
            found.setdefault(row["metric"], []).append((row["step"], row["value"], time))
    return found


@needs_shared("samples", "neptune_exporter")
def test_the_sample_reads_to_what_it_stores() -> None:
    (path,) = SAMPLE.rglob("*.parquet")
    rows = pq.read_table(path).to_pylist()
    reader = opened(SAMPLE)
    assert reader.tables().problems == ()
    expected = [
        (float(row["step"]), row["float_value"], int(row["timestamp"].timestamp() * 1e6))
        for row in rows
        if row["attribute_type"] == "float_series"
    ]
    assert points_of(reader) == {"metrics/loss": expected}
    (run,) = reader.tables().rows
    assert (run.id, run.experiment) == ("neptune:ws/cifar/RUN-1", "ws/cifar")
    assert {k: p.text for k, p in run.params.items()} == {
        "parameters/lr": "0.01",
        "parameters/opt": "adamw",
    }
    assert run.tags == {"a": "true", "b": "true"}
    found = SOURCE.detect(SAMPLE)
    assert found is not None
    assert (found.config, found.summary) == ({"neptune": "."}, "1 exported Neptune run")


def test_every_kind_of_attribute_has_its_place(tmp_path: Path) -> None:
    rows = [
        lone("lr", 1e-5),
        lone("größe/n", 3),
        lone("on", value=True),
        lone("when", NOW),
        lone("layers", ["b", "a"]),
        lone("metrics/best", 0.5),
        lone("sys/name", "first try"),
        lone("sys/owner", "me"),
        lone("sys/creation_time", NOW),
        lone("sys/running_time", 12.5),
        lone("sys/failed", value=False),
        lone("sys/state", "inactive"),
        lone("sys/tags", ["x"]),
        lone("sys/description", "words"),
        lone("source_code/entrypoint", "train.py"),
        lone("monitoring/1/gpu", "A100"),
    ]
    run = run_at(export(tmp_path / "p" / "R-1_part_0.parquet", rows))
    assert {k: p.text for k, p in run.params.items()} == {
        "lr": "1e-05",
        "größe/n": "3",
        "on": "true",
        "when": "2026-01-02T03:04:05.678000+00:00",
        "layers": '["a", "b"]',
        "source_code/entrypoint": "train.py",
    }
    assert run.metrics["metrics/best"].last == 0.5
    assert (run.name, run.user, run.started, run.status) == ("first try", "me", NOW, "finished")
    assert run.duration_s == 12.5
    assert run.tags["x"] == "true"
    assert run.tags["sys/description"] == "words"
    assert [(fact.kind, fact.name) for fact in run.lineage] == [("command", "train.py")]


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "unknown"),
        ({"sys/state": "inactive"}, "unknown"),
        ({"sys/state": "Active", "sys/failed": False}, "running"),
        ({"sys/state": "inactive", "sys/failed": True}, "failed"),
        ({"sys/failed": True}, "failed"),
    ],
)
def test_the_status_is_what_neptune_says(
    facts: dict[str, Any], status: str, tmp_path: Path
) -> None:
    rows = [lone("lr", 0.1), *(lone(path, value) for path, value in facts.items())]
    assert run_at(export(tmp_path / "R_part_0.parquet", rows)).status == status


def test_parts_of_a_run_are_read_in_their_order(tmp_path: Path) -> None:
    for part in range(11):
        steps = [point("loss", f"{part}.5", part / 3), point("loss", "0", math.nan)]
        export(tmp_path / f"R_part_{part}.parquet", steps)
    (tmp_path / "S_part_0.parquet.tmp").write_bytes(b"PAR1")
    reader = opened(tmp_path)
    points = [(step, value) for step, value, _ in points_of(reader)["loss"]]
    expected = [pair for part in range(11) for pair in ((part + 0.5, part / 3), (0.0, math.nan))]
    assert repr(points) == repr(expected)
    assert [p.code for p in reader.tables().problems] == ["RR372"]


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(
        st.none() | st.decimals(min_value=-(10**11), max_value=10**11, places=6), max_size=20
    )
)
def test_decimal_steps_are_the_nearest_numbers(
    steps: list[Decimal | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [point("a", None if step is None else str(step), 1.0) for step in steps]
    path = export(tmp_path_factory.mktemp("n") / "R_part_0.parquet", [*rows, lone("lr", 0.1)])
    found = [step for step, _, _ in points_of(opened(path)).get("a", [])]
    expected = [float(step) for step in steps if step is not None]
    np.testing.assert_allclose(found, expected, rtol=2.3e-16, atol=0)
    small = [step for step in expected if abs(step) < 2**53 / 1e6]
    assert [step for step in found if abs(step) < 2**53 / 1e6] == small


def test_files_are_listed_and_nothing_beyond_their_folder(tmp_path: Path) -> None:
    top = tmp_path / "exports"
    (top / "files" / "p-1" / "R").mkdir(parents=True)
    (top / "files" / "p-1" / "R" / "x.png").write_bytes(b"png")
    (tmp_path / "secret.txt").write_text("secret")
    rows = [
        file("img", "R/x.png"),
        file("steps", "R/x.png", "0.5"),
        file("bad", "../../../secret.txt"),
        file("gone", "R/none.bin"),
    ]
    export(top / "data" / "p-1" / "R_part_0.parquet", rows)
    digest = f"sha256:{hashlib.sha256(b'png').hexdigest()}"
    expected = [
        ("img.png", "image", 3, digest),
        ("steps/step_0.5.png", "image", 3, digest),
        ("bad.txt", "text", None, None),
        ("gone.bin", "checkpoint", None, None),
    ]
    for where in (top, top / "data", top / "data" / "p-1"):
        run = run_at(where)
        assert [(a.path, a.kind, a.bytes, a.digest) for a in run.artifacts] == expected


def test_runs_of_two_projects_may_have_one_id(tmp_path: Path) -> None:
    export(tmp_path / "a" / "R_part_0.parquet", [lone("lr", 0.1)], project="w/a")
    export(tmp_path / "b" / "R_part_0.parquet", [lone("lr", 0.2)], project="w/b")
    assert [run.id for run in tables_at(tmp_path).rows] == ["neptune:w/a/R-1", "neptune:w/b/R-1"]
    found = SOURCE.detect(tmp_path)
    assert found is not None
    assert found.summary == "2 exported Neptune runs of 2 projects"


def test_a_broken_run_leaves_the_others_alone(tmp_path: Path) -> None:
    export(tmp_path / "a_part_0.parquet", [lone("lr", 0.1)])
    bad = export(tmp_path / "b_part_0.parquet", [lone("lr", 0.1)], run="R-2")
    bad.write_bytes(bad.read_bytes()[:-20])
    tables = tables_at(tmp_path)
    assert [run.id for run in tables.rows] == ["neptune:w/p/R-1"]
    assert [(p.code, p.place) for p in tables.problems] == [("RR371", "b_part_0.parquet")]


def test_other_parquet_is_no_export(tmp_path: Path) -> None:
    pq.write_table(pa.table({"loss": [1.0]}), tmp_path / "R_part_0.parquet")
    assert SOURCE.detect(tmp_path) is None
    with pytest.raises(SourceError, match="it lacks the columns project_id"):
        opened(tmp_path).tables()
    (tmp_path / "R_part_0.parquet").unlink()
    with pytest.raises(SourceError, match="RR370"):
        opened(tmp_path).tables()


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_mutated_export_gives_an_error_or_tables(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [lone("lr", 0.1), point("loss", "0.5", 1.0), file("f", "x"), lone("sys/tags", ["a"])]
    path = export(tmp_path_factory.mktemp("mutated") / "R_part_0.parquet", rows)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        reader = opened(path)
        reader.tables().check()
        points_of(reader)
    except SourceError:
        return
