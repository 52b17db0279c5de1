"""From a spec and real small stores to the context: what is read, selected, reduced, hidden."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runreport.errors import SourceError, SpecError
from runreport.history import History
from runreport.pipeline import BuildRequest, load
from runreport.registry import SECTIONS
from runreport.spec.expressions import parse
from runreport.understand import Facts, read, understand
from tests.reading import said
from tests.sources.mlflow_stores import small_database

DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""When the first run of a store starts; the next one starts a day later."""
# joined here so that no scanner takes this file for a leak
TOKEN = "ghp_" + "a1B2" * 9
NAN = math.nan
INF = 1.7976931348623157e308
"""As MLflow's SQL stores infinity."""

SOURCES = 'sources: [{mlflow: "sqlite:///store.db"}]\n'
RUNS = "pages: [{title: Summary, sections: [runs]}]\n"


class Asked:
    """A reader, and what was asked of it."""

    divisible = False

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.calls: list[tuple[set[str], set[str]]] = []

    def histories(self, runs, metrics):
        self.calls.append(({run.partition(":")[2] for run in runs}, set(metrics)))
        return self._reader.histories(runs, metrics)


def store(path, *runs):
    """An MLflow database; a run: {name, status, params, tags, metrics: {name: [by step]}}."""
    small_database(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM runs")
        for index, run in enumerate(runs):
            run_id = f"{index:032x}"
            start = round((FIRST + index * DAY).timestamp() * 1000)
            status = run.get("status", "FINISHED")
            row = (run_id, run.get("name", f"r{index}"), status, start, start + 1000)
            db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, 1, 'active', '')", row)
            for table in ("params", "tags"):
                rows = [(key, str(text), run_id) for key, text in run.get(table, {}).items()]
                db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
            for key, values in run.get("metrics", {}).items():
                for step, value in enumerate(values):
                    is_nan = isinstance(value, float) and math.isnan(value)
                    point = (key, 0.0 if is_nan else value, start, run_id, step, is_nan)
                    db.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", point)


def understood(folder, text, **environ):
    """The context of a spec, and what was asked of each reader."""
    (folder / "runreport.yaml").write_text(text)
    spec = load(BuildRequest(folder / "runreport.yaml", environ))
    facts = read(spec, environ)
    asked = tuple(Asked(reader) for reader in facts.readers)
    facts = Facts(facts.tables, asked, facts.titles, facts.redacted, facts.spared, facts.late)
    return understand(spec, facts, History(folder / "history"), environ), asked


def names(context):
    return [run.name for run in context.runs]


# ---- reading -------------------------------------------------------------------------------------


def test_all_sources_that_fail_are_named_at_once(tmp_path):
    store(tmp_path / "good.db", {})
    (tmp_path / "garbage.db").write_bytes(b"no database" * 500)
    text = """\
        sources:
          - {mlflow: "sqlite:///missing.db"}
          - {mlflow: "sqlite:///good.db"}
          - {mlflow: "sqlite:///garbage.db"}
          - {files: "nothing/*.csv"}
        """
    with pytest.raises(SourceError) as caught:
        understood(tmp_path, text)
    assert [problem.span.line for problem in caught.value.problems] == [2, 4, 5]
    assert all(problem.code.startswith("RR3") for problem in caught.value.problems)


def test_two_sources_of_one_kind_keep_their_runs_apart(tmp_path):
    store(tmp_path / "a.db", {"name": "one", "metrics": {"acc": [0.25, 0.5]}})
    store(tmp_path / "b.db", {"name": "two", "metrics": {"acc": [0.75]}})
    text = (
        'sources: [{mlflow: "sqlite:///a.db"}, {mlflow: "sqlite:///b.db"}]\n'
        "metrics: {acc: {value: max}}\n"
    )
    context, asked = understood(tmp_path, text + RUNS)
    assert [run.id for run in context.runs] == [f"mlflow:{0:032x}", f"mlflow-2:{0:032x}"]
    assert [run.source for run in context.runs] == ["mlflow", "mlflow-2"]
    acc = context.design.metric("acc")
    assert [context.value(run, acc).number for run in context.runs] == [0.5, 0.75]
    assert context.source_titles == ("mlflow: a.db", "mlflow: b.db")
    assert len(asked) == 2


def test_secrets_are_gone_before_anything_is_computed(tmp_path):
    store(
        tmp_path / "store.db",
        {"params": {"command": f"train {TOKEN}", "seed": 1}, "metrics": {"acc": [1.0]}},
        {"params": {"command": "train", "seed": 2}, "tags": {"note": TOKEN}, "name": TOKEN},
    )
    grouped = "groups: {by: [params.command]}\n"
    context, _ = understood(tmp_path, SOURCES + grouped + RUNS)
    assert context.redacted == 3
    shown = [*(g.label for g in context.groups), *(str(g.key) for g in context.groups)]
    shown += [repr(vars(run)) for run in context.runs]
    assert not any(TOKEN in text for text in shown)
    # a condition cannot fish for them either
    where = "runs: {where: 'contains(params.command, \"ghp_\")'}\n"
    assert names(understood(tmp_path, SOURCES + where + RUNS)[0]) == []


def test_what_the_author_allows_is_not_redacted(tmp_path):
    store(tmp_path / "store.db", {"params": {"command": f"train {TOKEN}"}, "tags": {"note": TOKEN}})
    context, _ = understood(tmp_path, SOURCES + "allow_secrets: [command]\n" + RUNS)
    assert context.redacted == 1
    assert context.runs[0].params["command"].text == f"train {TOKEN}"
    assert TOKEN not in context.runs[0].tags["note"]


def test_points_that_cannot_be_read_are_told_to_the_report(tmp_path):
    store(tmp_path / "store.db", {"metrics": {"loss": [1.0, "no number", 0.5]}})
    context, _ = understood(tmp_path, SOURCES + curves("loss"))
    assert [problem.code for problem in context.problems] == ["RR308"]
    assert "1 points of 'loss'" in context.problems[0].message
    assert context.history.series("loss")[context.runs[0].id].value.tolist() == [1.0, 0.5]


# ---- only what is asked for ----------------------------------------------------------------------

IDS = [f"{index:032x}" for index in range(3)]


def three(folder):
    """Three runs that log three metrics; the accuracy ends at 0.2, 0.4 and 0.6."""
    metrics = {"loss": [3.0, 2.0, 1.0], "extra": [7.0]}
    store(
        folder / "store.db",
        *({"metrics": {**metrics, "acc": [0.7, 0.2 * (index + 1)]}} for index in range(3)),
    )


def curves(*metrics):
    sections = ", ".join(f"{{history: {{metric: {name}}}}}" for name in metrics)
    return f"pages: [{{title: A, sections: [{sections}]}}]\n"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (RUNS, []),
        ("metrics: {acc: {goal: maximize}}\nruns: {where: acc > 0.3, sort: -acc}\n" + RUNS, []),
        ("metrics: {acc: {value: max}}\n" + RUNS, [(IDS, "acc")]),
        ("metrics: {acc: {value: 'acc - min(loss)'}}\n" + RUNS, [(IDS, "loss")]),
        (curves("loss"), [(IDS, "loss")]),
        ("pages: [{title: A, sections: [{runs: [name, mean(loss)]}]}]\n", [(IDS, "loss")]),
        # the points of the selected runs alone
        ("runs: {where: acc > 0.3}\n" + curves("loss"), [(IDS[1:], "loss")]),
        # what the selection asks is read of all runs, and not again
        (
            "runs: {where: mean(acc) > 0.5}\n" + curves("loss", "acc"),
            [(IDS, "acc"), (IDS[1:], "loss")],
        ),
        (
            "runs: {sort: -max(acc), limit: 1}\nmetrics: {acc: {value: max}}\n" + RUNS,
            [(IDS, "acc")],
        ),
    ],
)  # fmt: skip
def test_a_reader_is_asked_for_the_points_that_the_spec_needs_and_no_others(tmp_path, text, asked):
    three(tmp_path)
    _, (reader,) = understood(tmp_path, SOURCES + text)
    assert reader.calls == [(set(runs), {metric}) for runs, metric in asked]


# ---- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("last", 70), ("first", 50), ("min", 50), ("max", 90), ("mean", 70),
        ("at_step(acc, 1)", 90), ("at(min(loss)).acc", 90), ("1 - max(acc)", 10),
        ("count(acc)", 300),
    ],
)  # fmt: skip
def test_a_reducer_is_scaled_once_wherever_the_metric_is_named(tmp_path, value, number):
    store(tmp_path / "store.db", {"metrics": {"acc": [0.5, 0.9, 0.7], "loss": [2.0, 1.0, 3.0]}})
    text = f"metrics: {{acc: {{value: '{value}', scale: 100, unit: '%'}}}}\n"
    context, _ = understood(tmp_path, SOURCES + text + RUNS)
    (run,) = context.runs
    assert context.value(run, context.design.metric("acc")).number == pytest.approx(number)
    assert context.evaluate(parse("acc"), run) == pytest.approx(number)


def test_conditions_and_columns_speak_in_displayed_units(tmp_path):
    three(tmp_path)
    text = "metrics: {acc: {scale: 100}}\nruns: {where: acc > 30, sort: -acc}\n"
    context, _ = understood(tmp_path, SOURCES + text + RUNS)
    assert names(context) == ["r2", "r1"]
    assert context.evaluate(parse("last(acc) - 1"), context.runs[0]) == pytest.approx(59)


@pytest.mark.parametrize(
    ("values", "value", "state"),
    [
        ([0.5, NAN], "last", "nan"), ([0.5, NAN], "max", "ok"), ([NAN, NAN], "max", "nan"),
        ([0.5, INF], "last", "inf"), ([INF, INF], "min", "inf"), ([NAN, NAN], "mean", "nan"),
        ([0.5], "last", "ok"), ([], "last", "missing"), ([], "max", "missing"),
    ],
)  # fmt: skip
def test_what_is_no_finite_number_is_a_state(tmp_path, values, value, state):
    store(
        tmp_path / "store.db",
        {"metrics": {"acc": values, "other": [1.0]}},
        {"metrics": {"acc": [1]}},
    )
    text = f"metrics: {{acc: {{value: {value}}}}}\n"
    context, _ = understood(tmp_path, SOURCES + text + RUNS)
    found = context.value(context.runs[0], context.design.metric("acc"))
    assert found.state == state
    assert (found.number is None) == (state != "ok")


def test_the_baseline_is_the_mean_of_its_finished_runs_in_displayed_units(tmp_path):
    store(
        tmp_path / "store.db",
        {"params": {"o": "sgd", "seed": 1}, "metrics": {"acc": [0.5, 0.2]}},
        {"params": {"o": "sgd", "seed": 2}, "metrics": {"acc": [0.4, 0.3]}},
        {"params": {"o": "sgd", "seed": 3}, "metrics": {"acc": [0.9]}, "status": "FAILED"},
        {"params": {"o": "sgd", "seed": 4}, "metrics": {"acc": [NAN]}},
        {"params": {"o": "adam", "seed": 1}, "metrics": {"acc": [0.75]}},
    )
    text = (
        "groups: {by: all_but(seed), replicates: seed, baseline: o == 'sgd'}\n"
        "metrics: {acc: {value: max, scale: 100}}\n"
        "pages: [{title: A, sections: [{runs: ['acc - baseline(acc)']}]}]\n"
    )
    context, _ = understood(tmp_path, SOURCES + text)
    adam = next(run for run in context.runs if run.params["o"].text == "adam")
    assert context.evaluate(parse("baseline(acc)"), adam) == pytest.approx(45)
    assert context.evaluate(parse("acc - baseline(acc)"), adam) == pytest.approx(30)
    assert context.evaluate(parse("baseline(nothing)"), adam) is None


def test_without_a_baseline_there_is_no_difference_to_it(tmp_path):
    three(tmp_path)
    context, _ = understood(tmp_path, SOURCES + RUNS)
    assert context.evaluate(parse("baseline(acc)"), context.runs[0]) is None


# ---- selection -----------------------------------------------------------------------------------


def test_since_counts_back_from_the_newest_run_of_the_store(tmp_path):
    three(tmp_path)
    text = "runs: {since: 30h, where: acc < 0.5}\n"
    context, _ = understood(tmp_path, SOURCES + text + RUNS)
    assert context.now == FIRST + 2 * DAY + timedelta(seconds=1)
    assert names(context) == ["r1"]
    assert [item.run.name for item in context.excluded] == ["r0", "r2"]


def test_since_counts_back_from_the_epoch_where_it_is_set(tmp_path):
    three(tmp_path)
    epoch = str(round((FIRST + 3 * DAY).timestamp()))
    context, _ = understood(
        tmp_path, SOURCES + "runs: {since: 30h}\n" + RUNS, SOURCE_DATE_EPOCH=epoch
    )
    assert context.now == FIRST + 3 * DAY
    assert names(context) == ["r2"]


def test_failed_runs_are_counted_before_a_filter_hides_them(tmp_path):
    store(
        tmp_path / "store.db",
        {"name": "good", "metrics": {"acc": [1.0]}},
        {"name": "broke", "status": "FAILED"},
        {"name": "stopped", "status": "KILLED"},
    )
    text = "runs: {where: status == 'finished'}\n"
    context, _ = understood(tmp_path, SOURCES + text + RUNS)
    assert names(context) == ["good"]
    assert [(item.run.name, item.run.status) for item in context.excluded] == [
        ("broke", "failed"),
        ("stopped", "killed"),
    ]
    section = SECTIONS["runs"]
    shown = section.present(section.compute(context, section.options()), section.options())
    assert "2 more runs left out by the report’s selection (2 of them did not finish)" in said(
        shown
    )


def test_every_run_is_in_one_group_or_excluded(tmp_path):
    store(tmp_path / "store.db", *({"params": {"lr": n % 3, "seed": n}} for n in range(9)))
    text = "runs: {where: seed != 4}\ngroups: {by: all_but(seed), replicates: seed}\n"
    context, _ = understood(tmp_path, SOURCES + text + RUNS)
    grouped = [run.id for group in context.groups for run in group.runs]
    assert sorted(grouped) == sorted(run.id for run in context.runs)
    assert len(grouped) + len(context.excluded) == 9
    assert all(run in context.group_of(run).runs for run in context.runs)


def test_an_empty_store_is_understood_whatever_the_spec_names(tmp_path):
    store(tmp_path / "store.db")
    text = (
        "groups: {by: all_but(seed), baseline: optimizer == 'sgd'}\nmetrics: {acc: {value: max}}\n"
        "runs: {where: lr > 1, since: 3d, sort: -acc}\n"
    )
    context, (reader,) = understood(tmp_path, SOURCES + text + RUNS)
    assert (context.runs, context.groups, context.excluded) == ((), (), ())
    assert context.now == datetime(1980, 1, 1, tzinfo=UTC)
    assert reader.calls == []


# ---- names ---------------------------------------------------------------------------------------


def test_names_that_no_run_has_stop_the_build_all_at_once(tmp_path):
    three(tmp_path)
    text = "runs: {where: optimiser == 'sgd', sort: -accuracy}\nmetrics: {los: {goal: minimize}}\n"
    with pytest.raises(SpecError) as caught:
        understood(tmp_path, SOURCES + text + RUNS)
    assert sorted(p.code for p in caught.value.problems) == ["RR200", "RR200", "RR213"]
    assert {p.span.line for p in caught.value.problems} == {2, 3}


def test_a_family_without_members_is_a_warning_of_the_build(tmp_path):
    three(tmp_path)
    context, _ = understood(tmp_path, SOURCES + "metrics: {'val/f1/*': {goal: maximize}}\n" + RUNS)
    assert [(p.code, p.severity) for p in context.warnings] == [("RR213", "warning")]
    assert context.problems == ()


def test_a_family_stands_for_every_metric_of_its_form(tmp_path):
    store(tmp_path / "store.db", {"metrics": {"f1/cat": [0.5], "f1/dog": [0.25], "acc": [1.0]}})
    text = "metrics: {'f1/*': {scale: 100, value: max}}\n"
    context, (reader,) = understood(tmp_path, SOURCES + text + RUNS)
    values = {m.name: context.value(context.runs[0], m).number for m in context.design.metrics}
    assert values == {"f1/cat": 50, "f1/dog": 25}
    assert reader.calls == [({IDS[0]}, {"f1/cat", "f1/dog"})]


def test_histories_read_by_two_processes_are_those_read_by_one(tmp_path):
    """Folders of runs are read in pieces, so that a copy of the process can read half of them."""
    for number in range(40):
        run = tmp_path / "lightning_logs" / f"version_{number}"
        run.mkdir(parents=True)
        (run / "hparams.yaml").write_text(f"lr: {number / 100}\n")
        rows = [f"{step},{number + step / 8},{'nan' if step > 3 else -step}" for step in range(6)]
        (run / "metrics.csv").write_text("\n".join(["step,acc,loss", *rows]) + "\n")
    (tmp_path / "runreport.yaml").write_text(
        "sources: [{lightning: lightning_logs}]\nmetrics: {acc: {value: max}, loss: {value: min}}\n"
        "pages: [{title: Curves, sections: [history: {metric: acc}, history: {metric: loss}]}]\n"
    )
    script = """
import os, sys
from pathlib import Path
from runreport import understand
from runreport.history import History
from runreport.pipeline import BuildRequest, load
understand.DIVIDED = int(sys.argv[1])
spec = load(BuildRequest(spec=Path("runreport.yaml"), environ=os.environ))
held = History(Path(sys.argv[2]))
context = understand.understand(spec, understand.read(spec, os.environ), held, os.environ)
for metric in sorted(held.metrics()):
    for run, series in held.series(metric, [run.id for run in context.runs]).items():
        print(metric, run, series.step.tolist(), series.time.tolist(), series.value.tolist())
print(len(list(Path(sys.argv[2]).iterdir())))
"""
    said = [
        subprocess.run(
            [sys.executable, "-c", script, str(least), str(tmp_path / str(least))],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stdout.splitlines()
        for least in (1, 10**9)
    ]  # fmt: skip
    assert said[0][:-1] == said[1][:-1]
    assert len(said[0]) == 2 * 40 + 1
    assert int(said[0][-1]) == 2 * int(said[1][-1]), "a file per metric and process"


# ---- what the runs were chosen by ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "metrics", "expected"),
    [
        ("where: acc > 0.1", "acc: {goal: maximize}", ("acc",)),
        ("where: status == 'finished'", "acc: {goal: maximize}", ()),
        ("where: has(acc) and count(acc) > 0", "acc: {goal: maximize}", ()),
        ("sort: -acc", "acc: {goal: maximize}", ()),
        ("sort: -acc, limit: 2", "acc: {goal: maximize}", ("acc",)),
        ("where: best > 0.1", "best: {value: max(acc)}", ("acc", "best")),
        ("where: best > 0.1", "best: {value: 'at(min(loss)).acc'}", ("acc", "best")),
        ("where: max(acc) > 0.1", "final: {value: last(acc)}", ("acc", "final")),
        ("where: min(loss) < 9", "acc: {goal: maximize}", ("loss",)),
    ],
)
def test_metrics_that_the_selection_looks_at_are_known(tmp_path, runs, metrics, expected):
    three(tmp_path)
    text = f"runs: {{{runs}}}\nmetrics: {{{metrics}}}\n"
    context, _ = understood(tmp_path, SOURCES + text + RUNS)
    assert context.design.selected_on == expected
