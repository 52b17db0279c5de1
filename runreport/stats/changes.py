"""Which configurations differ in one setting alone, which settings move together, and how far
apart the rest are: levels as integers in, row numbers out.

A configuration is a row, a setting is a column, and equal integers of a column are equal values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from runreport.stats.paired import midranks

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]

NEARLY = 0.1
"""Settings that go apart in at most this share of the rows move together nearly always."""

RANKED = 0.99
"""Numbers with a rank correlation beyond this move together, whatever their values are."""

FEWEST_RANKED = 8
"""Fewer rows give such a correlation by chance."""

MOST_ROWS = 2_000
"""Distances are found among the first so many rows."""


# ---- one setting alone ---------------------------------------------------------------------------


def but_one(codes: Codes, levers: Sequence[Sequence[int]]) -> list[list[Codes]]:
    """For each lever the sets of rows that agree in every other column.

    Every row is hashed once and each lever's columns are taken out of the hash, so the work grows
    with rows x columns and not with the pairs of rows.

    Args:
        codes: shape (rows, columns).
        levers: the columns that may differ together, each time.

    Returns:
        Per lever, row numbers in ascending order; sets of one row are left out.
    """
    rows, columns = codes.shape
    if rows < 2:
        return [[] for _ in levers]
    rng = np.random.default_rng(0)
    parts = np.empty((rows, columns), dtype=np.uint64)
    for column in range(columns):
        levels = int(codes[:, column].max()) + 1
        parts[:, column] = rng.integers(0, 2**64, size=levels, dtype=np.uint64)[codes[:, column]]
    # unsigned sums wrap around, so taking a part out again is exact
    whole = parts.sum(axis=1, dtype=np.uint64)
    found = []
    for lever in levers:
        rest = whole - parts[:, list(lever)].sum(axis=1, dtype=np.uint64)
        order = np.argsort(rest, kind="stable")
        bounds = np.flatnonzero(np.diff(rest[order])) + 1
        sets = [part for part in np.split(order, bounds) if part.size > 1]
        others = np.setdiff1d(np.arange(columns), lever)
        found.append([own for part in sets for own in _equal(codes, part, others)])
    return found


def _equal(codes: Codes, part: Codes, columns: Codes) -> list[Codes]:
    """A set of equal hashes, parted where two configurations share one by chance."""
    kept = codes[np.ix_(part, columns)]
    if (kept == kept[0]).all():
        return [part]
    _, which = np.unique(kept, axis=0, return_inverse=True)
    sets = [part[which.reshape(-1) == place] for place in range(int(which.max()) + 1)]
    return [own for own in sets if own.size > 1]


# ---- settings that move together -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Together:
    """Two settings that change with each other."""

    first: int
    second: int
    """Columns, first < second."""
    apart: int
    """Rows in which they do not go together."""
    correlation: float | None = None
    """Of ranks, where values hardly recur and so cannot be matched."""


def together(codes: Codes, numbers: Floats) -> tuple[Together, ...]:
    """The pairs of columns that always, or nearly always, change together.

    Two settings whose values recur go together in the rows that the best one-to-one match of
    their values covers. Nearly always is at most a tenth of the rows apart, and at most half as
    many as two settings of these shares would be by chance. Where values hardly ever recur, as in
    a random search, a match means nothing, and ranks are correlated instead.

    Args:
        codes: shape (rows, columns).
        numbers: the same as numbers, NaN where a value is none.
    """
    rows, columns = codes.shape
    levels = [int(np.unique(codes[:, column]).size) for column in range(columns)]
    recurring = [column for column in range(columns) if 1 < levels[column] <= rows / 2]
    found = []
    for one, other in combinations(recurring, 2):
        apart = _apart(codes[:, one], codes[:, other])
        if apart == 0 or (apart <= NEARLY * rows and apart <= _by_chance(codes, one, other) / 2):
            found.append(Together(one, other, apart))
    if rows >= FEWEST_RANKED:
        rare = [c for c in range(columns) if levels[c] > rows / 2 and _finite(numbers[:, c])]
        found += _correlated(numbers, rare)
    return tuple(sorted(found, key=lambda pair: (pair.first, pair.second)))


def _apart(one: Codes, other: Codes) -> int:
    """Rows outside the one-to-one match of values, the most frequent couples matched first."""
    wide = int(other.max()) + 1
    couples, counts = np.unique(one * wide + other, return_counts=True)
    left: set[int] = set()
    right: set[int] = set()
    covered = 0
    for place in np.argsort(-counts, kind="stable").tolist():
        first, second = divmod(int(couples[place]), wide)
        if first not in left and second not in right:
            left.add(first)
            right.add(second)
            covered += int(counts[place])
    return int(one.size) - covered


def _by_chance(codes: Codes, one: int, other: int) -> float:
    """Rows apart if the two columns had nothing to do with each other: the most frequent values
    matched with each other, and so on.
    """
    shares = [
        np.sort(np.bincount(codes[:, column]))[::-1] / codes.shape[0] for column in (one, other)
    ]
    common = min(part.size for part in shares)
    return float(codes.shape[0] * (1 - shares[0][:common] @ shares[1][:common]))


def _finite(values: Floats) -> bool:
    return bool(np.isfinite(values).all())


def _correlated(numbers: Floats, columns: Sequence[int]) -> list[Together]:
    ranks = [midranks(numbers[:, column]) for column in columns]
    found = []
    for one, other in combinations(range(len(columns)), 2):
        rho = float(np.corrcoef(ranks[one], ranks[other])[0, 1])
        if abs(rho) >= RANKED:
            found.append(Together(columns[one], columns[other], 0, rho))
    return found


def carried(codes: Codes, absent: Flags) -> dict[int, tuple[int, ...]]:
    """Columns that have a value only with certain values of another: column to those others.

    Args:
        codes: shape (rows, columns); the absence of a value is a level of its own.
        absent: where a row has no value, same shape.
    """
    rows, columns = codes.shape
    counts = absent.sum(axis=0)
    levels = [int(np.unique(codes[:, column]).size) for column in range(columns)]
    found: dict[int, tuple[int, ...]] = {}
    for column in range(columns):
        if not 0 < counts[column] < rows:
            continue
        parents = [
            other
            for other in range(columns)
            if other != column
            and 1 < levels[other] <= rows / 2
            and not np.array_equal(absent[:, other], absent[:, column])
            and _settles(codes[:, other], absent[:, column])
        ]
        if parents:
            found[column] = tuple(parents)
    return found


def _settles(levels: Codes, flags: Flags) -> bool:
    """Whether each level is flagged in all of its rows or in none."""
    total, flagged = np.bincount(levels), np.bincount(levels, weights=flags)
    return bool(((flagged == 0) | (flagged == total)).all())


# ---- how far apart -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nearest:
    """The smallest distance between configurations."""

    settings: int
    """In how many settings the nearest differ."""
    pairs: int
    """How many pairs are as near as that."""
    example: tuple[int, int]
    """Rows of the first such pair."""
    rows: int
    """Among how many rows it was looked for."""


def nearest(codes: Codes) -> Nearest | None:
    """The nearest pairs of rows; None below two rows."""
    kept = codes[:MOST_ROWS]
    if kept.shape[0] < 2:
        return None
    best, pairs, example = kept.shape[1] + 1, 0, (0, 1)
    for row in range(kept.shape[0] - 1):
        distances = (kept[row + 1 :] != kept[row]).sum(axis=1)
        least = int(distances.min())
        if least < best:
            best, pairs, example = least, 0, (row, row + 1 + int(distances.argmin()))
        if least == best:
            pairs += int((distances == least).sum())
    return Nearest(best, pairs, example, kept.shape[0])


# ---- one change in many contexts -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Noise:
    """How far replicates alone would scatter the differences of contexts."""

    deviation: float
    """Standard deviation expected of the differences, if the change did the same everywhere."""
    df: int
    f: float
    """Variance of the differences over the one expected."""
    p_value: float
    """Of the same effect in every context."""


def noise(differences: Floats, factors: Sequence[float], squares: float, df: int) -> Noise | None:
    """Whether contexts differ by more than replicates do: the interaction of an analysis of
    variance, exact where contexts have equally many replicates.

    Args:
        differences: one per context, shape (n,).
        factors: variance of each difference in units of the replicates' variance: 1 / pairs, or
            1 / n + 1 / m.
        squares: residual sum of squares of the replicates, over all contexts.
        df: its degrees of freedom.

    Returns:
        None below two contexts, or where replicates are too few or do not vary.

    Source: Fisher (1925), Statistical Methods for Research Workers.
    """
    if differences.size < 2 or df < 2 or not squares > 0:
        return None
    from scipy.special import fdtrc

    expected = squares / df * float(np.mean(factors))
    f = float(differences.var(ddof=1)) / expected
    return Noise(expected**0.5, df, f, float(fdtrc(differences.size - 1, df, f)))


@dataclass(frozen=True, eq=False)
class Moderation:
    """That a change does more with one value of another setting than with the next."""

    share: float
    """Of the variance of the differences, between the values of the other setting."""
    f: float
    df: tuple[int, int]
    p_value: float


def moderation(differences: Floats, levels: Codes) -> Moderation | None:
    """Whether differences follow the levels of another setting: a one-way analysis of variance.

    Args:
        differences: one per context, shape (n,).
        levels: of the other setting in each context.

    Returns:
        None where a level has fewer than two contexts, or nothing varies.

    Source: Fisher (1925), Statistical Methods for Research Workers.
    """
    kinds, which, counts = np.unique(levels, return_inverse=True, return_counts=True)
    if kinds.size < 2 or counts.min() < 2:
        return None
    from scipy.special import fdtrc

    means = np.bincount(which, weights=differences) / counts
    within = float(((differences - means[which]) ** 2).sum())
    between = float((counts * (means - differences.mean()) ** 2).sum())
    total = within + between
    scale = float(np.abs(differences).max())
    if not total > (1e-12 * scale) ** 2 * differences.size:
        return None
    df = (int(kinds.size) - 1, int(differences.size - kinds.size))
    # rounding errors are no scatter
    within = max(within, (1e-12 * scale) ** 2 * differences.size)
    f = (between / df[0]) / (within / df[1])
    return Moderation(between / total, f, df, float(fdtrc(*df, f)))
