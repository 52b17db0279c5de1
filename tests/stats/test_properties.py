"""What holds of every test, whichever decides: mirrored sides, other units and orders, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.stats.decide import decide
from runreport.stats.methods import FACTS
from runreport.stats.plan import Case, Rules
from runreport.stats.result import Significance

SEEDS = st.integers(0, 2**32 - 1)
MIRRORED = {"better": "worse", "worse": "better"}

METHODS = [
    ("replicates", False, "welch"), ("replicates", False, "permutation"),
    ("replicates", False, "mann_whitney"), ("replicates", False, "brunner_munzel"),
    ("replicates", False, "games_howell"), ("replicates", False, "tukey"),
    ("replicates", True, "paired_t"), ("replicates", True, "sign_flip"),
    ("replicates", True, "wilcoxon"), ("replicates", True, "sign"),
    ("folds", True, "corrected_t"), ("folds", True, "five_by_two_f"),
    ("items", True, "mcnemar"), ("items", True, "item_t"), ("items", True, "randomisation"),
    ("items", True, "delong"), ("datasets", True, "wilcoxon"), ("times", False, "log_rank"),
]  # fmt: skip
"""Kind, pairing and method; Dunnett's and Dietterich's tests single one side or one fold out."""


def made(kind: str, paired: bool, method: str, seed: int, n: int = 10) -> Case:
    """A case that its method fits."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 1, n) if paired else np.zeros(n)
    base = np.round(common + rng.normal(0, 1, n), 3)
    new = np.round(common + rng.normal(rng.choice([0.0, 1.5, -1.5]), 1, n), 3)
    more: dict[str, Any] = {}
    if method == "mcnemar":
        base, new = (base > 0).astype(float), (new > 0).astype(float)
    if kind == "folds":
        more = {"overlap": 1.0 if method == "five_by_two_f" else 1 / 9, "repeats": 5}
    if method == "delong":
        more = {"labels": np.arange(n) % 2.0, "statistic": "auc"}
    if kind == "times":
        base, new = np.abs(base) + 1, np.abs(new) + 1
        more = {"events": (rng.random(n) < 0.8, rng.random(n) < 0.8)}
        more["events"][0][0] = more["events"][1][0] = True
    return Case(base, new, paired, "maximize", kind=kind, method=method, sides=("b", "a"), **more)  # type: ignore[arg-type]


def one(case: Case) -> Significance:
    (found,) = decide([case], Rules())
    return found


def swapped(case: Case) -> Case:
    events = None if case.events is None else case.events[::-1]
    return replace(
        case, baseline=case.candidate, candidate=case.baseline, events=events,
        sides=case.sides[::-1],
    )  # fmt: skip


def ordered(case: Case, rng: np.random.Generator) -> Case:
    """The same replicates in another order; pairs stay together, repeats too."""
    if case.repeats:
        places = (rng.permutation(5)[:, None] * 2 + np.arange(2)).ravel()
        return replace(case, baseline=case.baseline[places], candidate=case.candidate[places])
    first = rng.permutation(case.baseline.size)
    second = first if case.paired else rng.permutation(case.candidate.size)
    events = case.events and (case.events[0][first], case.events[1][second])
    labels = None if case.labels is None else case.labels[first]
    return replace(
        case, baseline=case.baseline[first], candidate=case.candidate[second], events=events,
        labels=labels,
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "paired", "method"), METHODS)
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_swapping_the_sides_mirrors_everything(kind, paired, method, seed) -> None:
    case = made(kind, paired, method, seed)
    first, second = one(case), one(swapped(case))
    assert second.verdict == MIRRORED.get(first.verdict, first.verdict)
    if first.p_value is None:
        assert second.p_value is None
        return
    assert second.p_value == pytest.approx(first.p_value, rel=1e-6, abs=1e-12)
    assert second.difference == pytest.approx(-(first.difference or 0.0), abs=1e-9)
    if first.interval is not None and method != "randomisation":
        assert second.interval is not None
        assert second.interval.low == pytest.approx(-first.interval.high, abs=1e-7)
        assert second.interval.high == pytest.approx(-first.interval.low, abs=1e-7)


@pytest.mark.parametrize(("kind", "paired", "method"), METHODS)
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_order_of_runs_does_not_matter(kind, paired, method, seed) -> None:
    case = made(kind, paired, method, seed)
    first, second = one(case), one(ordered(case, np.random.default_rng(seed)))
    if first.p_value is None:
        assert second.p_value is None
        return
    assert second.difference == pytest.approx(first.difference, abs=1e-9)
    # exchanges are drawn, so another order draws others
    near = {"abs": 0.05} if method == "randomisation" else {"rel": 1e-6, "abs": 1e-12}
    assert second.p_value == pytest.approx(first.p_value, **near)


@pytest.mark.parametrize(("kind", "paired", "method"), METHODS)
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, shift=st.sampled_from([-3.0, 0.0, 12.5]), scale=st.sampled_from([0.5, 1.0, 8.0]))
def test_other_units_change_units_alone(kind, paired, method, seed, shift, scale) -> None:
    case = made(kind, paired, method, seed)
    if method == "mcnemar" or kind == "times":
        shift = 0.0
    moved = replace(
        case, baseline=case.baseline * scale + shift, candidate=case.candidate * scale + shift,
        one=scale,
    )  # fmt: skip
    first, second = one(case), one(moved)
    assert second.verdict == first.verdict
    if first.p_value is None:
        return
    assert second.p_value == pytest.approx(first.p_value, rel=1e-6, abs=1e-9)
    assert second.difference == pytest.approx((first.difference or 0.0) * scale, abs=1e-7)


@pytest.mark.parametrize(("kind", "paired", "method"), METHODS)
def test_one_replicate_is_refused(kind, paired, method) -> None:
    case = made(kind, paired, method, 1)
    events = None if case.events is None else (case.events[0][:1], case.events[1][:1])
    labels = None if case.labels is None else case.labels[:1]
    few = replace(
        case, baseline=case.baseline[:1], candidate=case.candidate[:1], events=events,
        labels=labels, repeats=0,
    )  # fmt: skip
    found = one(few)
    assert (found.p_value, found.interval, found.verdict) == (None, None, "no_inference")
    assert found.test == ""
    assert found.why


@pytest.mark.parametrize(("kind", "paired", "method"), METHODS)
def test_values_that_never_vary_give_no_finding(kind, paired, method) -> None:
    case = made(kind, paired, method, 1)
    events = case.events and (np.ones(10, np.bool_),) * 2
    fixed = replace(case, baseline=np.ones(10), candidate=np.ones(10), events=events)
    found = one(fixed)
    assert found.verdict not in ("better", "worse", "differs")
    assert found.p_value is None or found.p_value == pytest.approx(1.0)


@pytest.mark.parametrize(("kind", "paired", "method"), METHODS)
@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_values_that_are_no_numbers_never_reach_a_test(kind, paired, method, odd) -> None:
    case = made(kind, paired, method, 1)
    broken = case.candidate.copy()
    broken[3] = odd
    with pytest.raises(ValueError, match="finite"):
        one(replace(case, candidate=broken))


def test_every_test_is_tried_here_or_said_why_not() -> None:
    tried = {method for _, _, method in METHODS}
    assert set(FACTS) - tried == {"dunnett", "five_by_two_t"}
