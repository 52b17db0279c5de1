"""Gates on what a build warns of."""

from __future__ import annotations

from collections.abc import Sequence

from runreport import formats
from runreport.errors import Problem
from runreport.kinds import Ruling

SAID = 3
"""Warnings that are quoted."""


def ruling(told: Sequence[Problem]) -> Ruling:
    """Passes where nothing but notes was told."""
    found = [problem for problem in told if problem.severity != "note"]
    if not found:
        return Ruling("", True, "Nothing was warned of.", {"warnings": 0})
    quoted = [
        f"{problem.code}: {problem.place}: {problem.message}"
        if problem.place
        else f"{problem.code}: {problem.message}"
        for problem in found[:SAID]
    ]
    rest = len(found) - len(quoted)
    more = f"; and {rest} more" if rest else ""
    words = f"{formats.count(len(found), 'warning')}: {'; '.join(quoted)}{more}."
    return Ruling("", False, words, {"warnings": len(found)})
