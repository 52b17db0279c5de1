"""What an expression answers for a run."""

import ast
import math
import operator
from dataclasses import replace
from datetime import UTC, timedelta
from types import MappingProxyType

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.design import Design, Metric
from runreport.history import History
from runreport.spec import points
from runreport.spec.expressions import Expression, Names, Scope, parse, truth
from runreport.tables import HISTORY_SCHEMA, MetricSummary, Param, Run, parse_number
from tests.studies import START, study, tables

RUN = {
    "name": "tiny",
    "user": "ada",
    "params": {
        "lr": "1e-05", "epochs": 10, "optimizer": "adam", "bn": "True", "amp": "false",
        "depth": "auto", "zero": "0", "model.lr": 0.1, "a b": "x", "big": "90071992547409931",
        "big2": "90071992547409932", "date": "2026-02-01",
    },
    "metrics": {"acc": [0.5, 0.9, 0.7], "loss": [float("nan"), 2.0, 1.0], "odd": float("nan"),
                "far": float("inf"), "val/f1": 0.25},
    "tags": {"team": "vision", "version": "12"},
}  # fmt: skip
(ROW,) = tables([RUN]).rows


def value(text: str, run: Run = ROW, design: Design | None = None, **scope):
    design = design or Design()
    names = scope.pop("names", None) or Names.of([ROW, run], design)
    return parse(text).evaluate(run, Scope(names, design, now=START + timedelta(days=1), **scope))


ANSWERS = r"""
# names
name -> "tiny"
run.user -> "ada"
status -> "finished"
id -> "mlflow:0000"
experiment -> "study"
source -> "mlflow"
parent -> None
duration -> 90.0
started -> "2026-03-01 09:00:00+00:00"
ended -> "2026-03-01 09:01:30+00:00"
epochs -> 10.0
params.epochs -> 10.0
optimizer -> "adam"
lr -> 1e-05
model.lr -> 0.1
params.model.lr -> 0.1
params["a b"] -> "x"
acc -> 0.7
metrics.acc -> 0.7
metrics["val/f1"] -> 0.25
tags.team -> "vision"
tags.version -> 12.0
team -> None
nothing -> None
params.nothing -> None
metrics.lr -> None
run.params -> None
run.metrics -> None
# more digits than a float keeps
big -> "90071992547409931"
big == big2 -> False
big == big -> True
# arithmetic
1 + 2 * 3 -> 7.0
-epochs -> -10.0
+epochs -> 10.0
epochs / 4 -> 2.5
epochs / 0 -> None
epochs / zero -> None
optimizer + 1 -> None
nothing + 1 -> None
-nothing -> None
1e308 * 10 -> 1e999
ended - started -> 90.0
started - 1 -> None
(acc > 0) + 1 -> 2.0
'a' + 'b' -> None
# numbers
lr == 0.00001 -> True
lr == 1e-5 -> True
lr > 0.001 -> False
epochs > 9 -> True
epochs > 9.5 and epochs < 100 -> True
9 < epochs <= 10 -> True
9 < epochs < 10 -> False
epochs == '10' -> True
epochs == '10.0' -> False
tags.version > 9 -> True
acc >= 0.7 -> True
acc != 0.7 -> False
# text
optimizer == 'adam' -> True
optimizer == 'Adam' -> False
optimizer != 'sgd' -> True
optimizer < 'b' -> True
name == 'tiny' -> True
run.user == "ada" -> True
optimizer in ['sgd', 'adam'] -> True
optimizer not in ['sgd'] -> True
epochs in [1, 10] -> True
epochs in [] -> False
epochs not in [] -> True
# text beside numbers: they differ, and neither is the smaller
depth == 3 -> False
depth != 3 -> True
depth < 3 -> False
depth >= 3 -> False
optimizer > 0 -> False
name < 3 -> False
acc == 'x' -> False
acc != 'x' -> True
# true and false
bn == true -> True
bn == True -> True
bn != true -> False
amp == false -> True
amp == true -> False
true == bn -> True
depth == true -> False
zero == false -> True
bn and not amp -> True
not depth -> True
epochs and true -> True
true -> True
bn -> "True"
# what is missing satisfies nothing
nothing == 1 -> False
nothing != 1 -> False
nothing < 1 -> False
1 < nothing -> False
nothing == nothing -> False
nothing in [1] -> False
nothing not in [1] -> False
parent != 'x' -> False
not nothing == 1 -> True
not nothing -> True
epochs in [nothing, 10] -> True
epochs not in [nothing] -> True
# NaN and infinity are states of a metric
odd == odd -> False
odd != 0 -> False
odd < 1 -> False
odd > 1 -> False
odd in [odd] -> False
odd not in [1] -> False
far > 1e300 -> True
not odd -> True
# time
started > '2026-01-31' -> True
started < '2026-03-01T09:00:01' -> True
started == '2026-03-01T09:00' -> True
started >= '2026-03-01T10:00+01:00' -> True
'2026-03-01' < started < '2026-03-02' -> True
started > '2d' -> True
started > '1h' -> False
started > 'soon' -> False
started != 'soon' -> False
started > 3 -> False
started != 3 -> False
started > date -> True
ended > started -> True
since('7d') -> True
since('25h') -> True
since('23h') -> False
since('2026-03-01') -> True
since('2026-03-02') -> False
# calls
has(epochs) -> True
has(nothing) -> False
has(parent) -> False
has(odd) -> True
has(tags.team) -> True
has(acc) -> True
not has(params.nothing) -> True
contains(name, 'in') -> True
contains(name, 'IN') -> False
contains(nothing, '') -> False
contains(lr, 'e-') -> True
contains(started, '2026-03') -> True
matches(name, '^t.*y$') -> True
matches(name, 'iny') -> True
matches(name, '^iny') -> False
matches(nothing, '.*') -> False
matches(epochs, '^\d+$') -> True
matches(name, '\btiny\b') -> True
# both sides of a condition
true or nothing > 1 -> True
false and nothing -> False
"""


def answers(table: str):
    """`expression -> value` on each line."""
    lines = [line for line in table.strip().splitlines() if not line.startswith("#")]
    pairs = [line.rsplit(" -> ", 1) for line in lines]
    return [(text, ast.literal_eval(expected)) for text, expected in pairs]


@pytest.mark.parametrize(("text", "expected"), answers(ANSWERS))
def test_an_expression_answers_for_a_run(text, expected):
    got = value(text)
    assert got == expected
    assert type(got) is type(expected)


REDUCTIONS = """
last(acc) -> 0.7
first(acc) -> 0.5
min(acc) -> 0.5
max(acc) -> 0.9
count(acc) -> 3.0
mean(acc) -> 0.7
min(loss) -> 1.0
max(loss) -> 2.0
mean(loss) -> 1.5
count(loss) -> 3.0
min(odd) -> None
mean(odd) -> None
max(nothing) -> None
at(max(acc)).loss -> 2.0
at(min(acc)).acc -> 0.5
at(min(loss)).acc -> 0.7
at(last(acc)).loss -> 1.0
at(min(odd)).acc -> None
at(max(acc)).nothing -> None
at_step(acc, 1) -> 0.9
at_step(acc, 1.5) -> 0.9
at_step(acc, 1000) -> 0.7
at_step(acc, -1) -> None
step_above(acc, 0.9) -> 1.0
step_above(acc, 0.95) -> None
step_below(acc, 0.5) -> 0.0
step_below(acc, 0.4) -> None
step_above(odd, 0.1) -> None
last_step(acc) -> 2.0
last_step(nothing) -> None
max(acc) - min(acc) -> 0.4
max(acc) > first(acc) -> True
"""


@pytest.mark.parametrize(("text", "expected"), answers(REDUCTIONS))
def test_reductions_of_a_history(text, expected):
    context = study([RUN])
    got = value(text, context.runs[0], history=context.history)
    assert got == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_first_of_a_history_may_be_nan():
    context = study([RUN])
    assert math.isnan(value("first(loss)", context.runs[0], history=context.history))
    assert math.isnan(value("at(min(acc)).loss", context.runs[0], history=context.history))


def test_a_declared_metric_is_shown_by_its_reducer_in_its_unit():
    design = Design(
        metrics=(
            Metric("acc", value="max", scale=100.0),
            Metric("gap", value="max(acc) - last(acc)", scale=10.0),
            Metric("loss", scale=-1.0),
            Metric("broken", value="max("),
        )
    )
    context = study([RUN])
    asked = {"run": context.runs[0], "design": design, "history": context.history}
    # alone: its own reducer; in a call: that of the call; both in displayed units
    assert value("acc", **asked) == pytest.approx(90.0)
    assert value("last(acc)", **asked) == pytest.approx(70.0)
    assert value("at(min(acc)).acc", **asked) == pytest.approx(50.0)
    assert value("at_step(acc, 0)", **asked) == pytest.approx(50.0)
    assert value("acc > 89 and acc < 91", **asked) is True
    # inside a reducer: what was logged, as it was logged; the scale comes once, at the end
    assert value("gap", **asked) == pytest.approx(2.0)
    # counting has no unit
    assert value("count(acc)", **asked) == 3.0
    # turned around, the largest number shown is the smallest logged
    assert value("max(loss)", **asked) == -1.0
    assert value("at(max(loss)).acc", **asked) == pytest.approx(70.0)
    assert value("broken", **asked) is None


def test_the_mean_of_the_baseline_comes_from_the_scope():
    known = {"acc": 0.6}
    assert value("acc - baseline(acc)", baseline_values=known.get) == pytest.approx(0.1)
    assert value("baseline(loss)", baseline_values=known.get) is None
    assert value("baseline(acc)") is None


def test_what_several_names_could_mean_is_read_in_order():
    (run,) = tables(
        [{"name": "r", "params": {"name": "p", "loss": "1"}, "metrics": {"loss": 2.0}}]
    ).rows
    assert value("name", run) == "r"
    assert value("loss", run) == 1.0
    assert value("metrics.loss", run) == 2.0
    assert value("last(loss)", run) == 2.0


def test_a_text_that_is_no_expression_has_no_value():
    assert Expression("a >").evaluate(ROW, Scope(Names())) is None


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [(True, True), (False, False), (None, False), (1.0, True), (0.0, False), (math.nan, False),
     ("true", True), ("True", True), ("false", False), ("adam", False), ("", False)],
)  # fmt: skip
def test_what_satisfies_a_filter(given_value, expected):
    assert truth(given_value) is expected


# ---- against Python itself -----------------------------------------------------------------------

_NUMBERS = st.floats(-1e6, 1e6).map(lambda number: round(number, 3) + 0.0)
_JOINED = "({0[0]} {0[1]} {0[2]})".format
_LEAF = st.sampled_from(["a", "b", "c", "1", "2.5", "0"])
_SUM = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(_JOINED),
        inner.map("(-{})".format),
    ),
    max_leaves=8,
)  # fmt: skip
_SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_TEST = st.recursive(
    st.one_of(
        st.tuples(_LEAF, _SIGNS, _LEAF).map(" ".join),
        st.tuples(_LEAF, _SIGNS, _LEAF, _SIGNS, _LEAF).map(" ".join),
        st.tuples(_LEAF, st.sampled_from([" in ", " not in "]), st.lists(_LEAF, max_size=3)).map(
            lambda parts: f"{parts[0]}{parts[1]}[{', '.join(parts[2])}]"
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(_JOINED),
        inner.map("(not {})".format),
    ),
    max_leaves=6,
)  # fmt: skip


@given(_SUM, _NUMBERS, _NUMBERS, _NUMBERS)
def test_arithmetic_agrees_with_python(text, a, b, c):
    (run,) = tables([{"metrics": {"a": a, "b": b, "c": c}}]).rows
    try:
        expected = float(eval(text, {}, {"a": a, "b": b, "c": c}))
    except ZeroDivisionError:
        expected = None
    got = value(text, run, names=Names.of([run], Design()))
    assert got == expected or (math.isnan(got) and math.isnan(expected))


@given(_TEST, _NUMBERS, _NUMBERS, _NUMBERS, st.booleans())
def test_conditions_agree_with_python(text, a, b, c, as_params):
    kind = "params" if as_params else "metrics"
    (run,) = tables([{kind: {"a": a, "b": b, "c": c}}]).rows
    assert value(text, run, names=Names.of([run], Design())) is eval(
        text, {}, {"a": a, "b": b, "c": c}
    )


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_params_compare_by_number_however_they_were_written(a, b):
    (run,) = tables([{"params": {"x": f"{a:.17g}", "y": f"{b!r}"}}]).rows
    names = Names.of([run], Design())
    big = abs(a) >= 2**53 or abs(b) >= 2**53
    for sign, compare in (("<", operator.lt), ("==", operator.eq)):
        if not big:
            assert value(f"x {sign} y", run, names=names) is compare(a, b)
        assert value(f"x {sign} {b!r}", run, names=names) is compare(a, b)


# ---- nothing a run holds makes it raise ----------------------------------------------------------

_TEXTS = st.text(max_size=8) | st.sampled_from(
    ["nan", "inf", "1e999", "-0", "0x10", "١", "True", "7d"]
)
_FLOATS = st.floats() | st.none()
_TIMES = st.none() | st.datetimes(timezones=st.just(UTC))


@st.composite
def _runs(draw):
    number = draw(_FLOATS)
    summary = MetricSummary(*(draw(_FLOATS) for _ in range(2)), draw(st.none() | st.integers(0, 9)),
                            *(draw(_FLOATS) for _ in range(5)))  # fmt: skip
    text = draw(_TEXTS)
    return Run(
        id="r", source="s", experiment=text, name=draw(_TEXTS), status="unknown",
        started=draw(_TIMES), ended=draw(_TIMES), duration_s=number, user=None, parent_id=None,
        url=None,
        params=MappingProxyType({"p": Param(text, parse_number(text)), "q": Param("3", 3.0)}),
        metrics=MappingProxyType({"m": summary, "n": MetricSummary(number)}),
        tags=MappingProxyType({"t": text}), artifacts=(), lineage=(),
    )  # fmt: skip


_OPERANDS = st.sampled_from(
    ["p", "q", "m", "n", "tags.t", "name", "started", "ended", "duration", "user", "1", "0", "'7d'",
     "'2026-01-31'", "true", "'x'", "max(m)", "mean(m)", "first(n)", "count(m)", "at(min(m)).n",
     "at_step(m, 3)", "baseline(m)", "has(p)", "since('7d')", "contains(p, 'a')", "matches(t, '.')",
     "1e308", "zz", "run.params", "d", "max(d)"]
)  # fmt: skip
_ANY = st.recursive(
    _OPERANDS,
    lambda inner: st.one_of(
        st.tuples(
            inner,
            st.sampled_from(["+", "-", "*", "/", "<", "==", "!=", ">=", "and", "or"]),
            inner,
        ).map(_JOINED),
        st.tuples(inner, inner).map("({0[0]} in [{0[1]}, 1])".format),
        inner.map("(not {})".format),
        inner.map("(-{})".format),
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(_ANY, _runs(), _TIMES)
def test_any_expression_over_any_run_has_a_value(text, run, now):
    design = Design(metrics=(Metric("d", value="max(m) / p"), Metric("n", scale=0.0)))
    scope = Scope(Names.of([run], design), design, None, now or START)
    assert isinstance(parse(text).evaluate(run, scope), float | str | bool | None)


# ---- histories -----------------------------------------------------------------------------------


def _unread(runs):
    """The same runs as a fast reader leaves them: their summaries hold last values alone."""
    return [
        replace(
            run, metrics={n: MetricSummary(s.last, s.last_step) for n, s in run.metrics.items()}
        )
        for run in runs
    ]


_SERIES = st.lists(
    st.floats(-100, 100) | st.sampled_from([math.nan, math.inf]), min_size=1, max_size=6
)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(_SERIES, _SERIES), min_size=8, max_size=16))
def test_reductions_agree_with_pandas_and_do_not_depend_on_summaries(series):
    import pandas as pd

    context = study([{"metrics": {"a": a, "b": b}} for a, b in series])
    names = Names.of(context.runs, Design())
    scope = Scope(names, Design(), context.history)
    for run, bare, (a, b) in zip(context.runs, _unread(context.runs), series, strict=True):
        logged, other = pd.Series(a, dtype=float), pd.Series(b, dtype=float)
        finite = logged[logged.abs() < math.inf]
        expected = {"first(a)": logged.iloc[0], "count(a)": float(len(logged))}
        if len(finite):
            place = finite.idxmin()
            expected |= {
                "min(a)": finite.min(),
                "max(a)": finite.max(),
                "at(min(a)).b": other[: place + 1].iloc[-1],
                "at(max(a)).a": finite.max(),
            }
        for text, number in expected.items():
            for read in (run, bare):
                got = parse(text).evaluate(read, scope)
                assert got == number or (math.isnan(got) and math.isnan(number)), text
        if len(finite):
            mean = parse("mean(a)").evaluate(bare, scope)
            assert mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-9)


class Counting(History):
    """A history that counts how often it is asked."""

    asked = 0

    def counts(self, metric):
        self.asked += 1
        return super().counts(metric)

    def series(self, metric, runs=None):
        self.asked += 1
        return super().series(metric, runs)


def test_a_thousand_runs_ask_the_history_a_few_times(tmp_path):
    runs = tables([{"metrics": {"a": [1.0, 2.0, 3.0]}} for _ in range(1_000)]).rows
    history = Counting(tmp_path)
    ids = [run.id for run in runs for _ in range(3)]
    columns = [
        ids,
        ["a"] * 3_000,
        [0.0, 1.0, 2.0] * 1_000,
        [START] * 3_000,
        [1.0, 2.0, 3.0] * 1_000,
    ]
    fields = zip(columns, HISTORY_SCHEMA, strict=True)
    arrays = [pa.array(column, field.type) for column, field in fields]
    history.add(pa.Table.from_arrays(arrays, schema=HISTORY_SCHEMA))
    scope = Scope(Names.of(runs, Design()), Design(), history)
    expression = parse("mean(a) + max(a)")
    assert {expression.evaluate(run, scope) for run in _unread(runs)} == {5.0}
    # the counts and the points, for each of the two reductions
    assert history.asked == 4
    # a changed copy of the scope remembers them
    changed = replace(scope, baseline_values=lambda _metric: None)
    expression.evaluate(_unread(runs)[0], changed)
    assert history.asked == 4


def test_runs_are_reduced_in_parts_of_bounded_size(monkeypatch):
    context = study([{"metrics": {"a": [float(i), 1.0], "b": [2.0] * 3}} for i in range(9)])
    scope = Scope(Names.of(context.runs, Design()), Design(), context.history)
    monkeypatch.setattr(points, "MAX_POINTS", 7)
    got = [parse("mean(a) + at(max(a)).b").evaluate(run, scope) for run in _unread(context.runs)]
    assert got == [(i + 1.0) / 2 + 2.0 for i in range(9)]


def test_points_that_come_later_are_found_later():
    context = study([{"metrics": {"a": [1.0, 2.0]}}, {"metrics": {"b": [3.0, 5.0]}}])
    scope = Scope(Names.of(context.runs, Design()), Design(), study([{}]).history)
    (run, _) = _unread(context.runs)
    assert parse("max(a)").evaluate(run, scope) is None
    later = replace(scope, history=context.history)
    assert parse("max(a)").evaluate(run, later) == 2.0


def test_the_value_at_a_step_is_the_last_one_so_far():
    # b was logged at step 0 and 2; a is smallest at step 1
    context = study([{"metrics": {"a": [3.0, 1.0, 2.0], "b": [7.0]}}])
    assert value("at(min(a)).b", context.runs[0], history=context.history) == 7.0
    assert value("at(min(b)).a", context.runs[0], history=context.history) == 3.0
