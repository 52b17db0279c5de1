"""What the pages state in words, as data: `runreport.json` beside them, for gates and programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from runreport.blocks import Stated
from runreport.kinds import Judged
from runreport.looks import Look

NAME = "runreport.json"
"""Beside the first page."""

SCHEMA = "runreport-results/1"
"""The number rises when a name or a meaning in the file changes; new names leave it alone."""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the file says of the report as a whole."""

    title: str
    time: datetime
    """The report's time: from the data, never the clock."""
    runs: int
    groups: Sequence[str]
    """Labels, in report order."""
    alpha: float
    correction: str
    look: int
    """The number of this look at growing data."""
    looks: Sequence[Look]
    """As builds counted them, oldest first."""
    gates: Sequence[Judged] = ()
    """In the spec's order."""
    decision: Mapping[str, Any] | None = None
    """What was decided, with the verdicts that it cites."""


def sections_of(stated: Sequence[Stated]) -> list[dict[str, Any]]:
    """The sections of one page that state something."""
    return [
        {"section": item.section, "title": item.title, "facts": plain(item.facts)}
        for item in stated
    ]


def document(facts: ReportFacts, pages: Sequence[tuple[str, str, list[dict[str, Any]]]]) -> bytes:
    """The whole file: deterministic, UTF-8, one line per nesting.

    Args:
        facts: of the report.
        pages: title, path and sections of each page that states something, in order.
    """
    content = {
        "schema": SCHEMA,
        "title": facts.title,
        "time": facts.time.isoformat(),
        "runs": facts.runs,
        "groups": list(facts.groups),
        "alpha": facts.alpha,
        "correction": facts.correction,
        "look": facts.look,
        "looks": plain(facts.looks),
        "gates": [gate_facts(gate) for gate in facts.gates],
        "decision": facts.decision,
        "pages": [
            {"title": title, "path": path, "sections": sections}
            for title, path, sections in pages
            if sections
        ],
    }
    return (json.dumps(content, indent=1, ensure_ascii=True, allow_nan=False) + "\n").encode()


def gate_facts(gate: Judged) -> dict[str, Any]:
    """What became of one gate, as plain data."""
    waiver = gate.waiver
    return {
        "title": gate.title,
        "about": gate.about,
        "severity": gate.severity,
        "outcome": gate.word,
        "stops": gate.stops,
        "found": [plain(ruling) for ruling in gate.rulings],
        "waiver": None
        if waiver is None
        else {
            "reason": waiver.reason,
            "owner": waiver.owner,
            "until": waiver.until.isoformat(),
            "expired": gate.expired,
            "used": gate.waived,
        },
    }


def plain(value: Any) -> Any:
    """Dicts, lists, strings and finite numbers; what is not finite is null."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    # numpy's scalars and arrays turn into Python's
    return [plain(item) for item in value] if _is_many(value) else plain(value.item())


def _is_many(value: Any) -> bool:
    return isinstance(value, Sequence) or getattr(value, "ndim", 0) > 0
