"""All pairs of many groups at once: differences, p-values, intervals and verdicts as arrays.

The numbers are those of `decide`, without its sentences and second looks: thousands of comparisons
take the time of a few array operations. A pair that cannot be tested (fewer than three values, or
none that vary) is NaN and does not count in its family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runreport.design import Correction, Goal
from runreport.stats import corrections, signs, ties
from runreport.stats.plan import MANY
from runreport.stats.result import Verdict

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""What the codes of `Judged.verdicts` stand for."""

FEWEST = 3
"""Of fewer values on a side nothing is tested."""

EXACT = (6, MANY - 1)
"""So many pairs have their sign patterns counted."""

BATCH = 13
"""Of so many pairs the patterns are one matrix; of more each sample is counted by halves."""

ROOM = 2**21
"""Sums held at once."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Differences of many pairs of groups, candidate minus baseline; all arrays of shape (p,)."""

    first: Ints
    """Place of the baseline."""
    second: Ints
    """Place of the candidate."""
    n: Ints
    """Values of the smaller side, or complete pairs of values."""
    difference: Floats
    standard_error: Floats
    """NaN where nothing is tested."""
    df: Floats
    exact: Floats
    """Two-sided p of the sign-flip test; NaN where it is not made."""

    @cached_property
    def p_value(self) -> Floats:
        """Two-sided, of the t-test."""
        return self.beyond_p(0.0)

    def ends(self, levels: ArrayLike) -> tuple[Floats, Floats]:
        """Ends of the t intervals.

        Args:
            levels: one for all or one per pair, between 0 and 1.
        """
        from scipy.special import stdtrit

        levels = np.asarray(levels, dtype=np.float64)
        half = stdtrit(self.df, (1 + levels) / 2) * self.standard_error
        return np.asarray(self.difference - half), np.asarray(self.difference + half)

    def beyond_p(self, margins: ArrayLike) -> Floats:
        """Twice the one-sided p of a difference no larger than the margin, in the direction seen.

        Args:
            margins: one for all or one per pair.
        """
        from scipy.special import stdtr

        beyond = (np.abs(self.difference) - margins) / self.standard_error
        return np.asarray(np.minimum(1.0, 2 * stdtr(self.df, -beyond)))

    def equivalence_p(self, margins: ArrayLike) -> Floats:
        """The larger p of two one-sided tests against -margin and +margin.

        Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15.
        """
        from scipy.special import stdtr

        return np.asarray(stdtr(self.df, (np.abs(self.difference) - margins) / self.standard_error))


def every_pair(groups: int) -> tuple[Ints, Ints]:
    """Places of the first and second of all pairs, in the order of `itertools.combinations`."""
    return np.triu_indices(groups, 1)


def welch_pairs(groups: Sequence[ArrayLike], first: Ints, second: Ints) -> Pairs:
    """Welch's t-test of many pairs of independent groups.

    Args:
        groups: values of each group, finite.
        first: places of the baselines, shape (p,).
        second: places of the candidates, shape (p,).

    Raises:
        ValueError: NaN or infinite values.

    Source: Welch (1947), Biometrika 34.
    """
    values = [np.asarray(group, dtype=np.float64) for group in groups]
    sizes = np.array([group.size for group in values], dtype=np.intp)
    sound = [np.isfinite(group).all() for group in values]
    if not all(sound):
        raise ValueError("expected finite values, got NaN or an infinite one")
    means = np.array([group.mean() if group.size else np.nan for group in values])
    variances = np.array([group.var(ddof=1) if group.size > 1 else np.nan for group in values])
    fixed = np.array([group.size > 0 and ties.is_constant(group) for group in values])
    loose = np.array([group.size > 0 and ties.is_coarse(float(group[0])) for group in values])
    parts = np.where(fixed, 0.0, variances / np.maximum(sizes, 1))
    total = parts[first] + parts[second]
    n = np.minimum(sizes[first], sizes[second])
    # one group that does not vary is tested where its value looks counted: 100 % in every run
    varies = ~(fixed[first] & fixed[second])
    varies &= ~((fixed & ~loose)[first] | (fixed & ~loose)[second])
    tested = (n >= FEWEST) & varies & (total > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = parts[first] / total, parts[second] / total
        spread = shares[0] ** 2 / (sizes[first] - 1) + shares[1] ** 2 / (sizes[second] - 1)
        df = np.where(tested, 1 / spread, np.nan)
    return Pairs(
        first,
        second,
        n,
        means[second] - means[first],
        np.where(tested, np.sqrt(total), np.nan),
        df,
        np.full(first.size, np.nan),
    )


def paired_pairs(matrix: ArrayLike, first: Ints, second: Ints, *, exact: bool = True) -> Pairs:
    """The paired t-test of many pairs of groups, and the exact sign-flip test of 6 to 19 pairs.

    Args:
        matrix: shape (groups, replicates), equal columns belong together; NaN where a value is
            missing. A pair of groups goes by the columns that both have.
        first: places of the baselines, shape (p,).
        second: places of the candidates, shape (p,).
        exact: whether the sign-flip test is made.

    Raises:
        ValueError: infinite values, or no matrix.

    Source: Student (1908), Biometrika 6; Fisher (1935), The Design of Experiments, section 21.
    """
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"expected groups and replicates, got the shape {values.shape}")
    if np.isinf(values).any():
        raise ValueError("expected finite values or NaN, got an infinite one")
    differences = values[second] - values[first]
    there = ~np.isnan(differences)
    n = there.sum(axis=1)
    held = np.where(there, differences, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = held.sum(axis=1) / n
        away = np.where(there, differences - means[:, None], 0.0)
        error = np.sqrt((away**2).sum(axis=1) / (n - 1) / n)
    sizes = np.abs(np.where(there, values[second], 0.0)).max(axis=1, initial=0.0)
    sizes = np.maximum(sizes, np.abs(np.where(there, values[first], 0.0)).max(axis=1, initial=0.0))
    low = np.where(there, differences, np.inf).min(axis=1, initial=np.inf)
    high = np.where(there, differences, -np.inf).max(axis=1, initial=-np.inf)
    tested = (n >= FEWEST) & (high - low > ties.CONSTANT * sizes)
    counted = np.full(n.size, np.nan)
    if exact:
        due = np.flatnonzero(tested & (n >= EXACT[0]) & (n <= EXACT[1]))
        counted[due] = _sign_flips(_settled(held[due], sizes[due]), n[due])
    return Pairs(
        first,
        second,
        n,
        means,
        np.where(tested, error, np.nan),
        np.where(tested, n - 1.0, np.nan),
        counted,
    )


def _settled(differences: Floats, sizes: Floats) -> Floats:
    """Rows as `ties.settle` rounds each of them."""
    grid = 10.0 ** (np.floor(np.log10(sizes)) + 1 - ties.DIGITS)
    # a grid that small has no inverse, and such values are left alone
    grid = np.where(grid > 1e-290, grid, np.nan)[:, None]
    rounded = np.round(differences / grid) * grid
    return np.where(np.isnan(rounded), differences, rounded)


def _sign_flips(rows: Floats, n: Ints) -> Floats:
    """Two-sided p of each row's sum over all sign patterns; zeros pad rows and change nothing."""
    if rows.shape[1] > BATCH:
        # the values that are there come first, so that the padding can be cut off
        order = np.argsort(rows == 0, axis=1, kind="stable")
        rows = np.take_along_axis(rows, order, axis=1)
        return np.array([signs.sign_flip_p(row[:size]) for row, size in zip(rows, n, strict=True)])
    width = rows.shape[1]
    # a pattern and its mirror image are equally far from 0, so the last sign stays
    bits = np.arange(2 ** (width - 1))[None, :] >> np.arange(width)[:, None] & 1
    patterns = 1.0 - 2.0 * bits
    bars = np.abs(rows.sum(axis=1)) - signs.TOLERANCE * np.abs(rows).sum(axis=1)
    found = np.empty(len(rows))
    step = max(1, ROOM // patterns.shape[1])
    for start in range(0, len(rows), step):
        sums = np.abs(rows[start : start + step] @ patterns)
        found[start : start + step] = (sums >= bars[start : start + step, None]).mean(axis=1)
    return found


def deciding(
    pairs: Pairs, needed: float, margins: ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """The p of each pair that counts, and that of the claim: a difference beyond its margin.

    The sign-flip test decides where so many pairs can reach what is needed, else the t-test does.

    Args:
        pairs: of one metric.
        needed: what the smallest p of the family must go below.
        margins: one for all or one per pair, 0 where none is declared; of pairs without one the
            claim is of any difference.

    Returns:
        Two arrays of shape (p,), NaN where nothing is tested.
    """
    counts = 2.0 ** (1.0 - pairs.n) < needed
    p_value = np.where(np.isnan(pairs.exact) | ~counts, pairs.p_value, pairs.exact)
    if margins is None:
        return p_value, p_value
    return p_value, np.where(np.asarray(margins) > 0, pairs.beyond_p(margins), p_value)


@dataclass(frozen=True, slots=True)
class Asked:
    """All pairs of one metric, and what is declared about it."""

    pairs: Pairs
    goal: Goal | None = "maximize"
    margin: float | None = None
    """In the metric's unit, above 0."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What is said of the pairs of one metric; arrays of shape (p,), NaN where nothing is."""

    p_value: Floats
    p_adjusted: Floats
    low: Floats
    """Ends of the interval at the level that the correction leaves."""
    high: Floats
    verdicts: NDArray[np.int8]
    """Places in `VERDICTS`."""


def judge(
    asked: Sequence[Asked], *, alpha: float = 0.05, correction: Correction = "holm", hidden: int = 0
) -> tuple[Judged, ...]:
    """Verdicts on all pairs of all metrics of one family, corrected together.

    Args:
        asked: one per metric.
        alpha: of the family.
        correction: how it is corrected.
        hidden: comparisons of the family that are not among the pairs.
    """
    tested = [~np.isnan(one.pairs.standard_error) for one in asked]
    family = sum(int(there.sum()) for there in tested) + hidden
    covers = 1 if correction == "none" else family
    needed = corrections.strictest(alpha, correction, family)
    raw, claims = [], []
    for one, there in zip(asked, tested, strict=True):
        p_value, claim = deciding(one.pairs, needed, one.margin)
        raw.append(p_value[there])
        claims.append(claim[there])
    ends = np.cumsum([part.size for part in raw])[:-1]
    every = np.concatenate(claims) if claims else np.empty(0)
    steps = np.split(corrections.steps(every, correction, family, alpha), ends)
    claimed = np.split(corrections.adjusted(every, correction, family), ends)
    plain = np.concatenate(raw) if raw else np.empty(0)
    adjusted = np.split(corrections.adjusted(plain, correction, family), ends)
    return tuple(
        _judged(one, there, p_value, adjusted[place] if one.margin else claimed[place],
                steps[place], alpha, covers)
        for place, (one, there, p_value) in enumerate(zip(asked, tested, raw, strict=True))
    )  # fmt: skip


def _judged(
    one: Asked,
    tested: NDArray[np.bool_],
    p_value: Floats,
    p_adjusted: Floats,
    steps: Floats,
    alpha: float,
    covers: int,
) -> Judged:
    """The words for the intervals against the margin, as `decide.verdict_of` finds them."""

    def spread(values: Floats) -> Floats:
        whole = np.full(tested.size, np.nan)
        whole[tested] = values
        return whole

    pairs, bound, adjusted = one.pairs, one.margin or 0.0, spread(p_adjusted)
    low, high = pairs.ends(1 - alpha / spread(steps))
    with np.errstate(invalid="ignore"):
        rejected = ((low > 0) | (high < 0)) & (adjusted < alpha)
        beyond = rejected & ((low > bound) | (high < -bound))
        equivalent = np.zeros(tested.size, dtype=np.bool_)
        if one.margin:
            equivalent = pairs.equivalence_p(one.margin) * covers < alpha
    words = np.full(tested.size, VERDICTS.index("inconclusive"), dtype=np.int8)
    words[equivalent] = VERDICTS.index("equivalent")
    words[rejected & equivalent] = VERDICTS.index("negligible")
    if one.goal is None:
        words[beyond] = VERDICTS.index("differs")
    else:
        up = (pairs.difference > 0) == (one.goal == "maximize")
        words[beyond & up] = VERDICTS.index("better")
        words[beyond & ~up] = VERDICTS.index("worse")
    words[~tested] = VERDICTS.index("no_inference")
    return Judged(spread(p_value), adjusted, low, high, words)
