"""Read-outs of experiments: the plan first, then the verdict, and what is said at later looks."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from runreport import blocks as b
from runreport.design import Margin, Metric
from runreport.kinds import Context
from runreport.pipeline import BuildRequest, build
from runreport.render.stated import plain
from runreport.sections import ab_test
from runreport.sections.ab_test import Options
from runreport.sections.panels import Share
from runreport.sections.tallies import Outcome
from tests import reading
from tests.shared import ROOT
from tests.stats.reference import behaviour, needs_oracles
from tests.studies import study

SIGNUPS = Metric("signups", goal="maximize", unit="%", scale=100, label="Sign-ups", primary=True)
SPEND = Metric("spend", goal="maximize", unit="€")
SUMS = Options(outcomes=(Outcome("signups"),), users="users")


def row(arm: str, **metrics: float) -> dict[str, Any]:
    return {"name": f"{arm} row", "params": {"arm": arm}, "metrics": metrics}


def experiment(*rows: dict[str, Any], **more: Any) -> Context:
    options = {"baseline": {"arm": "control"}, "metrics": (SIGNUPS,), **more}
    return study(rows, by=["arm"], **options)


def two(signups: int = 1120, **more: Any) -> Context:
    return experiment(
        row("control", users=10_000, signups=1000),
        row("new", users=10_000, signups=signups),
        **more,
    )


def blocks(context: Context, options: Options = SUMS) -> tuple[b.Block, ...]:
    return ab_test.present(ab_test.compute(context, options), options)


def said(context: Context, options: Options = SUMS) -> str:
    return reading.said(blocks(context, options)).replace("arm=", "")


def lead(context: Context, options: Options = SUMS) -> str:
    found = [item for item in reading.find(blocks(context, options), b.Text) if item.role == "lead"]
    return reading.words(found[0].words).replace("arm=", "")


def result(context: Context, options: Options = SUMS, metric: int = 0, arm: int = 0) -> Any:
    return ab_test.compute(context, options).panels[metric].readings[arm]


# ---- behaviours ----------------------------------------------------------------------------------


@needs_oracles
def test_arms_that_are_not_as_planned_get_no_verdict() -> None:
    given = behaviour("srm")["given"]
    one, other = given["observed"]
    context = experiment(
        row("control", users=one, signups=one // 10), row("new", users=other, signups=other // 9)
    )
    planned = tuple(
        Share(arm, share) for arm, share in zip(("control", "new"), given["planned"], strict=True)
    )
    options = Options(outcomes=(Outcome("signups"),), users="users", planned=planned)
    text = said(context, options)
    everything = " ".join(reading.texts(blocks(context, options)))
    assert "lift" not in everything.lower()
    assert "sample-ratio mismatch" in text
    assert "verdict withheld" in text
    assert "p = 1.8e\u22126" in text
    assert not any(word in text for word in ("lift", "beats", "worse", "differ "))
    (first, *_) = blocks(context, options)
    assert isinstance(first, b.Note)
    assert first.kind == "danger"
    assert not reading.find(blocks(context, options), b.Figure)
    facts = plain(ab_test.record(ab_test.compute(context, options)))
    assert facts["mismatch"] is True
    (comparison,) = facts["metrics"][0]["comparisons"]
    assert comparison["reading"] is None
    assert comparison["label"] == "not comparable"


@needs_oracles
def test_a_later_look_is_said_and_decided_by_what_holds_at_every_look() -> None:
    look = behaviour("repeated_looks")["given"]["look"]
    context = two(1090, look=look)
    text = said(context)
    assert f"This is look {look} at these growing data; fixed-n p-values do not hold." in text
    sentence = lead(context)
    assert "anytime-valid 95 % interval" in sentence
    assert "pooled z" not in sentence
    # the z-test of one look would have claimed it
    assert lead(two(1090)).startswith("new beats control")
    assert sentence.startswith("Whether new and control differ on Sign-ups is open")


def test_the_option_counts_looks_before_the_spec_does() -> None:
    options = Options(outcomes=(Outcome("signups"),), users="users", look=3)
    assert ab_test.compute(two(look=9), options).look == 3
    assert ab_test.compute(two(look=9), SUMS).look == 9


# ---- what an arm is ------------------------------------------------------------------------------


def test_the_verdict_names_values_interval_lift_users_and_p() -> None:
    assert lead(two()) == (
        "new beats control on Sign-ups by 1.2 points (11.2 % against 10.0 %; 95 % interval "
        "0.3 to 2.1; lift +12.0 %, +3.0 % to +21.0 %; pooled z, 10\u202f000 users each, "
        "p = 0.006)."
    ).replace(" %", "\u202f%").replace("95\u202f%", "95 %")


def test_a_lift_that_disagrees_about_0_says_that_the_difference_decides() -> None:
    rows = (row("control", users=1000, signups=100), row("new", users=1010, signups=130))
    sentence = lead(experiment(*rows))
    # Newcombe's interval is above 0; (R - 1) -+ 1.96 R sqrt(0.9/100 + 0.8713/130) is not
    assert "95 % interval 0.1 to 5.7" in sentence
    assert "\u22122.9\u202f% to +60.3\u202f%, which includes 0 but is approximate" in sentence
    assert "the difference decides" in sentence
    assert "the difference decides" not in lead(two())


def test_one_user_each_is_singular() -> None:
    rows = (row("control", users=1, signups=0), row("new", users=1, signups=1))
    assert ", 1 visitor each, p" in lead(experiment(*rows), replace(SUMS, unit="visitor"))


def test_what_is_counted_is_called_by_its_name_everywhere() -> None:
    """A visitor is no user, whatever the section's own words are."""
    bad = {"users": 1000, "signups": 5000}
    contexts = (
        (two(), Outcome("signups")),
        (two(look=2), Outcome("signups")),
        (experiment(row("control", **bad), row("new", **bad)), Outcome("signups")),
        (experiment(row("control", **bad), row("new", **bad)), Outcome("signups", per="users")),
        (experiment(row("control", users=0.5), row("new", users=1)), Outcome("signups")),
        (
            experiment(row("control", users=9000, signups=9), row("new", users=1000, signups=9)),
            Outcome("signups"),
        ),
        (
            experiment(
                row("control", users=100, signups=50, q=80, b=100, b2=100, p=50),
                row("new", users=100, signups=50, q=80, b=100, b2=100, p=50),
            ),
            Outcome("signups", squares="q", before="b", before_squares="b2", before_products="p"),
        ),
    )
    for context, outcome in contexts:
        options = Options(outcomes=(outcome,), users="users", unit="visitor")
        text = " ".join(reading.texts(blocks(context, options)))
        assert "isitor" in text
        # the name of the column of counts is the author's
        assert "user" not in text.replace("users has", "").lower()


def test_sums_that_cannot_be_are_written_as_logged() -> None:
    rows = [
        row("control", users=1000, signups=5000, q=3),
        row("new", users=1000, signups=5300, q=40_000),
    ]
    options = Options(outcomes=(Outcome("signups", squares="q"),), users="users", unit="visitor")
    text = " ".join(reading.texts(blocks(experiment(*rows), options))).replace("\u202f", " ")
    assert "a sum of squares of 3 is too small for 1 000 visitors with a sum of 5 000." in text


def test_a_margin_in_per_cent_of_0_is_said() -> None:
    metric = replace(SIGNUPS, margin=Margin(5, relative=True))
    rows = (row("control", users=1000, signups=0), row("new", users=1000, signups=30))
    text = said(experiment(*rows, metrics=(metric,)))
    assert "a margin of 5 % of the baseline on Sign-ups, which is 0 here" in text
    assert "which is 0 here" not in said(two(metrics=(metric,)))


def test_rows_of_an_arm_are_added_up() -> None:
    days = experiment(
        row("control", users=4000, signups=420),
        row("new", users=3000, signups=330),
        row("control", users=6000, signups=580),
        row("new", users=7000, signups=790),
    )
    assert result(days).result == result(two()).result


def test_a_row_may_be_a_user() -> None:
    rng = np.random.default_rng(2)
    values = {"control": rng.normal(10, 3, 40), "new": rng.normal(13, 4, 45)}
    rows = [row(arm, spend=float(v)) for arm, part in values.items() for v in part]
    context = experiment(*rows, metrics=(SPEND,))
    found = result(context, Options())
    expected = stats.ttest_ind(values["new"], values["control"], equal_var=False)
    assert found.result.p_value == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert (found.result.interval.low, found.result.interval.high) == pytest.approx(
        (interval.low, interval.high)
    )
    assert ab_test.compute(context, Options()).users == (40, 45)


def test_users_of_0_and_1_are_counted() -> None:
    rows = [row(arm, signups=float(i < hits)) for arm, hits in (("control", 20), ("new", 35))
            for i in range(100)]  # fmt: skip
    data = ab_test.compute(experiment(*rows), Options())
    assert data.panels[0].tally.measure == "proportion"
    assert data.panels[0].readings[0].result.difference == pytest.approx(15)


def users_as(arm: str, spend: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> dict[str, Any]:
    return row(
        arm,
        users=len(spend),
        spend=float(spend.sum()),
        squares=float((spend**2).sum()),
        other=float(other.sum()),
        other_squares=float((other**2).sum()),
        products=float((spend * other).sum()),
    )


@pytest.fixture
def spending() -> tuple[Context, Context]:
    """The same users as sums and one by one, with a related value each."""
    rng = np.random.default_rng(9)
    arms = {}
    for arm, more in (("control", 0.0), ("new", 1.0)):
        other = rng.gamma(3, 3, 80)
        arms[arm] = (other * 0.8 + rng.normal(5 + more, 1, 80), other)
    sums = experiment(*(users_as(arm, *part) for arm, part in arms.items()), metrics=(SPEND,))
    single = experiment(
        *(row(arm, spend=float(y), other=float(x)) for arm, part in arms.items()
          for y, x in zip(*part, strict=True)), metrics=(SPEND,)
    )  # fmt: skip
    return sums, single


@pytest.mark.parametrize("kind", ["mean", "per", "before"])
def test_sums_say_what_users_say(spending: tuple[Context, Context], kind: str) -> None:
    more = {} if kind == "mean" else {
        kind: "other", f"{kind}_squares": "other_squares", f"{kind}_products": "products"
    }  # fmt: skip
    of_sums = Outcome("spend", squares="squares", **more)
    of_users = Outcome("spend", **({} if kind == "mean" else {kind: "other"}))
    one = result(spending[0], Options(outcomes=(of_sums,), users="users")).result
    other = result(spending[1], Options(outcomes=(of_users,))).result
    assert one.difference == pytest.approx(other.difference)
    assert one.p_value == pytest.approx(other.p_value)
    assert one.short == other.short


def test_what_was_before_narrows_the_interval_and_is_said(
    spending: tuple[Context, Context],
) -> None:
    plain_one = result(spending[1], Options(outcomes=(Outcome("spend"),))).result
    options = Options(outcomes=(Outcome("spend", before="other"),))
    adjusted = result(spending[1], options).result
    assert adjusted.interval.width < 0.5 * plain_one.interval.width
    assert "of the variance" in said(spending[1], options)


# ---- families ------------------------------------------------------------------------------------


def test_primary_metrics_are_corrected_by_holm_and_the_others_for_false_discoveries() -> None:
    names = ("signups", "first", "second")
    rows = [
        row(arm, users=10_000, **{name: 1000.0 + add * (3 - i) for i, name in enumerate(names)})
        for arm, add in (("control", 0), ("a", 20), ("b", 40))
    ]
    metrics = (SIGNUPS, Metric("first", goal="maximize"), Metric("second", goal="minimize"))
    context = experiment(*rows, metrics=metrics)
    options = Options(outcomes=tuple(Outcome(name) for name in names), users="users")
    data = ab_test.compute(context, options)
    kinds = [(p.answer.is_primary, p.readings[0].result.correction, p.readings[0].result.family)
             for p in data.panels]  # fmt: skip
    assert kinds == [(True, "holm", 2), (False, "bh", 4), (False, "bh", 4)]
    assert "Benjamini-Hochberg-adjusted" in said(context, options)
    assert "first (secondary)" in list(reading.texts(blocks(context, options)))


def test_the_arm_with_the_largest_improvement_comes_first() -> None:
    context = experiment(
        row("control", users=5000, signups=500),
        row("a", users=5000, signups=510),
        row("b", users=5000, signups=640),
    )
    items = reading.find(blocks(context), b.Bullets)[0].items
    assert reading.words(items[0]).startswith("arm=b beats arm=control")
    assert reading.words(items[1]).startswith("Whether arm=a and arm=control differ")


def test_margins_and_goals_are_those_of_the_metric() -> None:
    fewer = Metric("signups", goal="minimize", unit="%", scale=100, margin=Margin(5, relative=True))
    found = result(two(metrics=(fewer,))).result
    assert found.verdict == "inconclusive"
    assert found.margin == pytest.approx(0.5)
    assert result(two(2000, metrics=(fewer,))).result.verdict == "worse"


def test_no_baseline_is_said() -> None:
    assert "arms are compared with control, the first one" in said(two(baseline=None))


# ---- what cannot be read -------------------------------------------------------------------------


def test_planned_shares_must_name_every_arm() -> None:
    for shares, words in (
        ((Share("control", 1),), "no share is planned for"),
        ((Share("control", 1), Share("new", 1), Share("old", 1)), "there is no arm old"),
        ((Share("control", 1), Share("control", 1), Share("new", 1)), "2 shares are planned"),
    ):
        options = Options(outcomes=(Outcome("signups"),), users="users", planned=shares)
        assert words in said(two(), options)
        assert ab_test.compute(two(), options).ratio is None


def test_unequal_plans_are_held_against() -> None:
    context = experiment(
        row("control", users=9000, signups=900), row("new", users=1010, signups=130)
    )
    planned = (Share("control", 90), Share("new", 10))
    options = Options(outcomes=(Outcome("signups"),), users="users", planned=planned)
    found = ab_test.compute(context, options).ratio
    assert found is not None
    expected = stats.chisquare([9000, 1010], [9009, 1001])
    assert found.p_value == pytest.approx(expected.pvalue)
    assert ab_test.compute(context, SUMS).ratio.is_mismatch  # type: ignore[union-attr]  # checked


@pytest.mark.parametrize(
    ("metrics", "outcome", "words"),
    [
        ({"users": 100, "signups": 120}, Outcome("signups"), "120 successes of 100 users"),
        ({"users": 100, "signups": 12.5}, Outcome("signups"), "no count"),
        ({"users": 100, "signups": 9, "q": 0.1}, Outcome("signups", squares="q"), "too small"),
        ({"users": 100, "signups": 9}, Outcome("signups", per="users"), "needs `squares`"),
        (
            {"users": 100, "signups": 9},
            Outcome("signups", squares="users", before="users"),
            "needs `before_squares`",
        ),
    ],
)
def test_sums_that_cannot_be_are_said(
    metrics: dict[str, float], outcome: Outcome, words: str
) -> None:
    context = experiment(row("control", **metrics), row("new", **metrics))
    text = " ".join(reading.texts(blocks(context, Options(outcomes=(outcome,), users="users"))))
    assert words in text
    assert "Nothing to compare on Sign-ups" in text


@pytest.mark.parametrize("users", [-3.0, 2.5, 1e300])
def test_users_that_are_no_count_are_said(users: float) -> None:
    context = experiment(row("control", users=users, signups=1), row("new", users=5, signups=1))
    assert "Users cannot be counted" in " ".join(reading.texts(blocks(context)))


def test_rows_without_a_value_stay_out_and_are_named() -> None:
    context = experiment(
        row("control", users=10_000, signups=1000),
        row("control", users=50),
        row("new", users=10_000, signups=1120),
        row("new", users=60, signups=math.nan),
    )
    found = result(context).result
    assert found.n == (10_000, 10_000)
    assert "signups is NaN: new row" in said(context)
    # they were assigned all the same
    assert ab_test.compute(context, SUMS).users == (10_050, 10_060)


def test_an_arm_without_users_leaves_the_others() -> None:
    context = experiment(
        row("control", users=10_000, signups=1000),
        row("new", users=10_000, signups=1120),
        row("late"),
    )
    planned = tuple(Share(arm, 1) for arm in ("control", "new", "late"))
    data = ab_test.compute(context, Options(outcomes=SUMS.outcomes, users="users", planned=planned))
    assert data.ratio is not None
    assert data.ratio.is_mismatch
    assert len(data.panels[0].readings) == 1


def test_a_page_about_one_arm_shows_that_arm_and_corrects_for_all() -> None:
    rows = [row(arm, users=5000, signups=hits)
            for arm, hits in (("control", 500), ("a", 520), ("b", 640))]  # fmt: skip
    whole, about = experiment(*rows), experiment(*rows, subject_group=2)
    (shown,) = ab_test.compute(about, SUMS).panels[0].answer.comparisons
    assert shown.candidate.label.endswith("b")
    first = ab_test.compute(whole, SUMS).panels[0].answer.comparisons[0]
    assert shown.result == first.result


# ---- the example ---------------------------------------------------------------------------------


def test_the_example_reads_like_a_read_out(tmp_path: Path) -> None:
    spec = ROOT / "examples" / "ab" / "runreport.yaml"
    build(BuildRequest(spec, {}, tmp_path / "site"))
    stated = json.loads((tmp_path / "site" / "runreport.json").read_text())
    first, second = (page["sections"][0]["facts"] for page in stated["pages"])
    assert [metric["measure"] for metric in first["metrics"]] == [
        "proportion", "adjusted mean", "ratio",
    ]  # fmt: skip
    assert first["mismatch"] is False
    assert (first["look"], second["look"]) == (1, 14)
    orders = [item["reading"] for item in second["metrics"][0]["comparisons"]]
    assert all(item["result"]["anytime"] for item in orders)
    page = (tmp_path / "site" / "had-we-looked-daily.html").read_text()
    assert "This is look 14 at these growing data" in page


def test_the_example_is_what_its_script_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    path = ROOT / "examples" / "ab" / "experiment.py"
    spec = importlib.util.spec_from_file_location("experiment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "experiment.py"))
    module.main()
    written = (tmp_path / "experiment.csv").read_text()
    assert written == path.with_name("experiment.csv").read_text()
