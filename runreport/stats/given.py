"""What tests refuse before they compute: values that are none, too few of them, wrong shapes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def values(given: ArrayLike, *, least: int = 1) -> Floats:
    """One finite value per replicate, shape (n,).

    Args:
        given: numbers or truth values, one-dimensional.
        least: the fewest that will do.

    Raises:
        ValueError: another shape, fewer values, NaN or infinite ones.
    """
    found = np.asarray(given, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(f"expected one value per replicate, got the shape {found.shape}")
    if found.size < least:
        raise ValueError(f"expected {least} values or more, got {found.size}")
    return _finite(found)


def pairs(baseline: ArrayLike, candidate: ArrayLike, *, least: int = 1) -> tuple[Floats, Floats]:
    """Two aligned samples, both of shape (n,).

    Raises:
        ValueError: as `values`, or when the two are not of one length.
    """
    first, second = values(baseline, least=least), values(candidate, least=least)
    if first.size != second.size:
        raise ValueError(f"expected pairs, got {first.size} and {second.size} values")
    return first, second


def table(given: ArrayLike, *, rows: int = 1, columns: int = 1) -> Floats:
    """Finite values in rows and columns, shape (rows or more, columns or more).

    Raises:
        ValueError: another shape, fewer of either, NaN or infinite values.
    """
    found = np.asarray(given, dtype=np.float64)
    if found.ndim != 2:
        raise ValueError(f"expected rows and columns, got the shape {found.shape}")
    if found.shape[0] < rows or found.shape[1] < columns:
        raise ValueError(f"expected {rows} x {columns} values or more, got {found.shape}")
    return _finite(found)


def binary(given: Floats, one: float = 1.0) -> NDArray[np.bool_]:
    """Truth values of what is either 0 or `one`.

    Raises:
        ValueError: anything else.
    """
    if not np.isin(given, (0.0, one)).all():
        raise ValueError(f"expected nothing but 0 and {one:g}")
    return np.asarray(given == one)


def members(clusters: ArrayLike, n: int) -> NDArray[np.intp]:
    """Clusters numbered from 0, one per item, shape (n,).

    Raises:
        ValueError: not one per item, or fewer than two different ones.
    """
    numbered = np.unique(np.asarray(clusters), return_inverse=True)[1].ravel()
    if numbered.size != n:
        raise ValueError(f"expected a cluster for each of {n} items, got {numbered.size}")
    if not numbered.any():
        raise ValueError("expected two clusters or more, got 1")
    return np.asarray(numbered, dtype=np.intp)


def _finite(found: Floats) -> Floats:
    if not np.isfinite(found).all():
        raise ValueError("expected finite values, got NaN or an infinite one")
    return found
