"""Comparisons as plain data, for `runreport.json`: the numbers that the sentences are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runreport.blocks import Words
from runreport.sections.aligning import unit_of_difference
from runreport.sections.comparing import Answer, Comparison, findings_of
from runreport.sections.verdicts import label, plain, sentence
from runreport.stats.findings import Finding


def answers(found: Sequence[Answer]) -> dict[str, Any]:
    """Every metric with its comparisons."""
    return {"metrics": [_answer(answer) for answer in found]}


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        **heading(answer),
        "unit_of_difference": unit_of_difference(answer.metric),
        "unit_of_replication": answer.unit_of_replication,
        "comparisons": [_comparison(item) for item in answer.comparisons],
    }


def _comparison(item: Comparison) -> dict[str, Any]:
    return {
        **verdict(item, sentence(item)),
        "failed": {"baseline": item.failures[0][0], "candidate": item.failures[1][0]},
        "runs": {"baseline": item.failures[0][1], "candidate": item.failures[1][1]},
        "result": item.result,
    }


def heading(answer: Answer) -> dict[str, Any]:
    """The metric, and what was found beside its comparisons."""
    metric = answer.metric
    return {
        "metric": metric.name,
        "title": metric.title,
        "goal": metric.goal,
        "unit": metric.unit,
        "primary": answer.is_primary,
        "findings": findings(findings_of(answer, answer.comparisons)),
    }


def verdict(item: Comparison, said: Words) -> dict[str, Any]:
    """Who is compared, and what comes of it as the page says it."""
    return {
        "candidate": item.candidate.label,
        "baseline": item.baseline.label,
        "words": plain(said),
        "label": label(item.result),
    }


def findings(found: Sequence[Finding]) -> list[dict[str, str]]:
    """Each with its name, code and words."""
    return [{"name": item.name, "code": item.code, "words": item.words} for item in found]
