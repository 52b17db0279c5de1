"""Several sources as one: names and units brought in line, and runs that were logged twice joined.

What two sources say of one run is one run with the facts of both; where both log the same name,
the source that is listed first is believed, and a difference is said.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.columns import coded, column, numbers, values
from runreport.design import Design
from runreport.errors import Problem, Severity, Span
from runreport.history import History
from runreport.kinds import Reader
from runreport.spec.expressions import Expression, Names, Scope
from runreport.spec.model import Adaptation, Join
from runreport.tables import HISTORY_SCHEMA, SCHEMAS, Run, RunTables

NAMED = 3
"""Runs that a message names."""
_NEAR = 1e-6
"""Relative: float32 and text do not keep every digit."""


@dataclass(frozen=True, eq=False)
class Adapted:
    """A reader whose runs and metrics go by the report's names."""

    reader: Reader
    runs: Mapping[str, str]
    """Id at the reader to id in the report, where they differ."""
    rename: Mapping[str, str]
    """Name at the reader to name in the report."""
    scale: Mapping[str, float]
    """By name in the report."""
    dropped: frozenset[tuple[str, str]] = frozenset()
    """Run and metric, by their names at the reader, that another source tells already."""
    _tables: list[RunTables] = field(default_factory=list)

    @property
    def divisible(self) -> bool:
        return self.reader.divisible

    def tables(self) -> RunTables:
        """Not asked again: the tables were made from the reader's own."""
        return self._tables[0]

    def histories(self, runs: Sequence[str], metrics: Collection[str]) -> Iterator[pa.Table]:
        """Raw points under the report's names, in the report's units."""
        wanted = set(runs)
        back = {new: old for old, new in self.runs.items()}
        own = [back.get(run, run) for run in wanted]
        new_names = {new: old for old, new in self.rename.items()}
        # a name that was given away is no name here any more
        names = {new_names.get(name, name) for name in metrics if name not in self.rename}
        names |= {new_names[name] for name in metrics if name in new_names}
        for part in self.reader.histories(sorted(own), sorted(names)):
            yield from self._adapted(part)

    def fingerprint(self) -> Mapping[str, str]:
        """Of the reader."""
        return self.reader.fingerprint()

    def places(self) -> Sequence[Path] | None:
        """Of the reader."""
        return self.reader.places()

    def _adapted(self, part: pa.Table) -> Iterator[pa.Table]:
        run, metric = (part[name].combine_chunks().dictionary_encode() for name in _KEYS)
        runs, metrics = values(run.dictionary), values(metric.dictionary)
        which, what = numbers(run), numbers(metric)
        keep = np.ones(len(which), np.bool_)
        for old_run, old_metric in self.dropped:
            if old_run in runs and old_metric in metrics:
                keep &= ~((which == runs.index(old_run)) & (what == metrics.index(old_metric)))
        named = [self.rename.get(name, name) for name in metrics]
        factors = np.array([self.scale.get(name, 1.0) for name in named])
        value = numbers(part["value"])
        if (factors != 1).any():
            value = value * factors[what]
        columns = [
            coded([self.runs.get(run, run) for run in runs], which),
            coded(named, what),
            part["step"].combine_chunks(),
            part["time"].combine_chunks(),
            column(value, pa.float64()),
        ]
        table = pa.Table.from_arrays(columns, schema=HISTORY_SCHEMA)
        yield table if keep.all() else table.filter(column(keep, pa.bool_()))


_KEYS = ("run_id", "metric")


def adapt(
    earlier: RunTables, tables: RunTables, reader: Reader, how: Adaptation, source: str, span: Span
) -> tuple[RunTables, RunTables, Reader]:
    """The tables of the sources so far with those of one more, and that one's reader.

    Args:
        earlier: of the sources listed before.
        tables: of this source.
        reader: of this source.
        how: what the author says of it.
        source: how messages call it.
        span: of its entry in the spec.

    Returns:
        `earlier` with what joined runs gain, this source's own runs, and its adapted reader.
    """
    if not (how.rename or how.scale or how.join):
        return earlier, tables, reader
    problems: list[Problem] = []
    tables, rename = _renamed(tables, how, source, span, problems)
    if how.join is None:
        own = _with(tables, problems)
        return earlier, own, Adapted(reader, {}, rename, how.scale, _tables=[own])
    pairs = _pairs(earlier, tables, how.join, source, span, problems)
    back = {new: old for old, new in rename.items()}
    earlier, own, dropped = _joined(earlier, tables, pairs, source, problems)
    own = _with(own, problems)
    lost = frozenset((run, back.get(metric, metric)) for run, metric in dropped)
    return earlier, own, Adapted(reader, pairs, rename, how.scale, lost, [own])


# ---- names and units -----------------------------------------------------------------------------


def _renamed(
    tables: RunTables, how: Adaptation, source: str, span: Span, problems: list[Problem]
) -> tuple[RunTables, dict[str, str]]:
    """The tables under the report's names, and the renamings of metrics that hold."""
    params, metrics = values(tables.params["param"]), values(tables.metrics["metric"])
    known = {*params, *metrics}
    unknown = [name for name in how.rename if name not in known]
    unknown += [name for name in how.scale if name not in {how.rename.get(m, m) for m in metrics}]
    for name in dict.fromkeys(unknown):
        message = f"{source} has no metric or param {name!r} to rename or scale"
        problems.append(Problem("RR380", message, span, None, "warning"))
    param_names, rename_params = _given(params, how.rename)
    metric_names, rename = _given(metrics, how.rename)
    for name in sorted((set(how.rename) & known) - set(rename) - set(rename_params)):
        message = f"{name!r} stays as it is: {source} has a {how.rename[name]!r} of its own"
        problems.append(Problem("RR380", message, span, None, "warning"))
    factors = np.array([how.scale.get(name, 1.0) for name in metric_names])
    named = tables.metrics.set_column(1, "metric", column(metric_names, pa.string()))
    if how.scale:
        for place, name in enumerate(SCHEMAS["metrics"].names):
            if name in ("first", "last", "min", "max"):
                scaled = [
                    None if number is None else number * factor
                    for number, factor in zip(values(named[name]), factors, strict=True)
                ]
                named = named.set_column(place, name, column(scaled, pa.float64()))
    changed = {
        "params": tables.params.set_column(1, "param", column(param_names, pa.string())),
        "metrics": named.cast(SCHEMAS["metrics"]),
    }
    kept = {name: changed.get(name, getattr(tables, name)) for name in SCHEMAS}
    return RunTables(**kept, problems=tables.problems), rename


def _given(names: Sequence[str], rename: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The names as they are called now, and the renamings that take nothing's place."""
    known = set(names)
    fit: dict[str, str] = {}
    for old, new in rename.items():
        taken = new in known and new not in rename
        if old in known and not taken and new not in fit.values():
            fit[old] = new
    return [fit.get(name, name) for name in names], fit


# ---- runs that are the same ----------------------------------------------------------------------


def _pairs(
    earlier: RunTables,
    tables: RunTables,
    join: Join,
    source: str,
    span: Span,
    problems: list[Problem],
) -> dict[str, str]:
    """Run of this source to the run above that is the same."""
    targets: dict[str, list[str]] = {}
    for run, text in _texts(earlier.rows, join.to):
        targets.setdefault(text, []).append(run)
    pairs: dict[str, str] = {}
    alone: list[str] = []
    doubtful: list[str] = []
    taken: set[str] = set()
    for run, text in _texts(tables.rows, join.on):
        found = targets.get(text, [])
        if len(found) == 1 and found[0] not in taken:
            pairs[run] = found[0]
            taken.add(found[0])
        elif found:
            doubtful.append(run)
        else:
            alone.append(run)
    alone += sorted({run.id for run in tables.rows} - {*pairs, *alone, *doubtful})
    for runs, words in (
        (alone, "match no run of the sources above and stay runs of their own"),
        (doubtful, "match several runs, or one that is joined already, and stay as they are"),
    ):
        if runs:
            shown = ", ".join(runs[:NAMED]) + (", …" if len(runs) > NAMED else "")
            message = f"{len(runs):,} runs of {source} {words}: {shown}"
            hint = None if pairs else "is `join: {on: ...}` what both trackers logged alike?"
            severity: Severity = "note" if pairs and runs is alone else "warning"
            problems.append(Problem("RR381", message, span, hint, severity))
    return pairs


def _texts(runs: Sequence[Run], expression: Expression | None) -> Iterator[tuple[str, str]]:
    """What names each run: without an expression its id at the tracker, and its name."""
    if expression is None:
        for run in runs:
            yield from ((run.id, text) for text in {run.id.partition(":")[2], run.name})
        return
    names = Names.of(runs, Design())
    scope = Scope(names, Design(), History(Path()), datetime.min)
    for run in runs:
        value = expression.evaluate(run, scope)
        if value is not None and not (isinstance(value, float) and math.isnan(value)):
            text = f"{value:g}" if isinstance(value, float) else str(value)
            yield run.id, text.strip()


def _joined(
    earlier: RunTables,
    tables: RunTables,
    pairs: Mapping[str, str],
    source: str,
    problems: list[Problem],
) -> tuple[RunTables, RunTables, set[tuple[str, str]]]:
    """Both tables with joined runs in the first, and the metrics that were told already."""
    first: dict[str, Any] = {"runs": earlier.runs}
    second: dict[str, Any] = {}
    stays = [run not in pairs for run in values(tables.runs["run_id"])]
    second["runs"] = tables.runs.filter(column(stays, pa.bool_()))
    dropped: set[tuple[str, str]] = set()
    for name, schema in SCHEMAS.items():
        if name == "runs":
            continue
        mine: pa.Table = getattr(tables, name)
        ids = values(mine["run_id"])
        joined = [run in pairs for run in ids]
        second[name] = mine.filter(column([not flag for flag in joined], pa.bool_()))
        moved = mine.set_column(
            0, "run_id", column([pairs.get(run, run) for run in ids], pa.string())
        )
        keep = list(joined)
        if name in _TOLD:
            key, value = _TOLD[name]
            theirs: pa.Table = getattr(earlier, name)
            known = dict(
                zip(
                    zip(values(theirs["run_id"]), values(theirs[key]), strict=True),
                    values(theirs[value]),
                    strict=True,
                )
            )
            rows = zip(ids, values(mine[key]), values(mine[value]), strict=True)
            differ: dict[str, int] = {}
            for place, (run, label, told) in enumerate(rows):
                if joined[place] and (pairs[run], label) in known:
                    keep[place] = False
                    if name == "metrics":
                        dropped.add((run, label))
                    if name != "tags" and not _alike(known[pairs[run], label], told):
                        differ[label] = differ.get(label, 0) + 1
            for label, count in sorted(differ.items())[:NAMED]:
                message = f"{label!r} of {count:,} joined runs is another in {source}"
                hint = "the source listed first is believed; `rename` keeps both"
                problems.append(Problem("RR381", message, None, hint, "warning", source))
        gained = moved.filter(column(keep, pa.bool_()))
        first[name] = pa.concat_tables([getattr(earlier, name), gained.cast(schema)])
    return (
        RunTables(**first, problems=earlier.problems),
        RunTables(**second, problems=tables.problems),
        dropped,
    )


_TOLD = {"params": ("param", "value"), "metrics": ("metric", "last"), "tags": ("tag", "value")}
"""Tables in which a run has one value per name."""


def _alike(one: Any, other: Any) -> bool:
    """Whether two trackers say the same, up to what their formats keep."""
    try:
        left, right = float(one), float(other)
    except (TypeError, ValueError):
        return str(one).strip().lower() == str(other).strip().lower()
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return math.isclose(left, right, rel_tol=_NEAR) or left == right


def _with(tables: RunTables, problems: Sequence[Problem]) -> RunTables:
    kept = {name: getattr(tables, name) for name in SCHEMAS}
    return RunTables(**kept, problems=(*tables.problems, *problems))
