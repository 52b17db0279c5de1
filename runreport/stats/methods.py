"""Every significance test by name: what it is called, assumes, comes from, and needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from runreport.design import Method

Needs = Literal["any", "pairs", "groups", "binary", "folds", "repeats", "labels", "outputs"]
"""What a test needs: pairs; independent groups; pairs of 0 and 1; paired folds of one data set;
five repeats of two folds; items with a label; items with a prediction each."""

Smallest = Literal["pairs", "splits", "none"]
"""What bounds the smallest p: sign patterns of pairs, splits of the pooled runs, nothing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a test besides its numbers."""

    title: str
    short: str
    """In the brackets of a sentence."""
    source: str
    assumptions: tuple[str, ...]
    needs: Needs = "any"
    smallest: Smallest = "none"
    about: str = "mean"
    """What the difference is of: mean, pseudo-median, shift, area, score."""
    together: bool = False
    """Tests all groups of a metric at once; its p is adjusted for them already."""


_RUNS = "the runs of a group are independent of each other and of the other group's"
_PAIRS = "pairs are independent of each other"
_FOLDS = (
    "all pairs are folds of one data set, whose training parts overlap",
    "what holds is about training sets drawn like this one, not about other data sets",
)
_SHIFT = "without a difference, both groups are distributed alike"
_SYMMETRIC = "differences are symmetric around their middle"
_ITEMS = (
    "items are drawn independently from what the models will meet",
    "what holds is about these trained models, not about the methods that made them",
)

FACTS: Mapping[Method, Facts] = MappingProxyType(
    {
        "welch": Facts(
            "Welch t-test",
            "Welch t",
            "Welch (1947), Biometrika 34",
            (_RUNS, "the means are roughly normal; variances may differ"),
            "groups",
        ),
        "permutation": Facts(
            "exact permutation test of the means",
            "exact permutation",
            "Pitman (1937), Supplement to the JRSS 4",
            (_RUNS, _SHIFT, "the interval is a Welch interval"),
            "groups",
            "splits",
        ),
        "brunner_munzel": Facts(
            "Brunner-Munzel test",
            "Brunner-Munzel",
            "Brunner and Munzel (2000), Biometrical Journal 42",
            (_RUNS, "the interval is of a shift: the groups differ in place, not in shape"),
            "groups",
            "splits",
            "shift",
        ),
        "mann_whitney": Facts(
            "Mann-Whitney test",
            "Mann-Whitney",
            "Mann and Whitney (1947), Annals of Mathematical Statistics 18",
            (_RUNS, _SHIFT),
            "groups",
            "splits",
            "shift",
        ),
        "paired_t": Facts(
            "paired t-test",
            "paired t",
            "Student (1908), Biometrika 6",
            (_PAIRS, "the mean of the differences is roughly normal"),
            "pairs",
        ),
        "sign_flip": Facts(
            "exact paired sign-flip test",
            "paired sign-flip",
            "Fisher (1935), The Design of Experiments, section 21",
            (
                _PAIRS,
                "without a difference, each pair's difference is as likely positive as negative",
                "the interval is a t interval: the mean of the differences is roughly normal",
            ),
            "pairs",
            "pairs",
        ),
        "wilcoxon": Facts(
            "Wilcoxon signed-rank test",
            "Wilcoxon signed-rank, zeros split",
            "Wilcoxon (1945), Biometrics Bulletin 1; Pratt (1959), JASA 54, for zeros",
            (_PAIRS, _SYMMETRIC, "differences of 0 count half for either side"),
            "pairs",
            "pairs",
            "pseudo-median",
        ),
        "sign": Facts(
            "sign test",
            "sign test",
            "Arbuthnott (1710); Demsar (2006), JMLR 7, for ties split evenly",
            (_PAIRS, "the interval is of the pseudo-median"),
            "pairs",
            "pairs",
            "pseudo-median",
        ),
        "corrected_t": Facts(
            "corrected resampled t-test",
            "corrected resampled t",
            "Nadeau and Bengio (2003), Machine Learning 52",
            _FOLDS,
            "folds",
        ),
        "five_by_two_f": Facts(
            "combined 5x2cv F-test",
            "combined 5x2cv F",
            "Alpaydin (1999), Neural Computation 11",
            _FOLDS,
            "repeats",
        ),
        "five_by_two_t": Facts(
            "5x2cv paired t-test",
            "5x2cv t",
            "Dietterich (1998), Neural Computation 10",
            _FOLDS,
            "repeats",
        ),
        "mcnemar": Facts(
            "McNemar test",
            "McNemar",
            "McNemar (1947), Psychometrika 12; Tango (1998), Statistics in Medicine 17",
            _ITEMS,
            "binary",
        ),
        "item_t": Facts(
            "t-test of paired item scores",
            "paired t over items",
            "Miller (2024), Adding Error Bars to Evals",
            _ITEMS,
            "pairs",
        ),
        "delong": Facts(
            "DeLong test",
            "DeLong",
            "DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44",
            _ITEMS,
            "labels",
            about="area",
        ),
        "randomisation": Facts(
            "approximate randomisation test",
            "approximate randomisation",
            "Noreen (1989), Computer-Intensive Methods; Efron (1987), JASA 82, for the interval",
            _ITEMS,
            "outputs",
            about="score",
        ),
        "log_rank": Facts(
            "log-rank test",
            "log-rank",
            "Mantel (1966), Cancer Chemotherapy Reports 50",
            (_RUNS, "runs that never reach the target are censored at their last step"),
            "groups",
        ),
        "dunnett": Facts(
            "Dunnett test",
            "Dunnett",
            "Dunnett (1955), JASA 50",
            (_RUNS, "the means are roughly normal and all groups scatter alike"),
            "groups",
            together=True,
        ),
        "tukey": Facts(
            "Tukey test",
            "Tukey-Kramer",
            "Tukey (1949), Biometrics 5; Kramer (1956), Biometrics 12",
            (_RUNS, "the means are roughly normal and all groups scatter alike"),
            "groups",
            together=True,
        ),
        "games_howell": Facts(
            "Games-Howell test",
            "Games-Howell",
            "Games and Howell (1976), Journal of Educational Statistics 1",
            (_RUNS, "the means are roughly normal; variances may differ"),
            "groups",
            together=True,
        ),
    }
)
"""In the order of the `Method` literal."""
