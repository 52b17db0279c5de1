"""What an exported run says, as a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from runreport.sources.loaded import LoadedRun, Points
from runreport.sources.neptune.parts import Exported
from runreport.sources.texts import written
from runreport.tables import Artifact, Lineage, Status

MACHINE = "monitoring/"
_ACTIVE = ("active", "running")


def run_of(
    exported: Exported,
    outcomes: Sequence[str],
    artifact: Callable[[str, str], Artifact],
    *,
    system: bool,
) -> LoadedRun:
    """One run.

    Args:
        exported: what its files say.
        outcomes: patterns of lone numbers that are metrics.
        artifact: a file, from its path and what it is called.
        system: whether to keep what Neptune logged of the machine.
    """
    metrics: dict[str, float | Points] = {
        path: points
        for path, points in exported.points().items()
        if system or not path.startswith(MACHINE)
    }
    params: dict[str, str] = {}
    known: dict[str, tuple[str, Any]] = {}
    for path, (kind, value) in exported.lone.items():
        if value is None or (path.startswith(MACHINE) and not system):
            continue
        if path.startswith("sys/"):
            known[path] = (kind, value)
        elif (
            kind in ("float", "int")
            and path not in metrics
            and any(fnmatchcase(path, pattern) for pattern in outcomes)
        ):
            metrics[path] = float(value)
        else:
            params[path] = _text(value)
    name = _word(known, "sys/name") or _word(known, "sys/custom_run_id") or exported.run
    return LoadedRun(
        key=f"{exported.project}/{exported.run}",
        name=name,
        experiment=exported.project or None,
        status=_status(known),
        started=_time(known, "sys/creation_time"),
        seconds=_seconds(known),
        user=_word(known, "sys/owner"),
        params=params,
        tags=_tags(known),
        metrics=metrics,
        artifacts=tuple(
            {a.path: a for a in (artifact(*file) for file in _files(exported))}.values()
        ),
        lineage=tuple(_lineage(exported, known)),
    )


_FACTS = frozenset({"sys/name", "sys/creation_time", "sys/owner", "sys/tags", "sys/group_tags"})


def _status(known: Mapping[str, tuple[str, Any]]) -> Status:
    """Failed when it says so, finished when it says it did not and is over; else unknown."""
    failed = known.get("sys/failed", ("", None))[1]
    state = (_word(known, "sys/state") or "").lower()
    if failed is True:
        return "failed"
    if state in _ACTIVE:
        return "running"
    return "finished" if failed is False and state in ("inactive", "idle") else "unknown"


def _seconds(known: Mapping[str, tuple[str, Any]]) -> float | None:
    value = known.get("sys/running_time", ("", None))[1]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def _tags(known: Mapping[str, tuple[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in ("sys/tags", "sys/group_tags"):
        value = known.get(path, ("", None))[1]
        for tag in value if isinstance(value, list) else ():
            if isinstance(tag, str) and tag:
                found[tag] = "true"
    for path, (_, value) in known.items():
        if path not in _FACTS:
            found[path] = _text(value)
    return found


def _lineage(exported: Exported, known: Mapping[str, tuple[str, Any]]) -> list[Lineage]:
    found = []
    entry = exported.lone.get("source_code/entrypoint", ("", None))[1]
    if isinstance(entry, str) and entry:
        found.append(Lineage("command", entry))
    if host := _word(known, "sys/hostname"):
        found.append(Lineage("hardware", "host", host))
    if parent := _word(known, "sys/forking/parent"):
        found.append(Lineage("parent", parent))
    return found


def _files(exported: Exported) -> list[tuple[str, str]]:
    """Path below the folder of files, and name, of each file."""
    found = []
    for attribute, step, place in exported.files:
        if step is not None:
            number = str(int(step)) if step.is_integer() else repr(step)
            attribute = f"{attribute}/step_{number}"
        base = place.replace("\\", "/").rpartition("/")[2]
        suffix = base[base.rfind(".") :] if "." in base else ""
        name = attribute if attribute.endswith(suffix) else attribute + suffix
        found.append((place.replace("\\", "/"), name))
    return found


def _word(known: Mapping[str, tuple[str, Any]], path: str) -> str | None:
    value = known.get(path, ("", None))[1]
    return value if isinstance(value, str) and value else None


def _time(known: Mapping[str, tuple[str, Any]], path: str) -> datetime | None:
    value = known.get(path, ("", None))[1]
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        # a set has no order
        return written(sorted(str(item) for item in value if item is not None))
    if isinstance(value, float):
        return repr(value)
    return written(value)
