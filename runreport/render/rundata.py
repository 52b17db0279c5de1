"""What pages may be asked about their runs: one JSON script per page, for filters, means and CSV.

Columns of text hold each word once. Nothing a run holds can end the element that the data stand
in, and what does not fit is named.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runreport.kinds import Context
from runreport.render import emit
from runreport.spec.expressions import Expression
from runreport.spec.names import qualified
from runreport.tables import Run

IDENTIFIER = "rr-runs"
"""Of the script element; a page has one at most."""

LARGEST = 300_000
"""Characters of the columns of one page."""

NAMED = 20
"""Columns left out that are named; of more, their number."""

ATTRIBUTES = ("name", "status", "experiment", "duration", "user", "source", "id")

_RUNS = re.compile(r'data-run="([0-9a-fr ]+)"')
_OUTSIDE = re.compile("[<>&\u2028\u2029]")


@dataclass(frozen=True, eq=False)
class RunData:
    """Every selected run of a report, column by column."""

    tokens: tuple[str, ...]
    columns: tuple[tuple[str, str, Mapping[str, str], Sequence[float | str | None]], ...]
    """Family, name, unit where there is one, one value per run; the first ones matter most."""
    level: float
    """Of the intervals of means."""

    def script(self, markup: Collection[str]) -> str:
        """The element for a page that holds this markup; empty where it shows fewer than 2 runs."""
        shown = {
            token for part in markup for marks in _RUNS.findall(part) for token in marks.split()
        }
        rows = [row for row, token in enumerate(self.tokens) if token in shown]
        if len(rows) < 2:
            return ""
        columns, left, room = [], [], LARGEST
        for family, name, about, values in self.columns:
            column = {"f": family, "n": name, **about, **_packed([values[row] for row in rows])}
            size = len(emit.json(column))
            if size <= room:
                columns.append(column)
                room -= size
            else:
                left.append(name if family == "run" else f"{family}.{name}")
        content = {
            "columns": columns,
            "left": _named(left),
            "level": self.level,
            "runs": [self.tokens[row] for row in rows],
        }
        return f'<script id="{IDENTIFIER}" type="application/json">{emit.json(content)}</script>'


def run_data(context: Context) -> RunData:
    """What a report's pages know of its runs: as a condition of the spec would read it."""
    runs = context.runs
    return RunData(
        tokens=tuple(emit.run_token(run.id) for run in runs),
        columns=tuple(_columns(context, runs)),
        level=round(1 - context.design.alpha, 10),
    )


def is_sound(text: str) -> bool:
    """Whether the content of such an element is JSON of this module and cannot leave it."""
    try:
        content = json.loads(text)
    except ValueError:
        return False
    known = isinstance(content, dict) and content.keys() == {"columns", "left", "level", "runs"}
    return known and _OUTSIDE.search(text) is None


def _columns(context: Context, runs: Sequence[Run]) -> Iterator[tuple[str, str, Any, Any]]:
    yield "run", "name", {}, [run.name for run in runs]
    yield "group", "group", {}, [context.group_of(run).label for run in runs]
    declared = [metric.name for metric in context.design.metrics]
    for metric in context.design.metrics:
        about = {"u": metric.unit} if metric.unit else {}
        yield "metrics", metric.name, about, _read(context, runs, "metrics", metric.name)
    params = sorted({name for run in runs for name in run.params})
    texts = {
        name: [run.params[name].text if name in run.params else None for run in runs]
        for name in params
    }
    # those that differ first: the others tell no run from another
    for name in sorted(params, key=lambda name: len(set(texts[name])) == 1):
        yield "params", name, {}, texts[name]
    for name in ATTRIBUTES[1:]:
        values = _read(context, runs, "run", name)
        if any(value is not None for value in values):
            yield "run", name, {}, values
    for name in sorted({name for run in runs for name in run.metrics}.difference(declared)):
        yield "metrics", name, {"o": "1"}, _read(context, runs, "metrics", name)
    for name in sorted({name for run in runs for name in run.tags}):
        yield "tags", name, {}, [run.tags.get(name) for run in runs]


def _read(
    context: Context, runs: Sequence[Run], family: str, name: str
) -> list[float | str | bool | None]:
    expression = Expression(qualified(family, name, quoted=True))
    return [context.evaluate(expression, run) for run in runs]


def _packed(values: Sequence[float | str | None]) -> dict[str, Any]:
    """Numbers as they are; words once each, with their places."""
    if not any(isinstance(value, str) for value in values):
        return {"v": [_number(value) for value in values]}
    words = list(dict.fromkeys(value for value in values if value is not None))
    if len(words) == 1 and None not in values:
        return {"w": words}
    at = {word: place for place, word in enumerate(words)}
    return {"w": words, "i": [-1 if value is None else at[value] for value in values]}


def _number(value: float | str | None) -> float | str | None:
    """JSON has no NaN and no infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _named(left: Sequence[str]) -> list[str]:
    rest = len(left) - NAMED
    return [*left[:NAMED], *([f"{rest} more"] if rest > 0 else [])]
