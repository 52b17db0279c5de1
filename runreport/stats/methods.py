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
    formula: str = ""
    """How statistic and interval come about, in one line of plain text."""
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
            (
                "t = (mean 2 - mean 1) / sqrt(s1^2/n1 + s2^2/n2), df after Welch and "
                "Satterthwaite; interval: difference +- t quantile x the same root"
            ),
            "groups",
        ),
        "permutation": Facts(
            "exact permutation test of the means",
            "exact permutation",
            "Pitman (1937), Supplement to the JRSS 4",
            (_RUNS, _SHIFT, "the interval is a Welch interval"),
            (
                "p = share of all splits of the pooled values whose difference of means is at "
                "least as large"
            ),
            "groups",
            "splits",
        ),
        "brunner_munzel": Facts(
            "Brunner-Munzel test",
            "Brunner-Munzel",
            "Brunner and Munzel (2000), Biometrical Journal 42",
            (_RUNS, "the interval is of a shift: the groups differ in place, not in shape"),
            (
                "W from the mean midranks of both groups and the variances of their placements, "
                "Student's t with Satterthwaite's df; interval: middle of all pairwise "
                "differences between its rank-sum limits"
            ),
            "groups",
            "splits",
            "shift",
        ),
        "mann_whitney": Facts(
            "Mann-Whitney test",
            "Mann-Whitney",
            "Mann and Whitney (1947), Annals of Mathematical Statistics 18",
            (_RUNS, _SHIFT),
            (
                "U = pairs in which the second exceeds the first, ties half; p from all splits, "
                "or normal with tie correction when there are many; interval: order statistics of "
                "all pairwise differences"
            ),
            "groups",
            "splits",
            "shift",
        ),
        "paired_t": Facts(
            "paired t-test",
            "paired t",
            "Student (1908), Biometrika 6",
            (_PAIRS, "the mean of the differences is roughly normal"),
            (
                "t = mean(d) / (s_d / sqrt(n)), df = n - 1; interval: mean(d) +- t quantile x s_d "
                "/ sqrt(n)"
            ),
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
            (
                "p = share of the 2^n sign patterns of d whose mean is at least as far from 0; "
                "interval: mean(d) +- t quantile x s_d / sqrt(n)"
            ),
            "pairs",
            "pairs",
        ),
        "wilcoxon": Facts(
            "Wilcoxon signed-rank test",
            "Wilcoxon signed-rank, zeros split",
            "Wilcoxon (1945), Biometrics Bulletin 1; Pratt (1959), JASA 54, for zeros",
            (_PAIRS, _SYMMETRIC, "differences of 0 count half for either side"),
            (
                "ranks of |d| (rounded to ten digits, ties share) summed by the sign of d; p from "
                "all sign patterns up to 50 pairs, normal above; interval: order statistics of "
                "the means of all pairs of d"
            ),
            "pairs",
            "pairs",
            "pseudo-median",
        ),
        "sign": Facts(
            "sign test",
            "sign test",
            "Arbuthnott (1710); Demsar (2006), JMLR 7, for ties split evenly",
            (_PAIRS, "the interval is of the pseudo-median"),
            (
                "p = binomial(n, 1/2) of the wins, ties split evenly; interval: order statistics "
                "of the means of all pairs of d"
            ),
            "pairs",
            "pairs",
            "pseudo-median",
        ),
        "corrected_t": Facts(
            "corrected resampled t-test",
            "corrected resampled t",
            "Nadeau and Bengio (2003), Machine Learning 52",
            _FOLDS,
            (
                "t = mean(d) / (s_d x sqrt(1/n + n_test/n_train)), df = n - 1; interval: mean(d) "
                "+- t quantile x the same error"
            ),
            "folds",
        ),
        "five_by_two_f": Facts(
            "combined 5x2cv F-test",
            "combined 5x2cv F",
            "Alpaydin (1999), Neural Computation 11",
            _FOLDS,
            (
                "F = sum of all ten squared differences / (2 x sum of the five variances), df 10 "
                "and 5"
            ),
            "repeats",
        ),
        "five_by_two_t": Facts(
            "5x2cv paired t-test",
            "5x2cv t",
            "Dietterich (1998), Neural Computation 10",
            _FOLDS,
            "t = first difference / sqrt(mean of the five variances), df 5",
            "repeats",
        ),
        "mcnemar": Facts(
            "McNemar test",
            "McNemar",
            "McNemar (1947), Psychometrika 12; Tango (1998), Statistics in Medicine 17",
            _ITEMS,
            (
                "b = items only the second has right, c = only the first; p = exact binomial(b + "
                "c, 1/2) below 25 such items, else chi-square (|b - c| - 1)^2 / (b + c)"
            ),
            "binary",
        ),
        "item_t": Facts(
            "t-test of paired item scores",
            "paired t over items",
            "Miller (2024), Adding Error Bars to Evals",
            _ITEMS,
            (
                "t = mean(d) / se with se = s_d / sqrt(n) and df = n - 1; over clusters se from "
                "their sums of d - mean, with the factor and df that Bell and McCaffrey (2002) "
                "give for few or uneven clusters"
            ),
            "pairs",
        ),
        "delong": Facts(
            "DeLong test",
            "DeLong",
            "DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44",
            _ITEMS,
            (
                "z = (area 2 - area 1) / sqrt(var 1 + var 2 - 2 cov) from the placements of "
                "positives among negatives"
            ),
            "labels",
            about="area",
        ),
        "randomisation": Facts(
            "approximate randomisation test",
            "approximate randomisation",
            "Noreen (1989), Computer-Intensive Methods; Efron (1987), JASA 82, for the interval",
            _ITEMS,
            (
                "p = share of random exchanges of the two predictions, item by item, that give a "
                "difference at least as large; interval: bootstrap over items"
            ),
            "outputs",
            about="score",
        ),
        "log_rank": Facts(
            "log-rank test",
            "log-rank",
            "Mantel (1966), Cancer Chemotherapy Reports 50",
            (_RUNS, "runs that never reach the target are censored at their last step"),
            (
                "observed minus expected events over all event times, squared over its variance, "
                "chi-square with df 1"
            ),
            "groups",
            smallest="splits",
            about="restricted mean",
        ),
        "dunnett": Facts(
            "Dunnett test",
            "Dunnett",
            "Dunnett (1955), JASA 50",
            (_RUNS, "the means are roughly normal and all groups scatter alike"),
            (
                "t = (mean - mean of the baseline) / (pooled s x sqrt(1/n + 1/n0)); p and "
                "intervals from the joint distribution of all such t"
            ),
            "groups",
            together=True,
        ),
        "tukey": Facts(
            "Tukey test",
            "Tukey-Kramer",
            "Tukey (1949), Biometrics 5; Kramer (1956), Biometrics 12",
            (_RUNS, "the means are roughly normal and all groups scatter alike"),
            (
                "q = sqrt(2) x difference / (pooled s x sqrt(1/n1 + 1/n2)); p and intervals from "
                "the studentized range of k groups"
            ),
            "groups",
            together=True,
        ),
        "games_howell": Facts(
            "Games-Howell test",
            "Games-Howell",
            "Games and Howell (1976), Journal of Educational Statistics 1",
            (_RUNS, "the means are roughly normal; variances may differ"),
            (
                "q = sqrt(2) x difference / sqrt(s1^2/n1 + s2^2/n2), Welch's df; p and intervals "
                "from the studentized range of k groups"
            ),
            "groups",
            together=True,
        ),
    }
)
"""In the order of the `Method` literal."""
