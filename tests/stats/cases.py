"""Cases from samples, and what was found of them."""

from __future__ import annotations

from typing import Any

from runreport.stats.decide import decide
from runreport.stats.plan import Case, Rules
from runreport.stats.result import Significance
from tests.stats.reference import floats

RULES = Rules()


def case(baseline: Any, candidate: Any, **more: Any) -> Case:
    chosen = {"paired": False, "goal": "maximize", "unit_of_replication": "seed", **more}
    return Case(floats(baseline), floats(candidate), **chosen)


def one(baseline: Any, candidate: Any, rules: Rules = RULES, **more: Any) -> Significance:
    (found,) = decide([case(baseline, candidate, **more)], rules)
    return found


def names(result: Significance) -> set[str]:
    return {finding.name for finding in result.warnings}


def words(result: Significance, name: str) -> str:
    return next(finding.words for finding in result.warnings if finding.name == name)
