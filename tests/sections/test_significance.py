"""The page about differences: the verdict first, what it rests on after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runreport import blocks as b
from runreport.design import Margin, Metric
from runreport.kinds import Context
from runreport.sections import significance
from runreport.sections.significance import Options
from tests import reading
from tests.sections.test_comparing import ACCURACY, BASELINE, LOSS, both, context, noise, runs_of
from tests.stats.reference import behaviour, needs_oracles


def blocks_of(made: Context, **options: Any) -> tuple[b.Block, ...]:
    chosen = Options(**options)
    return significance.present(significance.compute(made, chosen), chosen)


def text_of(made: Context, **options: Any) -> str:
    return " ".join(reading.texts(blocks_of(made, **options)))


def single(*metrics: Metric) -> dict[str, Any]:
    return {"baseline": BASELINE, "metrics": metrics or (ACCURACY,)}


def test_the_first_block_is_the_verdict() -> None:
    first = blocks_of(context(runs_of(noise(2, 10)), **single()))[0]
    assert isinstance(first, b.Text)
    assert first.role == "lead"
    assert " beats " in "".join(reading.texts([first]))


def test_what_a_test_cannot_reach_stands_before_any_p() -> None:
    made = context(runs_of(noise(2, 5)), pair_by="seed", **single())
    texts = list(reading.texts(blocks_of(made)))
    limit = next(i for i, text in enumerate(texts) if "cannot reach 0.05" in text)
    first_p = next(i for i, text in enumerate(texts) if "p = " in text or "p < " in text)
    assert limit < first_p
    assert "n = 5 pairs; needs 6" in texts[limit]


@needs_oracles
def test_single_runs_show_values_and_difference_and_no_claim() -> None:
    values = behaviour("single_run_each")["given"]
    made = context(runs_of({"m0": values["B"], "m1": values["A"]}), **single())
    words = text_of(made)
    for part in ("91.2", "90.5", "+0.7 points", "3 seeds each"):
        assert part in words
    for part in ("p = ", "p < ", "interval 0", "better", "significant", "beats"):
        assert part not in words
    assert reading.find(blocks_of(made), b.Figure) == []


@needs_oracles
def test_three_seeds_are_tested_by_welch_and_told_what_they_can_show() -> None:
    values = behaviour("three_seeds_welch")["given"]
    made = context(runs_of({"m0": values["B"], "m1": values["A"]}), **single())
    words = text_of(made)
    assert "Welch t" in words
    assert "3.07 SD" in words
    assert "Mann" not in words
    assert "bootstrap" not in words


@needs_oracles
def test_runs_without_scatter_get_no_p() -> None:
    values = behaviour("deterministic_seeds")["given"]
    words = text_of(context(runs_of({"m0": values["B"], "m1": values["A"]}), **single()))
    assert "copies" in words
    assert "p = " not in words
    assert "p < " not in words


def test_a_comparison_that_is_open_is_not_called_equal() -> None:
    groups = {"m0": [0.80, 0.82, 0.81, 0.79, 0.83], "m1": [0.81, 0.83, 0.80, 0.82, 0.84]}
    words = text_of(context(runs_of(groups), **single()))
    assert "is open" in words
    assert "Open does not mean equal" in words
    assert "more seeds per group" in words
    assert "no significant difference" not in words


def test_equivalence_names_its_margin_and_its_test() -> None:
    base = np.random.default_rng(7).normal(0.9, 0.01, 12)
    groups = {"m0": base.tolist(), "m1": (base + np.tile([0.002, -0.002], 6)).tolist()}
    metric = Metric("accuracy", goal="maximize", margin=Margin(0.01), primary=True)
    words = text_of(context(runs_of(groups), pair_by="seed", **single(metric)))
    assert "are practically equivalent on accuracy within 0.01 (TOST p " in words


def test_a_negligible_difference_is_never_called_better() -> None:
    rng = np.random.default_rng(3)
    base = rng.normal(0.9, 0.01, 12)
    groups = {"m0": base.tolist(), "m1": (base + 0.0004 + rng.normal(0, 3e-4, 12)).tolist()}
    metric = Metric("accuracy", goal="maximize", margin=Margin(0.002), primary=True)
    made = context(runs_of(groups), pair_by="seed", **single(metric))
    (lead,) = (x for x in blocks_of(made) if isinstance(x, b.Text) and x.role == "lead")
    words = "".join(reading.texts([lead]))
    assert "detectable but below the declared margin of 0.002" in words
    assert "beats" not in words


@needs_oracles
def test_ten_variants_show_adjusted_p_and_the_size_of_their_family() -> None:
    assert behaviour("many_to_one")["given"]["variants"] == 10
    made = context(runs_of(noise(11, 6, 0.0)), **single())
    words = text_of(made)
    assert "over 10 comparisons" in words
    (table, *_) = reading.find(blocks_of(made), b.Table)
    assert "Adjusted p" in [column.title for column in table.columns]
    assert len(table.rows) == 10


def test_sixty_groups_are_drawn_in_part_and_listed_whole() -> None:
    made = context(runs_of(noise(60, 4)), **single())
    blocks = blocks_of(made)
    (figure,) = reading.find(blocks, b.Figure)
    assert len(figure.data.lines) == 30
    assert "29 comparisons more" in "".join(reading.texts([figure]))
    (table, *_) = reading.find(blocks, b.Table)
    assert len(table.rows) == 59


def test_the_chart_reaches_zero_shades_the_margin_and_marks_groups() -> None:
    from runreport.render.figures import draw_svg
    from tests import pages

    metric = Metric("accuracy", goal="maximize", margin=Margin(0.005), primary=True)
    made = context(runs_of(noise(4, 6)), **single(metric))
    (figure,) = reading.find(blocks_of(made), b.Figure)
    assert figure.data.x.low < 0 < figure.data.x.high
    assert {line.margin for line in figure.data.lines} == {0.005}
    theme = pages.theme()
    svg = draw_svg(figure, theme.colors, theme.font_size, "c1")
    # an interval and a mark for each of three groups
    assert svg.count("data-run=") == 6


def test_a_group_that_failed_to_learn_does_not_flatten_the_rest() -> None:
    groups = {**noise(4, 6), "m9": [0.1, 0.11, 0.12, 0.1, 0.13, 0.11]}
    made = context(runs_of(groups), **single())
    (figure,) = reading.find(blocks_of(made), b.Figure)
    assert [line.off for line in figure.data.lines] == [0, 0, 0, -1]
    assert figure.data.x.low > -20
    assert "far beyond the others" in "".join(reading.texts([figure]))


def test_every_run_left_out_is_named_with_its_reason() -> None:
    runs = runs_of({"m0": [0.8, 0.81, 0.82, 0.8], "m1": [0.9, None, 0.92, 0.93]})
    runs[3]["status"] = "killed"
    words = text_of(context(runs, **single()))
    assert "killed: m0-s3" in words
    assert "accuracy is NaN: m1-s1" in words


def test_a_page_about_one_group_shows_its_comparisons_with_the_same_numbers() -> None:
    runs = both()
    whole = significance.compute(context(runs, baseline=BASELINE), Options())
    made = context(runs, baseline=BASELINE, subject_group=2)
    part = significance.compute(made, Options())
    (alone,) = part.answers[0].comparisons
    same = [c for c in whole.answers[0].comparisons if c.candidate.id == alone.candidate.id]
    assert [alone.result] == [c.result for c in same]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], "No runs are selected."),
        (runs_of({"m0": [0.8, 0.9, 0.85]}), "Only model=m0 has values of accuracy"),
        (runs_of({"m0": [None, None], "m1": [None, None]}), "No comparison of"),
    ],
)
def test_too_little_to_compare_is_said(runs: list[Any], expected: str) -> None:
    baseline = BASELINE if len(runs) == 4 else None
    assert expected in text_of(context(runs, baseline=baseline, metrics=(ACCURACY,)))


def test_a_page_about_a_group_without_a_value_says_so_of_that_group() -> None:
    runs = runs_of({"m0": [0.8, 0.9, 0.85], "m1": [0.7, 0.75, 0.8], "m2": [None, None, None]})
    words = text_of(context(runs, metrics=(ACCURACY,), subject_group=2))
    assert "model=m2 has no value of accuracy, so there is nothing to compare." in words
    assert "Only" not in words


def test_no_declared_metric_is_said() -> None:
    assert "declares no metric" in text_of(context(runs_of(noise(2, 3)), metrics=()))


def test_exploratory_metrics_say_so() -> None:
    titles = [
        x.text for x in reading.find(blocks_of(context(both(), baseline=BASELINE)), b.Headline)
    ]
    assert titles == ["accuracy", "loss (exploratory)"]
    assert LOSS.name == "loss"


def test_folds_show_what_the_plain_test_would_have_said() -> None:
    from scipy import stats

    rng = np.random.default_rng(1)
    base = rng.normal(0.8, 0.02, 10)
    other = base + rng.normal(0.005, 0.01, 10)
    runs = runs_of({"m0": base.tolist(), "m1": other.tolist()})
    for run in runs:
        run["params"]["fold"] = run["params"].pop("seed")
    words = text_of(context(runs, replicates="fold", pair_by="fold", **single()))
    naive = stats.ttest_rel(other, base).pvalue
    assert f"The plain paired t-test would have said p = {naive:.3f} for model=m1." in words
