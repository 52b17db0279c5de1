"""A log that grew: reading on behind what an earlier build read.

Only points and the summary may have come; whatever else changes what is known of the run, so that
its folder is read as a whole again. Both ways give the same tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from runreport.errors import Problem
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded
from runreport.sources.wandb.facts import Material, files_of, summarised
from runreport.sources.wandb.log import Log, read_log
from runreport.sources.wandb.places import CONFIG, SUMMARY, Place
from runreport.tables import Artifact

GROWS = "output.log"
"""The file of a run that grows with it."""


def mark_of(
    material: Material, used: Mapping[str, str], run: LoadedRun, files: Mapping[str, Artifact]
) -> dict[str, Any] | None:
    """What reading on needs to know; None where the folder will be read as a whole again.

    Args:
        material: what was read.
        used: by metric what counts its steps.
        run: what came of it.
        files: of its folders.
    """
    log, segment = material.log, material.last
    beside = any(part.document(name) for part in material.segments for name in (CONFIG, SUMMARY))
    damaged = log.damages or log.broken or log.columns.broken or log.columns.unread
    if segment.log is None or beside or damaged or log.exit is not None:
        return None
    return {
        "key": run.key,
        "log": segment.log.name,
        "folders": len(material.segments),
        "end": log.end,
        "steps": dict(used),
        "declared": [list(entry) for entry in log.metrics],
        "prefixes": sorted(log.columns.prefixes),
        "words": sorted(log.columns.words),
        "files": _signs(files),
        "name": run.name,
        "experiment": run.experiment,
        "user": run.user,
        "seconds": run.seconds,
        "spent": log.spent,
    }


def go_on(place: Place, mark: Mapping[str, Any]) -> Loaded | None:
    """The points that came; None where more than points did."""
    segment = place.segments[-1]
    if (
        segment.log is None
        or segment.log.name != mark["log"]
        or len(place.segments) != mark["folders"]
    ):
        return None
    files = files_of(place.segments)
    if _signs(files) != mark["files"]:
        return None
    log = Log(metrics=[(name, glob, step) for name, glob, step in mark["declared"]])
    log.columns.prefixes.update(mark["prefixes"])
    try:
        read_log(segment.log.path, mark["end"], log)
    except (OSError, ValueError):
        return None
    if not _is_pure(log, mark):
        return None
    before: Mapping[str, str] = mark["steps"]
    declared = log.step_metrics(log.columns.names())
    declared = {name: step for name, step in declared.items() if before.get(name, step) == step}
    points, used = log.columns.points(declared)
    if any(before.get(name, step) != step for name, step in used.items()):
        return None
    steps = {**before, **used}
    lone, words = summarised(log.summary.values, steps, log)
    if lone:
        return None
    seconds = log.columns.last_runtime
    run = LoadedRun(
        key=mark["key"],
        name=mark["name"],
        experiment=mark["experiment"],
        seconds=mark["seconds"] if seconds is None else mark["spent"] + seconds,
        user=mark["user"],
        tags=words,
        metrics=dict(points),
        artifacts=tuple(files[path] for path in sorted(files)),
    )
    problems: list[Problem] = []
    if log.cut:
        problems.append(cut_short(log, segment.folder.at(segment.log.base)))
    left = {**mark, "end": log.end, "steps": steps, "seconds": run.seconds}
    return Loaded([run], lambda: problems, lambda: left, appended=True)


def cut_short(log: Log, where: str) -> Problem:
    """That a log ends within a record."""
    message = (
        f"the log ends within a record: everything before byte {log.end:,} of {log.size:,} is read"
    )
    return Problem("RR372", message, None, None, "warning", where)


def _is_pure(log: Log, mark: Mapping[str, Any]) -> bool:
    """Whether nothing but points and known texts came, all of it readable."""
    columns = log.columns
    odd = log.damages or log.broken or columns.broken or columns.unread or columns.media
    return (
        log.only_points
        and not odd
        and not columns.guessed
        and not log.summary.removed
        and not log.summary.unread
        and columns.words <= set(mark["words"])
        and columns.prefixes == set(mark["prefixes"])
    )


def _signs(files: Mapping[str, Artifact]) -> str:
    """What tells files from others, but for the one that grows."""
    lines = [
        f"{path} {'' if path == GROWS else file.digest}" for path, file in sorted(files.items())
    ]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
