"""Facts of loaded runs as JSON and back: what is kept of them between builds beside their points.

Non-finite numbers are words, since JSON has none: a summary's NaN is no missing value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from runreport.errors import Problem
from runreport.sources.loaded import LoadedRun
from runreport.tables import Artifact, Lineage


def packed(run: LoadedRun) -> dict[str, Any]:
    """A run without its points."""
    return {
        "key": run.key,
        "name": run.name,
        "experiment": run.experiment,
        "status": run.status,
        "started": _time(run.started),
        "ended": _time(run.ended),
        "seconds": run.seconds,
        "user": run.user,
        "parent": run.parent,
        "url": run.url,
        "params": dict(run.params),
        "tags": dict(run.tags),
        "summaries": {name: [_number(x) for x in row] for name, row in run.summaries.items()},
        "artifacts": [[a.path, a.kind, a.bytes, a.digest, a.opener] for a in run.artifacts],
        "lineage": [
            [fact.kind, fact.name, fact.version, fact.digest, fact.dirty, fact.url]
            for fact in run.lineage
        ],
    }


def unpacked(facts: Mapping[str, Any]) -> LoadedRun:
    """The run that was packed."""
    plain = dict(facts)
    plain["started"], plain["ended"] = _moment(facts["started"]), _moment(facts["ended"])
    plain["summaries"] = {
        name: tuple(float(x) if isinstance(x, str) else x for x in row)
        for name, row in facts["summaries"].items()
    }
    plain["artifacts"] = tuple(Artifact(*row) for row in facts["artifacts"])
    plain["lineage"] = tuple(Lineage(*row) for row in facts["lineage"])
    return LoadedRun(**plain)


def packed_problem(problem: Problem) -> list[str | None]:
    """A problem of a run; those have no position in a spec."""
    return [problem.code, problem.message, problem.hint, problem.severity, problem.place]


def unpacked_problem(row: Sequence[Any]) -> Problem:
    """The problem that was packed."""
    code, message, hint, severity, place = row
    return Problem(code, message, None, hint, severity, place)


def _number(value: float | int | None) -> float | int | str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
