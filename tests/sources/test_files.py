"""Plain files read to the canonical tables: shapes, roles, ids, values."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runreport.errors import SourceError
from runreport.history import History
from runreport.kinds import SourceContext
from runreport.sources.files import SOURCE, Options
from runreport.tables import HISTORY_SCHEMA, SCHEMAS, RunTables
from tests.shared import ROOT


def opened(folder: Path, location: str, **options):
    return SOURCE.open(Options(location, **options), SourceContext(folder, {}, qualifier="files"))


def read(folder: Path, location: str, **options) -> RunTables:
    tables = opened(folder, location, **options).tables()
    tables.check()
    return tables


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def points(reader, tables: RunTables) -> dict[tuple[str, str], list[tuple[float, float]]]:
    metrics = {name for run in tables.rows for name in run.metrics}
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for part in reader.histories([run.id for run in tables.rows], metrics):
        assert part.schema.equals(HISTORY_SCHEMA)
        for row in part.to_pylist():
            found.setdefault((row["run_id"], row["metric"]), []).append((row["step"], row["value"]))
    return found


def codes(tables: RunTables, *severities: str) -> list[str]:
    wanted = severities or ("error", "warning")
    return [problem.code for problem in tables.problems if problem.severity in wanted]


SIX = [
    {"run_id": "a1", "optimizer": "sgd", "lr": "1e-05", "seed": "1", "accuracy": "0.91", "loss": "0.3"},  # noqa: E501
    {"run_id": "a2", "optimizer": "sgd", "lr": "1e-05", "seed": "2", "accuracy": "0.92", "loss": "0.29"},  # noqa: E501
    {"run_id": "a3", "optimizer": "sgd", "lr": "1e-05", "seed": "3", "accuracy": "0.9", "loss": "NaN"},  # noqa: E501
    {"run_id": "b1", "optimizer": "adam", "lr": "0.01", "seed": "1", "accuracy": "0.95", "loss": "0.2"},  # noqa: E501
    {"run_id": "b2", "optimizer": "adam", "lr": "0.01", "seed": "2", "accuracy": "0.96", "loss": "0.19"},  # noqa: E501
    {"run_id": "b3", "optimizer": "adam", "lr": "0.01", "seed": "3", "accuracy": "0.94"},
]  # fmt: skip
"""Six runs as they are written; the last one never logged its loss."""
TEXT = ("run_id", "optimizer")


def as_csv(path: Path) -> None:
    names = list(SIX[0])
    rows = [",".join(run.get(name, "") for name in names) for run in SIX]
    path.write_text("\n".join([",".join(names), *rows]) + "\n")


def as_json_text(run: dict[str, str]) -> str:
    parts = [f'"{k}": {json.dumps(v) if k in TEXT else v}' for k, v in run.items()]
    return "{" + ", ".join(parts) + "}"


def as_json(path: Path) -> None:
    path.write_text("[\n" + ",\n".join(map(as_json_text, SIX)) + "\n]\n")


def as_jsonl(path: Path) -> None:
    path.write_text("".join(f"{as_json_text(run)}\n" for run in SIX))


def as_yaml(path: Path) -> None:
    lines = [
        "\n".join(
            f"{'- ' if i == 0 else '  '}{k}: {'.nan' if v == 'NaN' else v}"
            for i, (k, v) in enumerate(run.items())
        )
        for run in SIX
    ]
    path.write_text("\n".join(lines) + "\n")


def as_parquet(path: Path) -> None:
    kinds = {"seed": pa.int64(), **dict.fromkeys(("lr", "accuracy", "loss"), pa.float64())}
    columns = {}
    for name in SIX[0]:
        cells = [run.get(name) for run in SIX]
        if name in kinds:
            make = int if name == "seed" else float
            cells = [None if cell is None else make(cell) for cell in cells]
        columns[name] = pa.array(cells, kinds.get(name, pa.string()), from_pandas=False)
    pq.write_table(pa.table(columns), path)


WRITERS = {
    "csv": as_csv,
    "json": as_json,
    "jsonl": as_jsonl,
    "yaml": as_yaml,
    "parquet": as_parquet,
}


@pytest.mark.parametrize("suffix", WRITERS)
def test_six_runs_read_the_same_from_every_format(tmp_path, suffix):
    path = tmp_path / f"results.{suffix}"
    WRITERS[suffix](path)
    tables = read(tmp_path, path.name)
    expected_params = [
        (f"files:results#{run['run_id']}", name, run[name], math.nan if name in TEXT else float(run[name]))  # noqa: E501
        for run in SIX for name in ("optimizer", "lr", "seed")
    ]  # fmt: skip
    found_params = [tuple(row.values()) for row in tables.params.to_pylist()]
    assert repr(found_params) == repr(expected_params)
    last = {(m["run_id"][-2:], m["metric"]): m["last"] for m in tables.metrics.to_pylist()}
    expected = {
        (run["run_id"], name): float(run[name])
        for run in SIX
        for name in ("accuracy", "loss")
        if name in run
    }
    assert repr(sorted(last.items())) == repr(sorted(expected.items()))
    other = tmp_path / "other"
    other.mkdir()
    as_csv(other / "results.csv")
    twin = read(other, "results.csv")
    for name in SCHEMAS:
        # NaN is equal to itself here
        assert repr(getattr(tables, name).to_pylist()) == repr(getattr(twin, name).to_pylist())


def test_a_row_is_a_run_with_its_facts(tmp_path):
    write(
        tmp_path,
        "r.csv",
        "id,name,status,start_time,end_time,experiment,user,lr,accuracy\n"
        "x,first,FINISHED,2026-03-01T09:00:00Z,2026-03-01T09:01:30Z,digits,ada,0.1,0.9\n"
        "y,second,crashed,1772355600,,digits,ada,0.2,\n",
    )
    first, second = read(tmp_path, "r.csv").rows
    assert (first.id, first.name, first.status) == ("files:r#x", "first", "finished")
    assert first.started == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert first.duration_s == 90.0
    assert (first.experiment, first.user) == ("digits", "ada")
    assert (second.status, second.ended, second.duration_s) == ("failed", None, None)
    assert second.started == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert set(second.metrics) == set()


def test_without_an_id_rows_are_told_apart_by_their_place(tmp_path):
    write(tmp_path, "r.csv", "model,seed,acc\na,0,0.5\na,1,0.6\n")
    tables = read(tmp_path, "r.csv")
    assert [run.id for run in tables.rows] == ["files:r#1", "files:r#2"]
    assert all(run.status == "unknown" for run in tables.rows)


def test_an_id_that_repeats_is_told_and_no_run_is_lost(tmp_path):
    write(tmp_path, "r.csv", "key,acc\na,0.5\na,0.6\nb,0.7\n")
    tables = read(tmp_path, "r.csv", id="key")
    assert [run.id for run in tables.rows] == ["files:r#a", "files:r#a (2)", "files:r#b"]
    (problem,) = [p for p in tables.problems if p.code == "RR354"]
    assert problem.place == "r.csv:3"


def test_names_decide_then_values(tmp_path):
    """Each column by the first rule that fits it."""
    rows = [f"m{i},true,{i % 2},{0.1 * i:.1f},{i},{1.5 if i % 2 else 2.5},{i * 0.37:.2f},{i}"
            for i in range(1, 9)]  # fmt: skip
    head = "kind,early,max_depth,val_loss,whole,repeating,novel,train_time"
    write(tmp_path, "r.csv", "\n".join([head, *rows]) + "\n")
    run = read(tmp_path, "r.csv").rows[0]
    assert set(run.params) == {"kind", "early", "max_depth", "whole", "repeating"}
    assert set(run.metrics) == {"val_loss", "novel", "train_time"}


def test_options_and_wildcards_say_what_columns_are(tmp_path):
    write(tmp_path, "r.csv", "who,val_a,val_b,depth,junk\nx,1,2,3,4\ny,5,6,7,8\n")
    tables = read(tmp_path, "r.csv", metrics=("val_*", "depth"), tags=("who",), ignore=("junk",))
    run = tables.rows[0]
    assert dict(run.tags) == {"who": "x"}
    assert set(run.metrics) == {"val_a", "val_b", "depth"}
    assert not run.params


def test_a_column_that_no_file_has_is_named_with_the_nearest(tmp_path):
    write(tmp_path, "r.csv", "model,accuracy\na,0.5\n")
    tables = read(tmp_path, "r.csv", metrics=("acuracy",))
    (problem,) = [p for p in tables.problems if p.code == "RR355"]
    assert "accuracy" in str(problem.hint)
    with pytest.raises(SourceError) as caught:
        read(tmp_path, "r.csv", id="modle")
    assert caught.value.problems[0].code == "RR355"


def test_nested_objects_are_flattened_and_families_respected(tmp_path):
    record = {
        "name": "one",
        "config": {"optimizer": {"name": "adam", "lr": 1e-05}, "layers": [64, 64], "none": None},
        "metrics": {"top1": 0.9, "epochs": 3},
        "tags": {"team": "vision"},
    }
    write(tmp_path, "run.json", json.dumps(record))
    (run,) = read(tmp_path, "run.json").rows
    assert {k: p.text for k, p in run.params.items()} == {
        "optimizer.name": "adam",
        "optimizer.lr": "1e-05",
        "layers": "[64, 64]",
    }
    assert {k: m.last for k, m in run.metrics.items()} == {"top1": 0.9, "epochs": 3.0}
    assert dict(run.tags) == {"team": "vision"}
    assert run.id == "files:run"


def test_prefixed_columns_of_an_export_are_families_too(tmp_path):
    write(
        tmp_path,
        "export.csv",
        "run_id,status,params.lr,metrics.acc,tags.team\nr1,FINISHED,0.1,0.9,a\nr2,FAILED,0.2,,b\n",
    )
    first, second = read(tmp_path, "export.csv").rows
    assert (first.params["lr"].text, first.metrics["acc"].last, first.tags["team"]) == (
        "0.1", 0.9, "a",
    )  # fmt: skip
    assert "acc" not in second.metrics


def test_numbers_keep_the_text_they_were_written_with(tmp_path):
    write(
        tmp_path, "r.jsonl", '{"id": "a", "lr": 1e-05, "wd": 0.0010, "big": 10000000000000000999}\n'
    )
    (run,) = read(tmp_path, "r.jsonl", params=("lr", "wd", "big")).rows
    assert [run.params[k].text for k in ("lr", "wd", "big")] == [
        "1e-05", "0.0010", "10000000000000000999",
    ]  # fmt: skip
    assert run.params["lr"].number == 0.00001


def test_non_finite_values_are_states_and_missing_cells_are_missing(tmp_path):
    write(tmp_path, "r.csv", "id,acc\na,nan\nb,-inf\nc,\nd,NULL\ne,1e999\nf,0\n")
    tables = read(tmp_path, "r.csv", metrics=("acc",))
    last = {run.id[-1]: run.metrics["acc"].last for run in tables.rows if run.metrics}
    assert repr(last) == repr({"a": math.nan, "b": -math.inf, "e": math.inf, "f": 0.0})
    assert tables.rows[0].metrics["acc"].non_finite == 1
    (problem,) = [p for p in tables.problems if p.code == "RR352"]
    assert problem.place == "r.csv:6"


def test_rows_with_a_step_are_histories_of_the_file(tmp_path):
    write(tmp_path, "runs/a.csv", "epoch,loss,acc\n0,1.0,\n1,0.5,0.8\n2,0.25,0.9\n")
    write(tmp_path, "runs/b.csv", "epoch,loss,acc\n1,0.6,0.7\n0,1.1,\n")
    reader = opened(tmp_path, "runs/*.csv")
    tables = reader.tables()
    a, b = tables.rows
    assert (a.id, a.name, a.experiment) == ("files:a", "a", "runs")
    assert (a.metrics["loss"].count, a.metrics["loss"].last, a.metrics["loss"].last_step) == (3, 0.25, 2.0)  # fmt: skip  # noqa: E501
    assert a.metrics["acc"].count == 2
    # the last value is the one at the highest step, whatever the order of rows
    assert b.metrics["loss"].last == 0.6
    assert points(reader, tables)[("files:b", "loss")] == [(1.0, 0.6), (0.0, 1.1)]
    assert "RR357" in codes(tables, "note")


def test_a_column_of_runs_splits_one_file_into_histories(tmp_path):
    write(tmp_path, "h.csv", "run,step,seed,loss\na,0,7,3\nb,0,8,5\na,1,7,2\nb,1,8,4\n")
    tables = read(tmp_path, "h.csv")
    assert [run.id for run in tables.rows] == ["files:h#a", "files:h#b"]
    assert [run.params["seed"].text for run in tables.rows] == ["7", "8"]
    assert [run.metrics["loss"].last for run in tables.rows] == [2.0, 4.0]


def test_a_table_of_runs_with_an_epoch_column_stays_a_table(tmp_path):
    """Two epochs by four models: a setting, not a step."""
    pairs = [(model, epoch) for epoch in (5, 10) for model in "abcd"]
    rows = [f"{model},{epoch},{0.5 + i / 100}" for i, (model, epoch) in enumerate(pairs)]
    write(tmp_path, "grid.csv", "\n".join(["model,epoch,acc", *rows]) + "\n")
    tables = read(tmp_path, "grid.csv", params=("epoch",))
    assert len(tables.rows) == 8
    assert tables.rows[0].params["epoch"].text == "5"


def test_the_author_may_say_the_shape(tmp_path):
    write(tmp_path, "h.csv", "loss\n3\n2\n1\n")
    assert len(read(tmp_path, "h.csv").rows) == 3
    reader = opened(tmp_path, "h.csv", shape="history")
    tables = reader.tables()
    assert len(tables.rows) == 1
    # rows count from 0 where there is no column of steps
    assert points(reader, tables)[("files:h", "loss")] == [(0.0, 3.0), (1.0, 2.0), (2.0, 1.0)]
    assert "RR357" not in codes(tables, "note")


def test_params_beside_histories_are_found(tmp_path):
    for name, lr in (("v0", 0.1), ("v1", 0.01)):
        write(tmp_path, f"log/{name}/metrics.csv", "step,loss\n0,1\n1,0.5\n")
        write(tmp_path, f"log/{name}/hparams.yaml", f"lr: {lr}\nmodel: {{depth: 3}}\n")
    tables = read(tmp_path, "log")
    assert [run.id for run in tables.rows] == ["files:v0", "files:v1"]
    assert [run.name for run in tables.rows] == ["v0", "v1"]
    assert [{k: p.text for k, p in run.params.items()} for run in tables.rows] == [
        {"lr": "0.1", "model.depth": "3"},
        {"lr": "0.01", "model.depth": "3"},
    ]
    explicit = read(tmp_path, "log/*/metrics.csv", config="hparams.yaml")
    assert explicit.params.equals(tables.params)


def test_a_history_inside_a_document_is_read(tmp_path):
    state = {
        "params": {"lr": 0.1},
        "log_history": [
            {"step": 10, "loss": 2.0},
            {"step": 10, "eval_loss": 2.5},
            {"step": 20, "loss": 1.0},
        ],
    }
    write(tmp_path, "trainer_state.json", json.dumps(state))
    reader = opened(tmp_path, "trainer_state.json")
    tables = reader.tables()
    assert points(reader, tables) == {
        ("files:trainer_state", "loss"): [(10.0, 2.0), (20.0, 1.0)],
        ("files:trainer_state", "eval_loss"): [(10.0, 2.5)],
    }


def test_lists_of_numbers_under_metric_names_are_series(tmp_path):
    write(
        tmp_path, "h.json", '{"epoch": [1, 2], "loss": [3, NaN], "val_loss": [4, 2], "k": [3, 3]}'
    )
    reader = opened(tmp_path, "h.json")
    tables = reader.tables()
    found = points(reader, tables)
    assert repr(found[("files:h", "loss")]) == repr([(1.0, 3.0), (2.0, math.nan)])
    assert tables.rows[0].metrics["loss"].non_finite == 1
    assert tables.rows[0].params["k"].text == "[3, 3]"


POINTS = [
    ("a", 2, 1700000003, 5.0), ("a", 1, 1700000002, 5.0), ("a", 1, 1700000001, 7.0),
    ("a", 3, 1700000009, math.nan), ("a", 0, 1700000000, 5.0), ("a", 2, 1700000001, 1.0),
    ("b", 0, None, math.inf), ("b", 0, 1700000000, 2.0), ("b", 0, None, -3.0),
    ("c", 4, 1700000000, math.nan),
]  # fmt: skip
"""Run, step, time, value: repeated and unsorted steps, unknown times, nothing finite."""


def test_summaries_agree_with_those_of_the_points(tmp_path):
    write(
        tmp_path,
        "h.jsonl",
        "".join(
            json.dumps({"run": r, "step": s, "time": t, "x": v}) + "\n" for r, s, t, v in POINTS
        ),
    )
    reader = opened(tmp_path, "h.jsonl")
    tables = reader.tables()
    history = History(tmp_path / "history")
    for part in reader.histories([run.id for run in tables.rows], {"x"}):
        history.add(part)
    expected = history.summaries(["x"]).to_pylist()
    assert repr(tables.metrics.to_pylist()) == repr(expected)


def test_a_value_without_steps_has_one_point_that_agrees_with_its_summary(tmp_path):
    write(tmp_path, "r.csv", "id,acc\na,0.5\nb,nan\n")
    reader = opened(tmp_path, "r.csv", metrics=("acc",))
    tables = reader.tables()
    history = History(tmp_path / "history")
    for part in reader.histories([run.id for run in tables.rows], {"acc"}):
        history.add(part)
    assert repr(history.summaries(["acc"]).to_pylist()) == repr(tables.metrics.to_pylist())


def test_histories_give_only_what_is_asked_for(tmp_path):
    write(tmp_path, "h.csv", "run,step,x,y\na,0,1,2\na,1,1,2\nb,0,3,4\n")
    reader = opened(tmp_path, "h.csv")
    (part,) = reader.histories(["files:h#b"], ["y", "unknown"])
    assert part.to_pylist() == [
        {"run_id": "files:h#b", "metric": "y", "step": 0.0, "time": None, "value": 4.0}
    ]
    assert list(reader.histories([], ["y"])) == []


def test_points_that_did_not_fit_in_memory_are_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("runreport.sources.files.reader.KEPT_POINTS", 3)
    for name in "abc":
        write(tmp_path, f"{name}.csv", "step,loss\n0,1\n1,2\n")
    reader = opened(tmp_path, ".")
    tables = reader.tables()
    expected = {(f"files:{name}", "loss"): [(0.0, 1.0), (1.0, 2.0)] for name in "abc"}
    assert points(reader, tables) == expected
    assert [run.metrics["loss"].last for run in tables.rows] == [2.0, 2.0, 2.0]


def test_reading_twice_gives_equal_results(tmp_path):
    write(tmp_path, "a/metrics.csv", "step,loss\n0,1\n1,2\n")
    write(tmp_path, "b/metrics.csv", "step,loss\n0,1\n1,x\n")
    one, other = read(tmp_path, "."), read(tmp_path, ".")
    assert repr(one) == repr(other)


def test_the_fingerprint_is_the_digest_of_each_file(tmp_path):
    import hashlib

    path = write(tmp_path, "sub/r.csv", "id,acc\na,0.5\n")
    reader = opened(tmp_path, "sub/*.csv")
    assert reader.fingerprint() == {"r.csv": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_files_of_one_name_and_two_formats_keep_apart(tmp_path):
    write(tmp_path, "r.csv", "id,acc\na,0.5\n")
    write(tmp_path, "r.jsonl", '{"id": "a", "acc": 0.5}\n')
    assert [run.id for run in read(tmp_path, ".").rows] == ["files:r.csv#a", "files:r.jsonl#a"]


def test_the_example_reads_as_its_table_says():
    import csv

    folder = ROOT / "examples" / "files"
    with (folder / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    tables = read(folder, "results.csv", params=("model", "fold"), metrics=("accuracy", "log_loss"))
    assert [run.name for run in tables.rows] == [row["name"] for row in rows]
    for run, row in zip(tables.rows, rows, strict=True):
        assert {k: p.text for k, p in run.params.items()} == {k: row[k] for k in ("model", "fold")}
        assert run.metrics["accuracy"].last == float(row["accuracy"])
    left_open = read(folder, "results.csv")
    assert repr(left_open.params.to_pylist()) == repr(tables.params.to_pylist())
    assert left_open.metrics.to_pylist() == tables.metrics.to_pylist()
