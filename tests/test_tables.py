"""The canonical tables: every state survives, and a reader's bug is raised."""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pandas
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.tables import (
    SCHEMAS,
    Artifact,
    Lineage,
    MetricSummary,
    Param,
    RunTables,
    parse_number,
)

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
INF, NAN = math.inf, math.nan


def run_row(run="mlflow:1", **facts):
    row = {
        "run_id": run, "source": "mlflow", "experiment": "digits", "name": "one",
        "status": "finished", "started": NINE, "ended": NINE + timedelta(seconds=90),
        "duration_s": 90.0, "user": "ada", "parent_id": None, "url": None, **facts,
    }  # fmt: skip
    return tuple(row.values())


def metric_row(last, run="mlflow:1", name="loss"):
    return (run, name, "", None, None, last, None, None, None, None, None, None)


def full():
    """One run with one fact of every kind."""
    return RunTables.from_rows(
        runs=[run_row()],
        params=[("mlflow:1", "lr", "1e-05")],
        metrics=[("mlflow:1", "loss", "", 3, 9.0, 1.0, 0.5, 9.0, 1.0, 0.0, 2.0, 0)],
        artifacts=[("mlflow:1", "plots/cm.json", "plot-data", 12, "sha256:ab", "/artifacts/cm")],
        lineage=[("mlflow:1", "code", "git", "main", "c0ffee", True, "https://git.example/r")],
        tags=[("mlflow:1", "team", "vision")],
        problems=[Problem("RR306", "a run cannot be read")],
    )


# ---- making and merging --------------------------------------------------------------------------


def test_every_table_has_its_schema_with_rows_and_without():
    for tables in (full(), RunTables.from_rows()):
        tables.check()
        for name, schema in SCHEMAS.items():
            assert getattr(tables, name).schema.equals(schema)


def test_the_rows_say_what_was_given():
    (run,) = full().rows
    assert (run.id, run.source, run.experiment, run.name) == ("mlflow:1", "mlflow", "digits", "one")
    assert (run.started, run.ended) == (NINE, NINE + timedelta(seconds=90))
    assert (run.user, run.parent_id, run.url) == ("ada", None, None)
    assert run.params == {"lr": Param("1e-05", 1e-05)}
    assert run.metrics == {"loss": MetricSummary(1.0, 2.0, 3, 9.0, 0.5, 9.0, 1.0, 0.0, 0)}
    assert run.tags == {"team": "vision"}
    assert run.artifacts == (
        Artifact("plots/cm.json", "plot-data", 12, "sha256:ab", "/artifacts/cm"),
    )
    assert run.lineage == (Lineage("code", "git", "main", "c0ffee", True, "https://git.example/r"),)


def test_facts_are_joined_by_run_in_whatever_order_they_come():
    tables = RunTables.from_rows(
        runs=[run_row("b", name="second"), run_row("a", name="first"), run_row("c", name="bare")],
        params=[("a", "lr", "1"), ("b", "lr", "2"), ("a", "bs", "3")],
        tags=[("b", "t", "x")],
        artifacts=[("a", f"{n}.txt", "text", None, None, None) for n in range(3)],
    )
    second, first, bare = tables.rows
    assert (second.name, first.name) == ("second", "first")
    assert {name: param.text for name, param in first.params.items()} == {"lr": "1", "bs": "3"}
    assert second.params["lr"].text == "2"
    assert second.tags == {"t": "x"}
    assert [artifact.path for artifact in first.artifacts] == ["0.txt", "1.txt", "2.txt"]
    assert (bare.params, bare.metrics, bare.tags) == ({}, {}, {})
    assert (bare.artifacts, bare.lineage) == ((), ())


def test_the_rows_of_a_run_cannot_be_changed():
    (run,) = full().rows
    with pytest.raises(TypeError):
        run.params["lr"] = Param("2", 2.0)


@pytest.mark.parametrize("last", [NAN, INF, -INF, 0.0, -0.0, 5e-324, 1.797e308, None])
def test_what_is_no_finite_number_stays_what_it_is(last):
    tables = RunTables.from_rows(runs=[run_row()], metrics=[metric_row(last)])
    found = tables.rows[0].metrics["loss"].last
    assert repr(found) == repr(last)
    assert tables.metrics["last"].null_count == (last is None)


def test_a_metric_that_was_never_logged_is_absent():
    tables = RunTables.from_rows(
        runs=[run_row("a"), run_row("b")], metrics=[metric_row(0.0, run="a")]
    )
    assert [list(run.metrics) for run in tables.rows] == [["loss"], []]


def test_times_are_utc_whatever_zone_they_came_in():
    nepal = timezone(timedelta(hours=5, minutes=45))
    (run,) = RunTables.from_rows(runs=[run_row(started=NINE.astimezone(nepal), ended=None)]).rows
    assert run.started == NINE
    assert run.started.utcoffset() == timedelta()
    assert run.ended is None


def test_tables_are_merged_in_the_given_order_with_all_problems():
    one, two = full(), RunTables.from_rows(
        runs=[run_row("mlflow-2:1")], problems=[Problem("RR307", "more was logged")]
    )  # fmt: skip
    merged = RunTables.concat([two, one])
    merged.check()
    assert [run.id for run in merged.rows] == ["mlflow-2:1", "mlflow:1"]
    assert [problem.code for problem in merged.problems] == ["RR307", "RR306"]
    assert merged.rows[1].params == one.rows[0].params


def test_merging_nothing_gives_empty_tables():
    empty = RunTables.concat([])
    empty.check()
    assert empty.rows == ()


# ---- a reader's bug ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"runs": [run_row(), run_row()]}, "not unique"),
        ({"runs": [run_row(status="FINISHED")]}, r"unknown statuses \['FINISHED'\]"),
        ({"runs": [run_row(status=None)]}, "lacks 'status'"),
        ({"runs": [run_row(name=None)]}, "lacks 'name'"),
        ({"runs": [run_row()], "params": [("gone", "lr", "1")]}, r"do not exist: \['gone'\]"),
        ({"runs": [run_row()], "tags": [(None, "t", "x")]}, "lacks 'run_id'"),
        ({"runs": [run_row()], "params": [("mlflow:1", "lr", "1")] * 2}, "names twice"),
        ({"runs": [run_row()], "metrics": [metric_row(1.0)] * 2}, "names twice"),
    ],
)
def test_a_table_that_breaks_its_contract_is_a_bug_of_its_reader(rows, words):
    tables = RunTables.from_rows(**rows)
    with pytest.raises(ValueError, match=words):
        tables.check()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_table_of_another_shape_is_a_bug_of_its_reader(name):
    parts = {table: getattr(full(), table) for table in SCHEMAS}
    parts[name] = parts[name].rename_columns([c.upper() for c in parts[name].column_names])
    with pytest.raises(ValueError, match=f"table '{name}' has schema"):
        RunTables(**parts).check()


def test_rows_with_too_few_values_are_a_bug_of_their_reader():
    with pytest.raises(ValueError, match="3 values, expected 12"):
        RunTables.from_rows(metrics=[("r", "loss", "")])
    with pytest.raises(ValueError, match="zip"):
        RunTables.from_rows(tags=[("r", "t", "x"), ("r", "t")])


# ---- fuller summaries ----------------------------------------------------------------------------


def test_fuller_summaries_replace_those_of_the_same_run_and_metric_only():
    tables = RunTables.from_rows(
        runs=[run_row("a"), run_row("b")],
        metrics=[metric_row(1.0, "a"), metric_row(2.0, "b"), metric_row(3.0, "a", "acc")],
        problems=[Problem("RR306", "a run cannot be read")],
    )
    fuller = RunTables.from_rows(
        metrics=[("a", "loss", "", 9, 5.0, 1.0, 0.5, 5.0, 3.0, 0.0, 8.0, 0)]
    ).metrics
    changed = tables.with_metrics(fuller)
    changed.check()
    a, b = changed.rows
    assert (a.metrics["loss"].count, a.metrics["loss"].min) == (9, 0.5)
    assert (a.metrics["acc"].last, b.metrics["loss"].last) == (3.0, 2.0)
    assert b.metrics["loss"].count is None
    assert changed.problems == tables.problems
    assert tables.rows[0].metrics["loss"].count is None


# ---- data frames ---------------------------------------------------------------------------------


def test_data_frames_keep_numbers_apart_from_nan_and_nan_from_missing():
    tables = RunTables.from_rows(
        runs=[run_row(), run_row("mlflow:2", started=None, duration_s=None)],
        params=[("mlflow:1", "lr", "1e-05"), ("mlflow:1", "optimizer", "adam")],
        metrics=[metric_row(v, name=f"m{i}") for i, v in enumerate([0.25, NAN, INF, None])],
    )
    frames = tables.to_pandas()
    assert list(frames) == list(SCHEMAS)
    last = frames["metrics"]["last"]
    assert last.isna().tolist() == [False, False, False, True]
    assert (last[0], last[2]) == (0.25, INF)
    assert math.isnan(last[1])
    assert last[3] is pandas.NA
    assert frames["metrics"]["count"].isna().all()
    number = frames["params"]["number"]
    assert number[0] == 0.00001
    assert math.isnan(number[1])
    assert frames["params"]["value"].tolist() == ["1e-05", "adam"]


def test_data_frames_have_times_in_utc():
    runs = RunTables.from_rows(runs=[run_row(), run_row("mlflow:2", started=None)]).to_pandas()[
        "runs"
    ]
    assert runs["started"][0] == pandas.Timestamp("2026-03-01T09:00:00Z")
    assert runs["started"][0].utcoffset() == timedelta()
    assert runs["started"][1] is pandas.NA
    assert (runs["ended"] - runs["started"])[0] == pandas.Timedelta(seconds=90)


def test_data_frames_join_as_the_rows_do():
    frames = full().to_pandas()
    wide = frames["runs"].merge(
        frames["params"].pivot(index="run_id", columns="param", values="number"), on="run_id"
    )
    assert wide["lr"].tolist() == [full().rows[0].params["lr"].number]


# ---- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-05", 0.00001), ("0.00001", 0.00001), (" 12 ", 12), ("-.5", -0.5), ("+3", 3),
        ("1E3", 1000), ("0", 0), ("-0", 0), ("9007199254740993", 2.0**53), ("5e-324", 5e-324),
    ],
)  # fmt: skip
def test_texts_that_stand_for_a_number_are_one(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "adam", "0x10", "1_000", "1,000", "1 000", "12px", "True", "None", "--1", "1e",
        "nan", "NaN", "-nan", "inf", "-Infinity", "1e400", "-1e999",
        "\u0661\u0662", "\uff11\uff12", "\u00bd", "\u22121", "1\x00", "[1]",
    ],
)  # fmt: skip
def test_other_texts_are_no_number(text):
    assert math.isnan(parse_number(text))
    assert not Param(text, parse_number(text)).is_number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read_back(number):
    assert parse_number(repr(number)) == number


@given(st.text())
def test_a_number_is_finite_or_none(text):
    number = parse_number(text)
    assert math.isnan(number) or math.isfinite(number)


# ---- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("a\tb\r\nc", "a\tb\r\nc"),
        ("\x00\x07\x1b[31m\x7f", "\ufffd\ufffd\ufffd[31m\ufffd"),
        ("\x80\x85\x9f", "\ufffd" * 3),
        ("lone \ud83d half", "lone \ufffd half"),
        ("\ufdd0\ufffe\uffff\U0001fffe\U0010ffff", "\ufffd" * 5),
        ("naïve 数 \u202e \u200d \U0001f600", "naïve 数 \u202e \u200d \U0001f600"),
        ("\ufffd", "\ufffd"),
    ],
)
def test_control_characters_lone_surrogates_and_noncharacters_are_replaced(text, clean):
    assert clean_text(text) == clean


@given(st.text(st.characters(exclude_categories=())))
@example("\ud800" * 3)
def test_clean_text_can_be_written_and_keeps_its_length(text):
    clean = clean_text(text)
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert len(clean) == len(text)
    assert clean_text(clean) == clean
    kept = {char for char in clean if unicodedata.category(char) in ("Cc", "Cs")}
    assert kept <= set("\n\r\t")


def test_every_text_of_every_table_is_cleaned():
    dirty = "x\x00y\ud800"
    rows = {
        name: [tuple(_dirty(field, dirty) for field in schema if field.name != "number")]
        for name, schema in SCHEMAS.items()
    }
    tables = RunTables.from_rows(**rows)
    for name, schema in SCHEMAS.items():
        for field in schema:
            if field.type == pa.string():
                assert getattr(tables, name)[field.name].to_pylist() == ["x\ufffdy\ufffd"]


def _dirty(field, text):
    return text if field.type == pa.string() else None
