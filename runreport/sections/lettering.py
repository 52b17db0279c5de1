"""Compact letters of groups from what is known of their pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from runreport.stats.letters import compact_letters


def lettered(ids: Sequence[str], differ: Mapping[tuple[str, str], bool]) -> dict[str, str]:
    """Group id to its letters; empty below three groups, and unless every pair was tested.

    A pair that was not tested would look like one that is not told apart.

    Args:
        ids: of the groups, the best first.
        differ: whether the two of each tested pair are told apart, each pair in one order.
    """
    if len(ids) < 3 or len(differ) < math.comb(len(ids), 2):
        return {}
    places = {group_id: place for place, group_id in enumerate(ids)}
    matrix = np.zeros((len(ids), len(ids)), dtype=np.bool_)
    for (one, other), apart in differ.items():
        first, second = places[one], places[other]
        matrix[first, second] = matrix[second, first] = apart
    return dict(zip(ids, compact_letters(matrix), strict=True))
