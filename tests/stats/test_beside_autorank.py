"""Side by side with autorank 1.3.0 on three samples: what it says, and what a page says instead.

Its report is printed, so it is caught from the output.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runreport.design import Metric
from runreport.kinds import Context
from runreport.registry import SECTIONS
from tests import reading
from tests.sections.rankings import TREES, ranked
from tests.stats.test_ranks import DEMSAR
from tests.studies import study

# ten seeds of two models, one of which diverged
WITH_NAN = {
    "A": [0.80, 0.79, np.nan, 0.81, 0.80, 0.82, 0.79, 0.80, 0.81, 0.80],
    "B": [0.78, 0.79, 0.80, 0.79, 0.78, 0.80, 0.79, 0.79, 0.80, 0.78],
}


@pytest.fixture
def autorank(capsys: pytest.CaptureFixture[str]) -> Any:
    """Its result and what it prints for a table, one column per population."""
    import matplotlib as mpl

    mpl.use("Agg")
    from autorank import autorank as rank
    from autorank import create_report

    def run(table: dict[str, Any]) -> tuple[Any, str]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = rank(pd.DataFrame(table), alpha=0.05, verbose=False)
            capsys.readouterr()
            create_report(found)
        return found, capsys.readouterr().out

    return run


def seeds(table: dict[str, Any]) -> Context:
    """The same as runs of seeds, paired."""
    runs = [
        {
            "name": f"{model}-s{seed}",
            "params": {"model": model, "seed": seed},
            "metrics": {"accuracy": float(value)},
        }
        for model, values in table.items()
        for seed, value in enumerate(values)
    ]
    metric = Metric("accuracy", goal="maximize", primary=True)
    return study(runs, by=["model"], replicates="seed", pair_by="seed", metrics=(metric,))


def says(context: Context, section: str) -> str:
    kind = SECTIONS[section]
    options = kind.options()
    return reading.said(kind.present(kind.compute(context, options), options))


def test_one_run_that_diverged(autorank: Any) -> None:
    found, printed = autorank(WITH_NAN)
    assert np.isnan(found.pvalue)
    assert "We reject the null hypothesis (p=nan)" in printed
    assert "significantly larger" in printed

    text = says(seeds(WITH_NAN), "significance")
    assert "model=A: 9 of 10 finished with a value of accuracy" in text
    assert "9 complete pairs are compared" in text
    assert "scored as the worst value seen" in text
    assert "nan" not in text.replace("NaN", "")


def test_the_table_of_demsar(autorank: Any) -> None:
    found, printed = autorank(dict(zip(TREES, DEMSAR.T, strict=True)))
    assert found.omnibus == "anova"
    assert "repeated measures ANOVA" in printed
    # it rejects, and then groups all four as not different
    assert "We reject the null hypothesis" in printed
    assert "within the following groups: C4.5, C4.5+cf, C4.5+m, and C4.5+m+cf" in printed

    text = says(ranked(DEMSAR, TREES), "ranking")
    assert "The 4 groups do not all rank alike on auc over 14 datasets (Iman-Davenport F" in text
    assert "There is a difference somewhere, and no pair is told apart" in text
    assert "ANOVA" not in text
    assert "normal" not in text.split("Ranks are given within")[0]


def test_values_that_never_change(autorank: Any) -> None:
    table = {"A": [0.9] * 10, "B": [0.8] * 10}
    found, printed = autorank(table)
    assert found.pvalue == 0
    assert "significantly larger" in printed
    assert "d=-inf" in printed

    text = says(seeds(table), "significance")
    assert "Values do not vary between seeds" in text
    assert "No test is made" in text
    assert "p = " not in text
    assert "p < " not in text
    text = says(ranked(np.array([*table.values()]).T, "AB"), "ranking")
    assert "p = " not in text
    assert "p < " not in text


def test_groups_that_tie_everywhere(autorank: Any) -> None:
    table = {name: [0.9] * 10 for name in "ABC"}
    found, printed = autorank(table)
    assert np.isnan(found.pvalue)
    assert "We reject the null hypothesis (p=nan)" in printed
    assert "statistically significant difference" in printed

    text = says(ranked(np.array([*table.values()]).T, "ABC"), "ranking")
    assert "No test is made" in text
    assert "p = " not in text
    assert "p < " not in text
