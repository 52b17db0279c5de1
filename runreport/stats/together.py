"""Tests that judge all groups of a metric at once: their p and intervals are adjusted already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from runreport.stats import several
from runreport.stats.methods import FACTS
from runreport.stats.plan import Case, Plan
from runreport.stats.student import Tester

Floats = NDArray[np.float64]


def joint_testers(cases: Sequence[Case], plans: Mapping[int, Plan]) -> dict[int, Tester]:
    """The results of Dunnett's, Tukey's and Games and Howell's tests by the place of their case.

    Args:
        cases: all comparisons of one family.
        plans: by place, of those that can be tested.
    """
    members: dict[tuple[str, str], list[int]] = {}
    for place, chosen in plans.items():
        if chosen.method is not None and FACTS[chosen.method].together:
            members.setdefault((cases[place].metric, chosen.method), []).append(place)
    found: dict[int, Tester] = {}
    for (_, method), places in members.items():
        try:
            found |= (
                _dunnett(cases, places) if method == "dunnett" else _pairs(cases, places, method)
            )
        except ValueError:
            # groups that do not vary at all: no test is made of any of them
            continue
    return found


def _dunnett(cases: Sequence[Case], places: Sequence[int]) -> dict[int, Tester]:
    baseline = cases[places[0]].baseline
    results = several.dunnett(baseline, [cases[place].candidate for place in places])
    return dict(zip(places, results, strict=True))


def _pairs(cases: Sequence[Case], places: Sequence[int], method: str) -> dict[int, Tester]:
    groups: dict[str, Floats] = {}
    for place in places:
        case = cases[place]
        groups.setdefault(case.sides[0], case.baseline)
        groups.setdefault(case.sides[1], case.candidate)
    numbers = {name: number for number, name in enumerate(groups)}
    compare = several.tukey if method == "tukey" else several.games_howell
    results = compare(list(groups.values()))
    found: dict[int, Tester] = {}
    for place in places:
        one, other = (numbers[name] for name in cases[place].sides)
        if one < other and (one, other) in results:
            found[place] = results[one, other]
        elif (other, one) in results:
            # a result is of the later group minus the earlier one
            turned = results[other, one]
            found[place] = replace(turned, difference=-turned.difference)
    return found
