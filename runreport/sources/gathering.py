"""From runs as they were loaded to the canonical tables, within limits and aloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.sources.complaints import Complaints
from runreport.sources.limits import LIMITS, Limits
from runreport.sources.loaded import LoadedRun
from runreport.tables import RunTables

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def tables_of(
    runs: Iterable[LoadedRun],
    qualifier: str,
    experiment: str,
    problems: Iterable[Problem] = (),
    limits: Limits = LIMITS,
) -> RunTables:
    """The tables of one source.

    Args:
        runs: with their summaries, in the order of the tables.
        qualifier: prefix of run ids, and value of the `source` column.
        experiment: of runs that name none.
        problems: met while they were read.
        limits: how much of a run is taken.
    """
    rows: dict[str, list[Any]] = {
        name: [] for name in ("runs", "params", "metrics", "tags", "artifacts", "lineage")
    }
    told = Complaints()
    seen: set[str] = set()
    left_out = 0
    for run in runs:
        run_id = qualified(qualifier, run.key)
        if run_id in seen:
            message = f"a second run called {run.key[:80]!r}; it is left out"
            told.add("RR376", clean_text(run.key), message)
            continue
        if len(seen) >= limits.runs:
            left_out += 1
            continue
        seen.add(run_id)
        started, ended = _time(run, "start", told), _time(run, "end", told)
        parent = None if run.parent is None else qualified(qualifier, run.parent)
        rows["runs"].append(
            (run_id, qualifier, run.experiment or experiment, run.name or run.key, run.status,
             started, ended, run.duration, run.user, parent, run.url)
        )  # fmt: skip
        for what, items, most in (
            ("params", run.params, limits.params),
            ("tags", run.tags, limits.tags),
        ):
            texts = _texts(run, what, items, most, limits, told)
            rows[what] += [(run_id, name, text) for name, text in texts.items()]
        summaries = _cut(run, "metrics", run.summaries, limits.metrics, limits, told)
        rows["metrics"] += [(run_id, name, "", *row) for name, row in summaries.items()]
        if len(run.artifacts) > limits.files:
            message = f"showing {limits.files:,} of {len(run.artifacts):,} artifacts"
            told.add("RR374", clean_text(run.key), message)
        rows["artifacts"] += [
            (run_id, a.path, a.kind, a.bytes, a.digest, a.opener)
            for a in run.artifacts[: limits.files]
        ]
        rows["lineage"] += [
            (run_id, fact.kind, fact.name, fact.version, fact.digest, fact.dirty, fact.url)
            for fact in run.lineage[: limits.inputs]
        ]
    if left_out:
        message = f"the first {limits.runs:,} runs are read; {left_out:,} are left out"
        told.add("RR374", "", message, hint="name a narrower location")
    return RunTables.from_rows(**rows, problems=(*problems, *told.problems()))


def qualified(qualifier: str, key: str) -> str:
    """The id of a run in the tables."""
    return clean_text(f"{qualifier}:{key}")


def _texts(
    run: LoadedRun,
    what: str,
    items: Mapping[str, str],
    most: int,
    limits: Limits,
    told: Complaints,
) -> dict[str, str]:
    found = {}
    for name, text in _cut(run, what, items, most, limits, told).items():
        if len(text) > limits.value:
            message = f"showing the first {limits.value:,} characters of {name[:80]!r}"
            told.add("RR374", clean_text(run.key), message, kind="value")
            text = text[: limits.value]
        found[name] = text
    return found


def _cut(
    run: LoadedRun, what: str, items: Mapping[str, Any], most: int, limits: Limits, told: Complaints
) -> dict[str, Any]:
    """Entries within the limits, by clean name."""
    found: dict[str, Any] = {}
    for key in sorted(items)[:most]:
        name = clean_text(key)[: limits.key]
        if not name:
            continue
        if name in found:
            message = f"two {what} are called {name[:80]!r}; one is shown"
            told.add("RR376", clean_text(run.key), message, kind="twice")
            continue
        found[name] = items[key]
    if len(items) > most:
        message = f"showing {most:,} of {len(items):,} {what}"
        told.add("RR374", clean_text(run.key), message, kind=what)
    return found


def _time(run: LoadedRun, which: str, told: Complaints) -> datetime | None:
    moment = run.started if which == "start" else run.ended
    if moment is None or EARLIEST < moment < LATEST:
        return moment
    message = f"its {which} time is no time between 1970 and 2200; it is unknown here"
    told.add("RR312", clean_text(run.key), message, severity="note")
    return None
