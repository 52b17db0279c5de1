"""Compact letters: groups that share one are not told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def compact_letters(differ: NDArray[np.bool_]) -> tuple[str, ...]:
    """The fewest letters that insertion and absorption find, one text per group.

    Args:
        differ: shape (k, k), symmetric: whether two groups are told apart. Letters are given in
            the order of the groups, so put the best first.

    Raises:
        ValueError: the matrix is not square or not symmetric.

    Source: Piepho (2004), Journal of Computational and Graphical Statistics 13.
    """
    if differ.ndim != 2 or differ.shape[0] != differ.shape[1] or (differ != differ.T).any():
        raise ValueError(f"expected a symmetric matrix, got the shape {differ.shape}")
    k = differ.shape[0]
    columns: list[frozenset[int]] = [frozenset(range(k))]
    for one in range(k):
        for other in range(one + 1, k):
            if differ[one, other]:
                columns = _absorb(_split(columns, one, other))
    columns.sort(key=sorted)
    return tuple(
        "".join(_name(place) for place, column in enumerate(columns) if group in column)
        for group in range(k)
    )


def _split(columns: Sequence[frozenset[int]], one: int, other: int) -> list[frozenset[int]]:
    """Columns that hold both groups become two, each without one of them."""
    found: list[frozenset[int]] = []
    for column in columns:
        if one in column and other in column:
            found += [column - {one}, column - {other}]
        else:
            found.append(column)
    return found


def _absorb(columns: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Without the columns that others hold whole."""
    unique = list(dict.fromkeys(columns))
    return [column for column in unique if not any(column < other for other in unique)]


def _name(place: int) -> str:
    """From a to z, then a1, b1, ..."""
    turn, letter = divmod(place, len(ALPHABET))
    return ALPHABET[letter] + (str(turn) if turn else "")
