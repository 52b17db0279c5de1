"""Every run as a line across params and metrics side by side: which settings lead where.

Each lane has its own scale: linear, logarithmic where values spread over orders of magnitude, or
one place per word. A run without a value passes through the lane's `missing` place.
A metric that is to be minimized is drawn upside down, so that better is up. In the browser lanes
are brushed, turned over and moved; many lanes are scrolled sideways.

    - parallel: {columns: [optimizer, learning_rate, val_accuracy], color: val_accuracy}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runreport import formats
from runreport.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    LegendEntry,
    Note,
    Row,
    RunRef,
    Table,
    Text,
)
from runreport.design import MetricName
from runreport.drawing import Drawing, LaneAxis, Lanes, Mark, Marks, Style
from runreport.kinds import Context, Section
from runreport.sections import charting, lanewords, quantities
from runreport.sections.charting import Floats
from runreport.sections.lanes import MISSING_AT, Lane, lane_of, turned
from runreport.sections.quantities import Quantity
from runreport.spec.expressions import Expression
from runreport.spec.names import qualified
from runreport.tables import FINISHED, Run

LANES = 16
"""More lanes than this nobody follows."""

DEFAULT = 8
"""So many are chosen where the author names none."""

FITTING = 8
"""More lanes than this make the chart wider than the text."""

LANE_WIDTH = 0.9
"""Inches from lane to lane in such a chart."""

ROWS = 200
"""The table below names so many runs."""

RAMP = tuple(f"ramp-{n}" for n in range(9))


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    columns: tuple[Expression, ...] = ()
    """Lanes from left to right; by default the params that differ, then the declared metrics."""
    color: MetricName | None = None
    """Lines coloured by this metric from low to high; by group when empty, or by the primary
    metric where groups are too many for colours."""
    log: tuple[str, ...] = ()
    """Columns that are always logarithmic."""
    invert: tuple[str, ...] | None = None
    """Columns drawn upside down; by default the metrics that are to be minimized."""
    limit: int = 500
    """With more runs than this the first ones are drawn."""


@dataclass(frozen=True, eq=False)
class Lines:
    """What is drawn."""

    lanes: tuple[Lane, ...]
    expressions: tuple[str, ...]
    """What each lane shows, as a spec writes it."""
    places: Floats
    """Shape (runs, lanes), between 0 and 1, or `MISSING_AT`."""
    tokens: tuple[str, ...]
    dashed: tuple[bool, ...]
    run_ids: tuple[str, ...]
    tips: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ParallelData:
    """Runs across lanes."""

    quantities: tuple[Quantity, ...]
    runs: tuple[Run, ...]
    lines: Lines | None
    legend: tuple[LegendEntry, ...]
    remarks: tuple[str, ...]
    color: Quantity | None


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> ParallelData:
    """Each run's place in each lane."""
    runs = context.runs[: max(1, options.limit)]
    wanted = options.columns or _default_columns(context)
    remarks = []
    if len(context.runs) > len(runs):
        rest = len(context.runs) - len(runs)
        remarks.append(f"The first {len(runs)} runs are drawn; {rest} more are not.")
    if len(wanted) > LANES:
        names = charting.named([expression.text for expression in wanted[LANES:]])
        remarks.append(f"No room for {names}.")
    read = [quantities.read(context, runs, expression) for expression in wanted[:LANES]]
    lanes, places, over = [], [], []
    for expression, quantity in zip(wanted, read, strict=False):
        lane, place, remark = lane_of(
            quantity, not {expression.text, expression.heading}.isdisjoint(options.log)
        )
        if _is_turned(options, expression, quantity) and lane.kind != "empty":
            lane, place = turned(lane, place)
            over.append(lane.label)
        lanes.append(lane)
        places.append(place)
        remarks += [remark] if remark else []
    if over:
        verb = "is" if len(over) == 1 else "are"
        remarks.append(f"{charting.named(over, LANES)} {verb} upside down: lower values are up.")
    if any(lane.has_missing for lane in lanes):
        remarks.append("Lines through “missing” have no value there.")
    if any(run.status not in FINISHED for run in runs):
        remarks.append("Dashed lines are runs that did not finish.")
    color, tokens, legend = _colors(context, options, runs)
    if color is not None and options.color is None:
        remarks.append(f"Groups are too many for a colour each: lines show {color.name}.")
    lines = None
    if runs and len(lanes) > 1:
        order = _order(tokens, color)
        lines = Lines(
            lanes=tuple(lanes),
            expressions=tuple(expression.text for expression in wanted[:LANES]),
            places=np.column_stack(places)[order],
            tokens=tuple(tokens[index] for index in order),
            dashed=tuple(runs[index].status not in FINISHED for index in order),
            run_ids=tuple(runs[index].id for index in order),
            tips=tuple(_tip(context, runs[index], read, index) for index in order),
        )
    return ParallelData(tuple(read), runs, lines, legend, tuple(remarks), color)


def _is_turned(options: Options, expression: Expression, quantity: Quantity) -> bool:
    if options.invert is None:
        return quantity.goal == "minimize"
    return not {expression.text, expression.heading}.isdisjoint(options.invert)


def _default_columns(context: Context) -> tuple[Expression, ...]:
    """Params that differ between runs, then the declared metrics; the latter keep their place."""
    names: dict[str, set[str]] = {}
    for run in context.runs:
        for name, param in run.params.items():
            names.setdefault(name, set()).add(param.text)
    count = len(context.runs)
    differing = [
        name
        for name in sorted(names, key=lambda name: name not in context.design.by)
        if len(names[name]) > 1 or sum(name in run.params for run in context.runs) < count
    ]
    metrics = [metric.name for metric in context.design.metrics][: DEFAULT // 2]
    kept = [name for name in differing if name != context.design.replicates]
    kept = kept[: DEFAULT - len(metrics)]
    return (
        *(Expression(qualified("params", name), heading=name) for name in kept),
        *(Expression(name) for name in metrics),
    )


def _colors(
    context: Context, options: Options, runs: Sequence[Run]
) -> tuple[Quantity | None, tuple[str, ...], tuple[LegendEntry, ...]]:
    """A colour per run, and the legend that says what it means."""
    name, primary = options.color, context.design.primary
    if name is None:
        ids = {run.id for run in runs}
        if primary and not charting.told_apart(context.groups, ids):
            name = primary[0].name
    if name is None:
        groups = [context.group_of(run) for run in runs]
        own = {group.id for group in groups}
        shown = [group for group in context.groups if group.id in own]
        return None, tuple(group.color for group in groups), charting.legend(shown, ids)
    quantity = quantities.read(context, runs, Expression(name))
    numbers = np.array(
        [value if isinstance(value, float) else np.nan for value in quantity.values],
        dtype=np.float64,
    )
    fine = np.isfinite(numbers)
    if not fine.any():
        return quantity, ("series-other",) * len(runs), ()
    low, high = float(numbers[fine].min()), float(numbers[fine].max())
    span = high - low
    share = (numbers - low) / span if span > 0 else np.where(fine, 0.5, np.nan)
    steps = np.where(fine, np.nan_to_num(share) * (len(RAMP) - 1), 0).round().astype(int)
    tokens = tuple(
        RAMP[step] if ok else "series-other" for step, ok in zip(steps.tolist(), fine, strict=True)
    )
    return quantity, tokens, _ramp_legend(quantity, runs, tokens, low, high)


def _order(tokens: Sequence[str], color: Quantity | None) -> list[int]:
    """Lines as they are drawn: of the metric that colours them, the best ones over the others."""
    places = {token: place for place, token in enumerate(RAMP)}
    sign = -1 if color is not None and color.goal == "minimize" else 1
    known = color is not None
    # runs without a value stay behind
    return sorted(
        range(len(tokens)), key=lambda i: sign * places.get(tokens[i], -sign * 9) if known else 0
    )


def _ramp_legend(
    quantity: Quantity, runs: Sequence[Run], tokens: Sequence[str], low: float, high: float
) -> tuple[LegendEntry, ...]:
    """The two ends and the middle of the ramp, with the runs of each third."""
    name = charting.fit(quantity.name, 40)
    entries = []
    parts = ((0, 3, low), (3, 6, (low + high) / 2), (6, 9, high))
    for first, last, value in parts if high > low else parts[1:2]:
        ids = tuple(r.id for r, t in zip(runs, tokens, strict=True) if t in RAMP[first:last])
        token = RAMP[{0: 0, 3: 4, 6: 8}[first]]
        entries.append(LegendEntry(f"{name} {quantity.words(value)}", token, run_ids=ids))
    if without := tuple(r.id for r, t in zip(runs, tokens, strict=True) if t == "series-other"):
        entries.append(LegendEntry(f"no {name}", "series-other", run_ids=without))
    return tuple(entries)


def _tip(context: Context, run: Run, read: Sequence[Quantity], index: int) -> str:
    status = "" if run.status in FINISHED else f" ({run.status})"
    parts = [f"{charting.fit(run.name)}{status}"]
    for quantity in read:
        value = quantity.values[index]
        parts.append(
            f"{charting.fit(quantity.name, 40)}: "
            f"{'missing' if value is None else quantity.words(value)}"
        )
    return "\n".join(parts)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: ParallelData, options: Options) -> tuple[Block, ...]:
    """The chart with its table, or a note that says why there is none."""
    if data.lines is None:
        why = "A run is drawn as a line, which needs two columns that exist."
        if not data.runs:
            why = "This report has no runs."
        return (Note("info", "No parallel coordinates", (Text((why,)),)),)
    names = [charting.fit(quantity.name, 40) for quantity in data.quantities]
    return (
        Figure(
            draw=draw,
            data=data.lines,
            title=f"Runs across {_and(names)}",
            description=_description(data, names),
            table=_table(data),
            legend=data.legend,
            width=max(7.2, LANE_WIDTH * len(names) if len(names) > FITTING else 0),
            height=4.4,
            note=(" ".join(data.remarks),) if data.remarks else (),
        ),
    )


def _and(names: Sequence[str]) -> str:
    if len(names) > 4:
        return charting.named(names, 3)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _description(data: ParallelData, names: Sequence[str]) -> str:
    lanes = data.lines.lanes if data.lines else ()
    said = (
        f"Parallel coordinates of {formats.count(len(data.runs), 'run')}: each line is a run, "
        f"each of {formats.count(len(lanes), 'lane')} a column ({charting.named(names, LANES)})."
    )
    logs = [lane.label for lane in lanes if lane.kind == "log"]
    said += f" Logarithmic: {charting.named(logs, LANES)}." if logs else ""
    if data.color is not None:
        return f"{said} Lines are coloured by {charting.fit(data.color.name)} from low to high."
    return f"{said} Lines have their group's colour."


def _table(data: ParallelData) -> Table:
    columns = [Column("Run")]
    for quantity in data.quantities:
        words = any(isinstance(value, str) for value in quantity.values)
        columns.append(
            Column(
                charting.fit(quantity.name, 40),
                "text" if words else "number",
                unit=quantity.unit or None,
                goal=quantity.goal,
            )
        )
    rows = tuple(
        Row(
            (
                Cell((RunRef(run.id, charting.fit(run.name)),), run.name),
                *(quantity.cell(quantity.values[index]) for quantity in data.quantities),
            ),
            run_id=run.id,
        )
        for index, run in enumerate(data.runs[:ROWS])
    )
    cut = len(data.runs) - len(rows)
    note = f"{formats.count(cut, 'further run')} not listed." if cut else ""
    return Table(tuple(columns), rows, "Values of every line", note=(note,) if note else ())


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Lines, style: Style) -> Drawing:
    """Lanes, then one line per run, then the words beside the lanes."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width, style.height))
    line = style.font_size * 100 / 72
    w, h = style.width * 100, style.height * 100
    missing = any(lane.has_missing for lane in data.lanes)
    count = len(data.lanes)
    # half of the first lane's name stands left of it
    left, right, top = lanewords.left_of(data.lanes[0], style), 78.0, line * 3.2
    axes = figure.add_axes((left / w, 10 / h, 1 - (left + right) / w, 1 - (top + 10) / h))
    axes.set_xlim(0, count - 1)
    axes.set_ylim(MISSING_AT - 0.07 if missing else -0.05, 1.05)
    axes.set_axis_off()
    for place in range(count):
        axes.plot([place, place], [0, 1], color=style.color("ink-muted"), linewidth=1)
    count_of_lines = len(data.run_ids)
    many = count_of_lines > 60
    axes.add_collection(
        LineCollection(
            [np.column_stack((np.arange(count), row)) for row in data.places],
            colors=[style.color(token) for token in data.tokens],
            linestyles=[(0, (3, 2)) if dashed else "solid" for dashed in data.dashed],
            linewidths=1.0 if many else 1.5,
            # hundreds of lines let each other shine through
            alpha=max(0.22, 0.5 * (60 / count_of_lines) ** 0.4) if many else 0.75,
            joinstyle="round",
            clip_on=False,
            gid="m0",
            zorder=3,
        ),
        autolim=False,
    )
    gap = (w - left - right) / max(1, count - 1)
    lanewords.write(axes, data.lanes, style, gap)
    marks = tuple(Mark((i,), tip) for i, tip in zip(data.run_ids, data.tips, strict=True))
    lanes = tuple(
        LaneAxis(
            label=lane.label,
            name=name,
            expression=expression,
            low=lane.low,
            high=lane.high,
            log=lane.kind == "log",
            ticks=lane.ticks,
            words=lane.words,
            has_rest=lane.has_rest,
        )
        for lane, name, expression in zip(
            data.lanes, lanewords.names(data.lanes, style, gap), data.expressions, strict=True
        )
    )
    return Drawing(figure, (Marks("m0", marks),), lanes=Lanes(axes, MISSING_AT, lanes))


SECTION = Section(
    name="parallel", options=Options, compute=compute, present=present, short="columns"
)
