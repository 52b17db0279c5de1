"""Which runs are compared, in what order, in which groups: the declared design meets the data."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runreport.drawing import SERIES
from runreport.errors import Problem, SpecError
from runreport.formats import count
from runreport.kinds import Excluded
from runreport.samples import JOINT, Group
from runreport.spec.expressions import Expression, Scalar, truth
from runreport.spec.model import Grouping, Selection
from runreport.spec.names import since_time
from runreport.tables import Run, level

Evaluate = Callable[[Expression, Run], Scalar]

NOT_SET = "(not set)"
"""Shown where a run lacks a param that others have."""

LABEL_COLUMNS = 4
"""A label names at most so many columns."""

_YEAR_9999 = 253_370_764_800
"""Seconds since the epoch; later moments are no dates."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{1,23}")
_NO_NAMES = frozenset({"true", "false", "none", "null", "yes", "no", "on", "off", "auto", "nan"})
"""Words that mean nothing without the column's name."""


@dataclass(frozen=True, slots=True)
class Selected:
    """Runs in report order, and those left out."""

    runs: tuple[Run, ...]
    excluded: tuple[Excluded, ...]


UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
"""The report's time where nothing says one."""


def report_time(runs: Sequence[Run], environ: Mapping[str, str]) -> datetime:
    """The report's time: `SOURCE_DATE_EPOCH` when set, else the newest run's, never the clock."""
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdigit() and len(epoch) <= 12 and int(epoch) < _YEAR_9999:
        return datetime.fromtimestamp(int(epoch), UTC)
    times = [time for run in runs for time in (run.started, run.ended) if time is not None]
    return max(times, default=UNDATED)


def select(
    runs: Sequence[Run], selection: Selection, evaluate: Evaluate, now: datetime
) -> Selected:
    """Filter and sort. A run is left out for the first rule it fails, and the rule is named."""
    since = None if selection.since is None else since_time(selection.since, now)
    kept: list[Run] = []
    excluded: list[Excluded] = []
    for run in runs:
        if since is not None and (run.started is None or run.started < since):
            excluded.append(Excluded(run, f"started before {since:%Y-%m-%d %H:%M} UTC"))
        elif selection.where is not None and not truth(evaluate(selection.where, run)):
            excluded.append(Excluded(run, f"does not satisfy {selection.where.text}"))
        else:
            kept.append(run)
    kept = sort_runs(kept, selection.sort, evaluate)
    if selection.limit is not None:
        excluded += [
            Excluded(run, f"beyond the limit of {count(selection.limit, 'run')}")
            for run in kept[selection.limit :]
        ]
        kept = kept[: selection.limit]
    return Selected(tuple(kept), tuple(excluded))


def sort_runs(runs: Sequence[Run], keys: Sequence[Expression], evaluate: Evaluate) -> list[Run]:
    """Runs by the expressions, first one first; missing and NaN last either way, ties as before.

    Without expressions: by start time, then name, then id.
    """
    ordered = sorted(runs, key=lambda run: (run.started is None, run.started, run.name, run.id))
    for expression in reversed(keys):
        values = {run.id: _sort_key(evaluate(expression, run)) for run in ordered}
        ordered.sort(key=lambda run: values[run.id], reverse=expression.descending)
        # stable second pass: what cannot be ordered goes last in both directions
        ordered.sort(key=lambda run: values[run.id][0] == 2)
    return ordered


def group(runs: Sequence[Run], grouping: Grouping, evaluate: Evaluate) -> tuple[Group, ...]:
    """Groups of the selected runs: the baseline first, then in the natural order of their keys.

    Raises:
        SpecError: RR210 when the baseline selects no group or more than one.
    """
    columns, keys = _keys(runs, grouping, evaluate)
    members: dict[tuple[Any, ...], list[Run]] = {}
    texts: dict[tuple[Any, ...], tuple[str, ...]] = {}
    for run, key in zip(runs, keys, strict=True):
        identity = tuple(level(text) for text in key)
        members.setdefault(identity, []).append(run)
        texts.setdefault(identity, key)
    order = sorted(members, key=lambda identity: [_sort_key(part) for part in identity])
    baseline = _baseline(order, members, texts, columns, grouping, evaluate)
    if baseline is not None:
        order.remove(baseline)
        order.insert(0, baseline)
    varying = [
        index for index in range(len(columns)) if len({identity[index] for identity in members}) > 1
    ]
    labels = _labels([(texts[key], members[key]) for key in order], columns, varying)
    return tuple(
        Group(
            id=f"g{index}",
            label=label,
            key=tuple((columns[i], texts[identity][i]) for i in varying),
            runs=tuple(members[identity]),
            replicate_of=_identities(members[identity], grouping, evaluate),
            is_baseline=identity == baseline,
            color=SERIES[index] if index < len(SERIES) else "series-other",
            across_of=_texts(grouping.across, members[identity], evaluate),
            cluster_of=_texts(grouping.cluster, members[identity], evaluate),
        )
        for index, (identity, label) in enumerate(zip(order, labels, strict=True))
    )


def _identities(
    runs: Sequence[Run], grouping: Grouping, evaluate: Evaluate
) -> tuple[str | None, ...]:
    """What tells each run from the other replicates of its group: of a repeated cross-validation
    repeat and fold together.
    """
    expression = grouping.items or grouping.pair_by or grouping.replicates
    if expression is None:
        return (None,) * len(runs)
    own = _texts(expression, runs, evaluate)
    if grouping.repeat is None:
        return own
    return tuple(
        None if repeat is None or fold is None else f"{repeat}{JOINT}{fold}"
        for repeat, fold in zip(_texts(grouping.repeat, runs, evaluate), own, strict=True)
    )


def _texts(
    expression: Expression | None, runs: Sequence[Run], evaluate: Evaluate
) -> tuple[str | None, ...]:
    """What each run has in a column; empty where none is declared."""
    return () if expression is None else tuple(_text(evaluate(expression, run)) for run in runs)


def _keys(
    runs: Sequence[Run], grouping: Grouping, evaluate: Evaluate
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Grouping columns and each run's texts in them."""
    if grouping.by:
        columns = [expression.heading or _bare(expression.text) for expression in grouping.by]
        keys = [
            tuple(_or_not_set(evaluate(expression, run)) for expression in grouping.by)
            for run in runs
        ]
        return columns, keys
    apart = set(grouping.all_but or ())
    if grouping.all_but is None:
        # no `by`: whatever is not a replicate's identity separates groups
        apart = {_bare(expression.text) for expression in grouping.columns.values()}
    columns = sorted({name for run in runs for name in run.params} - apart)
    keys = [
        tuple(run.params[name].text if name in run.params else NOT_SET for name in columns)
        for run in runs
    ]
    return columns, keys


def _baseline(
    order: Sequence[tuple[Any, ...]],
    members: Mapping[tuple[Any, ...], Sequence[Run]],
    texts: Mapping[tuple[Any, ...], tuple[str, ...]],
    columns: Sequence[str],
    grouping: Grouping,
    evaluate: Evaluate,
) -> tuple[Any, ...] | None:
    expression = grouping.baseline
    if expression is None or not order:
        return None
    found = [
        identity
        for identity in order
        if all(truth(evaluate(expression, run)) for run in members[identity])
    ]
    if len(found) == 1:
        return found[0]
    names = [
        ", ".join(f"{c}={t}" for c, t in zip(columns, texts[key], strict=True)) for key in found
    ]
    if found:
        shown = "; ".join(_shorten(name, 80) for name in names[:6])
        message = f"baseline selects {len(found)} groups, expected exactly one: {shown}"
        hint = "narrow it with `and`, or group by fewer columns"
    else:
        message = "baseline selects no group, expected exactly one"
        hint = f"{len(order)} groups exist; the condition must hold for every run of one of them"
    raise SpecError(Problem("RR210", message, expression.span, hint))


def _labels(
    groups: Sequence[tuple[tuple[str, ...], Sequence[Run]]],
    columns: Sequence[str],
    varying: Sequence[int],
) -> list[str]:
    labels = []
    plain = _self_explaining([key for key, _ in groups], varying)
    usual = _usual([key for key, _ in groups], varying)
    for key, runs in groups:
        # what nearly every group has says nothing, except where a group has something else
        telling = [i for i in varying if usual.get(i) != key[i]] or list(varying)
        if not varying:
            label = "all runs"
        elif len(runs) == 1 and len(telling) > LABEL_COLUMNS:
            label = runs[0].name or runs[0].id
        else:
            parts = [
                _shorten(key[i], 40) if i in plain else f"{columns[i]}={_shorten(key[i], 40)}"
                for i in telling[:LABEL_COLUMNS]
            ]
            label = ", ".join(parts) + (", \u2026" if len(telling) > LABEL_COLUMNS else "")
        labels.append(label)
    # equal labels would make two groups look like one
    seen: dict[str, int] = {}
    unique = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        unique.append(label if labels.count(label) == 1 else f"{label} #{seen[label]}")
    return unique


def _usual(keys: Sequence[tuple[str, ...]], varying: Sequence[int]) -> dict[int, str]:
    """Where there are more columns than a label names: what all groups but a few have in one."""
    found: dict[int, str] = {}
    if len(varying) > LABEL_COLUMNS:
        for index in varying:
            text, count = Counter(key[index] for key in keys).most_common(1)[0]
            if count > 1 and len(keys) - count <= max(1, len(keys) // 10):
                found[index] = text
    return found


def _self_explaining(keys: Sequence[tuple[str, ...]], varying: Sequence[int]) -> set[int]:
    """Columns whose values say what they are: words (`adam`), which no other column has."""
    levels = {index: {key[index] for key in keys} for index in varying}
    return {
        index
        for index, texts in levels.items()
        if all(_WORD.fullmatch(text) and text.lower() not in _NO_NAMES for text in texts)
        and not any(texts & others for other, others in levels.items() if other != index)
    }


def _sort_key(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then text, then what is missing or NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (2, 0.0, "")
    if isinstance(value, datetime):
        return (0, value.timestamp(), "")
    if isinstance(value, bool | int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))


def _or_not_set(value: Scalar) -> str:
    text = _text(value)
    return NOT_SET if text is None else text


def _text(value: Scalar) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _bare(text: str) -> str:
    return text.strip().removeprefix("params.").removeprefix("tags.")


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}\u2026"
