"""Params, metrics, tags, environment and lineage side by side: what differs, and what does not.

Runs or groups are columns, keys are rows. Only differences show at first; what is the same
everywhere is one line, and the switch above a table shows it too. `1e-3` and `0.001` are the same.

    - diff: {of: groups, ignore: [params.seed, "tags.internal.*"]}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from runreport import formats
from runreport.blocks import Block, Cell, Column, Headline, Note, Row, Table, Text
from runreport.blocks import Mark as CellMark
from runreport.design import Metric
from runreport.kinds import Context, Section
from runreport.samples import sample
from runreport.sections import charting, leaderboard, variation
from runreport.sections.digits import Digits
from runreport.sections.origins import origins
from runreport.sections.variation import Line, Side
from runreport.tables import FINISHED, Run

Family: TypeAlias = Literal["params", "metrics", "tags", "lineage"]

HANDFUL = 6
"""Up to so many runs are compared one by one unless the author says otherwise."""

ROWS = 400
"""Keys of one table."""

METRICS = 100
"""Declared ones first, then by name."""

CELLS = 6_000
"""Of one table."""

OWN_TAGS = "tags.mlflow.*"
"""What the tracker writes for itself; what it says of code and data is in the lineage."""

TITLES: Mapping[Family, str] = {
    "params": "Params",
    "metrics": "Metrics",
    "tags": "Tags",
    "lineage": "Code, data and environment",
}
NOUNS: Mapping[Family, str] = {
    "params": "param",
    "metrics": "metric",
    "tags": "tag",
    "lineage": "fact",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    of: Literal["auto", "runs", "groups"] = "auto"
    """Columns; `auto`: runs when there is a handful, else groups."""
    what: tuple[Family, ...] = ("params", "metrics", "tags", "lineage")
    """Which tables, in this order."""
    ignore: tuple[str, ...] = ()
    """Keys left out, as patterns: `seed`, `params.opt*`, `tags.*`."""
    keep: tuple[str, ...] = ()
    """Keys kept whatever `ignore` says; with `keep` alone, only these. The tracker's own tags
    (`mlflow.*`) are left out unless a pattern here keeps them."""


@dataclass(frozen=True, eq=False)
class MetricLine:
    """One metric over all sides."""

    metric: Metric
    values: tuple[float | None, ...]
    """Of the run, or the mean of the group's usable runs; NaN and infinities stay."""
    counts: tuple[int, ...]
    """Usable runs per side."""
    best: frozenset[int]

    @property
    def differs(self) -> bool:
        """Whether two sides have different values, or one has none."""
        return len({str(value) for value in self.values}) > 1


@dataclass(frozen=True, eq=False)
class Part:
    """One family of keys."""

    family: Family
    lines: tuple[Line, ...] = ()
    """Of params, tags and lineage."""
    metrics: tuple[MetricLine, ...] = ()
    ignored: int = 0
    """Keys that patterns leave out."""
    unlisted: int = 0
    """Metrics beyond the most that are compared."""
    own: int = 0
    """Tags of the tracker itself, left out unasked."""


@dataclass(frozen=True, eq=False)
class DiffData:
    """The comparison."""

    of: Literal["runs", "groups"]
    sides: tuple[Side, ...]
    parts: tuple[Part, ...]
    replicates: str
    """The param that makes runs of a group differ: no difference between groups. May be empty."""


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> DiffData:
    """What each run or group has under each key."""
    few = len(context.runs) <= HANDFUL or len(context.groups) < 2
    of: Literal["runs", "groups"] = "runs" if few else "groups"
    if options.of != "auto":
        of = options.of
    sides = (variation.sides_of_runs if of == "runs" else variation.sides_of_groups)(context)
    replicates = ""
    if of == "groups":
        replicates = (context.design.replicates or "").removeprefix("params.")
    parts = [_part(context, family, sides, options) for family in dict.fromkeys(options.what)]
    return DiffData(of, sides, tuple(parts) if len(sides) > 1 else (), replicates)


def _part(context: Context, family: Family, sides: Sequence[Side], options: Options) -> Part:
    def wanted(key: str) -> bool:
        return _wanted(family, key, options)

    if family == "metrics":
        names = dict.fromkeys(m.name for m in context.design.metrics)
        logged = sorted({name for run in context.runs for name in run.metrics} - set(names))
        every = [*names, *logged]
        kept = [context.design.metric(name) for name in every if wanted(name)]
        lines = tuple(_metric_line(context, metric, sides) for metric in kept[:METRICS])
        ignored, unread = len(every) - len(kept), len(kept) - len(lines)
        return Part(family, metrics=lines, ignored=ignored, unlisted=unread)
    found = variation.compare(sides, _FACTS[family], numbers=family != "lineage")
    chosen = [line for line in found if wanted(line.key)]
    out = len(found) - len(chosen)
    own = sum(family == "tags" and _is_own(line.key, options) for line in found)
    return Part(family, tuple(chosen), ignored=out - own, own=own)


def _params(run: Run) -> Mapping[str, str]:
    return {name: param.text for name, param in run.params.items()}


def _tags(run: Run) -> Mapping[str, str]:
    return run.tags


def _lineage(run: Run) -> Mapping[str, str]:
    return {origin.label: origin.text for origin in origins(run)}


_FACTS: Mapping[Family, Callable[[Run], Mapping[str, str]]] = {
    "params": _params,
    "tags": _tags,
    "lineage": _lineage,
}


def _wanted(family: Family, key: str, options: Options) -> bool:
    if _matches(family, key, options.keep):
        return True
    if family == "tags" and _is_own(key, options):
        return False
    if options.ignore:
        return not _matches(family, key, options.ignore)
    return not options.keep


def _is_own(key: str, options: Options) -> bool:
    return fnmatchcase(f"tags.{key}", OWN_TAGS) and not _matches("tags", key, options.keep)


def _matches(family: Family, key: str, patterns: Sequence[str]) -> bool:
    names = (key, f"{family}.{key}")
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _metric_line(context: Context, metric: Metric, sides: Sequence[Side]) -> MetricLine:
    values: list[float | None] = []
    counts = []
    for side in sides:
        if side.group is None:
            (run,) = side.runs
            values.append(leaderboard.number_of(context.value(run, metric), run, metric))
            counts.append(int(run.status in FINISHED))
        else:
            part = sample(side.group, metric, context.value_of)
            values.append(float(part.values.mean()) if part.values.size else None)
            counts.append(int(part.values.size))
    best = leaderboard.best_mean(values, counts, metric.goal)
    return MetricLine(metric, tuple(values), tuple(counts), best)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: DiffData, options: Options) -> tuple[Block, ...]:
    """One table per family, and a line about what is the same."""
    if len(data.sides) < 2:
        noun = data.of.removesuffix("s")
        why = f"This report has {formats.count(len(data.sides), noun)}; a comparison needs two."
        return (Note("info", "Nothing to compare", (Text((why,)),)),)
    blocks: list[Block] = []
    for part in data.parts:
        inner = _metrics(data, part) if part.family == "metrics" else _keys(data, part)
        if len(data.parts) > 1 and inner:
            blocks.append(Headline(TITLES[part.family], 3))
        blocks += inner
    if not blocks:
        why = "No run has a key that this section compares."
        return (Note("info", "Nothing to compare", (Text((why,)),)),)
    return tuple(blocks)


def _keys(data: DiffData, part: Part) -> list[Block]:
    noun = NOUNS[part.family]
    lines = [line for line in part.lines if line.key != data.replicates]
    apart = [line for line in lines if line.differs]
    equal = [line for line in lines if line.is_constant]
    within = [line for line in lines if not line.differs and not line.is_constant]
    said = [variation.constants(equal, noun)]
    if within:
        names = charting.named([line.key for line in within])
        said.append(f"Varies within {data.of} in the same way: {names}.")
    if len(lines) < len(part.lines):
        said.append(f"{charting.fit(data.replicates)} tells the runs of a group apart.")
    said.append(_ignored(part))
    words = " ".join(sentence for sentence in said if sentence)
    blocks: list[Block] = []
    if apart:
        blocks += [_table(data, part, apart, [*within, *equal]), *variation.long_values(apart)]
    elif lines:
        words = f"No difference between {data.of}. {words}"
    if words:
        blocks.append(Text((words.strip(),), "small" if apart else "plain"))
    return blocks


def _table(data: DiffData, part: Part, apart: Sequence[Line], rest: Sequence[Line]) -> Table:
    width = min(len(data.sides), variation.COLUMNS) + 1
    shown = apart[:ROWS]
    same = rest[: max(0, min(ROWS, CELLS // width) - len(shown))]
    noun = NOUNS[part.family]
    said = [variation.cut_words(data.sides, data.of.removesuffix("s"))]
    if len(apart) > len(shown):
        said.append(f"{formats.count(len(apart) - len(shown), noun)} more differ.")
    if len(rest) > len(same):
        said.append(f"{len(rest) - len(same)} that do not differ are not listed.")
    if _marks_baseline(data):
        said.append("≠ marks what is not as in the baseline.")
    count = formats.count(len(apart), noun)
    verb = "differs" if len(apart) == 1 else "differ"
    return Table(
        columns=variation.columns(data.sides, noun.capitalize()),
        rows=tuple(variation.row(line, data.sides) for line in (*shown, *same)),
        caption=f"{count} {verb} between {data.of}",
        note=(note,) if (note := " ".join(part for part in said if part)) else (),
        export=f"diff-{part.family}",
        differences=bool(same),
        searchable=width * len(shown) <= 200,
    )


def _marks_baseline(data: DiffData) -> bool:
    return sum(side.is_baseline for side in data.sides) == 1


def _ignored(part: Part) -> str:
    said = []
    if part.ignored:
        said.append(f"{formats.count(part.ignored, NOUNS[part.family])} left out as asked.")
    if part.own:
        tags = formats.count(part.own, "tag")
        said.append(f"{tags} of the tracker itself (mlflow.*) left out.")
    return " ".join(said)


def _metrics(data: DiffData, part: Part) -> list[Block]:
    lines = part.metrics
    if not lines:
        words = _ignored(part)
        return [Text((words,), "small")] if words else []
    said = [variation.cut_words(data.sides, data.of.removesuffix("s"))]
    if data.of == "groups":
        said.append("Means of finished runs with a finite value.")
    if any(line.best for line in lines):
        said.append(f"★ marks the best {'mean' if data.of == 'groups' else 'finished run'}.")
    if part.unlisted:
        more = formats.count(part.unlisted, "more metric")
        said.append(f"{more} not listed; `keep` and `ignore` choose.")
    said.append(_ignored(part))
    columns = [
        Column(column.title, "number" if index else "text", hint=column.hint)
        for index, column in enumerate(variation.columns(data.sides, "Metric"))
    ]
    return [
        Table(
            columns=tuple(columns),
            rows=tuple(_metric_row(data, line) for line in lines),
            caption=f"Metrics by {data.of.removesuffix('s')}",
            note=(" ".join(part for part in said if part),),
            export="diff-metrics",
            differences=any(not line.differs for line in lines),
        )
    ]


def _metric_row(data: DiffData, line: MetricLine) -> Row:
    digits = Digits.of(v for v, n in zip(line.values, line.counts, strict=True) if n)
    cells = [Cell((charting.metric_label(line.metric),), line.metric.title)]
    shown = list(zip(line.values, data.sides, strict=True))[: variation.COLUMNS]
    for index, (value, side) in enumerate(shown):
        if value is None:
            cells.append(charting.cell(None))
            continue
        marks: set[CellMark] = {"best"} if index in line.best else set()
        if not math.isfinite(value) or _stopped(side):
            marks.add("warning")
        cells.append(Cell((digits.text(value),), value, frozenset(marks)))
    return Row(tuple(cells), marks=frozenset({"differs"} if line.differs else ()))


def _stopped(side: Side) -> bool:
    return side.group is None and side.runs[0].status not in FINISHED


SECTION = Section(
    name="diff",
    options=Options,
    compute=compute,
    present=present,
    title="Differences",
    short="of",
)
