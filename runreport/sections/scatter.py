"""Every run as one mark in the plane of two quantities: params, metrics or expressions.

Runs carry their group's colour; those that did not finish are hollow. A run without a value is
listed below the chart, never placed at zero.

    - scatter: {x: learning_rate, y: val_accuracy, log_x: true}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

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
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.kinds import Context, Section
from runreport.samples import Dropped
from runreport.sections import charting, coordinates, quantities, shapes
from runreport.sections.charting import Floats, Scale
from runreport.sections.quantities import Quantity
from runreport.spec.expressions import Expression, Scalar
from runreport.tables import FINISHED, Run

ROWS = 200
"""The table below names so many runs."""

CATEGORIES = 20
"""An axis of words has room for so many."""

LABELLED = 60
"""Beside so many marks a text is tried."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    x: Expression
    """Across: a param, a metric or any expression."""
    y: Expression
    """Upwards."""
    color: Literal["group", "none"] = "group"
    """Marks in their group's colour, or all alike."""
    log_x: bool | None = None
    """Logarithmic horizontal axis; by default where values spread over orders of magnitude."""
    log_y: bool | None = None
    """Logarithmic vertical axis; by default as `log_x`."""
    label: Expression | None = None
    """Written beside each mark where it does not overlap, e.g. `name`."""
    limit: int = 2000
    """With more runs than this the first ones are drawn."""


@dataclass(frozen=True, eq=False)
class Lane:
    """One axis of the chart."""

    scale: Scale
    label: str
    words: tuple[str, ...] = ()
    """Of the categories at 0, 1, 2, ...; empty for numbers."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """What is drawn: marks in drawn coordinates."""

    x_axis: Lane
    y_axis: Lane
    x: Floats
    y: Floats
    tokens: tuple[str, ...]
    hollow: tuple[bool, ...]
    run_ids: tuple[str, ...]
    tips: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ScatterData:
    """Where every run stands."""

    x: Quantity
    y: Quantity
    runs: tuple[Run, ...]
    """Placed ones, in the order of `rows`."""
    rows: tuple[tuple[Scalar, Scalar, str], ...]
    """x, y, group label."""
    cloud: Cloud | None
    legend: tuple[LegendEntry, ...]
    dropped: tuple[Dropped, ...]
    remarks: tuple[str, ...]


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> ScatterData:
    """Both quantities for every run, and who has none."""
    runs = context.runs
    x, y = (quantities.read(context, runs, axis) for axis in (options.x, options.y))
    log_x, log_y = _is_log(x, options.log_x), _is_log(y, options.log_y)
    kept, dropped = [], []
    for index, run in enumerate(runs):
        reason = _unfit(x, index, log_x) or _unfit(y, index, log_y)
        if reason:
            dropped.append(Dropped(run.id, run.name, reason))
        else:
            kept.append(index)
    cut = kept[max(1, options.limit) :]
    kept = kept[: max(1, options.limit)]
    remarks = []
    if cut:
        remarks.append(f"The first {len(kept)} runs are drawn; {len(cut)} more are not.")
    placed = [runs[index] for index in kept]
    if any(run.status not in FINISHED for run in placed):
        remarks.append("Hollow marks are runs that did not finish.")
    if any(quantity.is_text for quantity in (x, y)):
        remarks.append("Marks of one word are spread a little so that they do not hide each other.")
    if options.label is not None:
        fits = len(kept) <= LABELLED
        what = "Labels that would overlap are" if fits else "There are too many runs: labels are"
        remarks.append(f"{what} left out; pointing at a mark names its run.")
    ids = {run.id for run in placed}
    groups = [group for group in context.groups if any(run.id in ids for run in group.runs)]
    colored = options.color == "group" and charting.told_apart(groups, ids)
    if options.color == "group" and not colored and kept:
        remarks.append("Groups are too many for a colour each; pointing at a mark names its group.")
    lanes = _lane(x, kept, log_x), _lane(y, kept, log_y)
    cloud = _cloud(context, options, (x, y), lanes, kept, colored) if kept else None
    return ScatterData(
        x=x,
        y=y,
        runs=tuple(placed),
        rows=tuple((x.values[i], y.values[i], context.group_of(runs[i]).label) for i in kept),
        cloud=cloud,
        legend=charting.legend(groups, ids, swatch="dot", shaped=True) if colored else (),
        dropped=tuple(dropped),
        remarks=tuple(remarks),
    )


def _is_log(quantity: Quantity, wanted: bool | None) -> bool:
    numbers = [value for value in quantity.values if isinstance(value, float)]
    if wanted is not None or quantity.is_text or not numbers:
        return bool(wanted)
    return coordinates.spreads(np.array(numbers))


def _unfit(quantity: Quantity, index: int, log: bool) -> str:
    """Why a run has no place on this axis."""
    value = quantity.values[index]
    name = charting.fit(quantity.name, 40)
    if value is None:
        return quantity.reasons[index]
    if isinstance(value, str):
        return "" if quantity.is_text else f"{name} is text, not a number"
    return f"{name} is 0 or below on a log axis" if log and not value > 0 else ""


def _cloud(
    context: Context,
    options: Options,
    shown: tuple[Quantity, Quantity],
    lanes: Sequence[tuple[Lane, Floats]],
    kept: Sequence[int],
    colored: bool,
) -> Cloud:
    runs = [context.runs[index] for index in kept]
    (x, y), ((x_axis, across), (y_axis, up)) = shown, lanes
    labels = [""] * len(runs)
    if options.label is not None and len(runs) <= LABELLED:
        written = quantities.read(context, runs, options.label)
        labels = [written.words(value) if value is not None else "" for value in written.values]
    tips, tokens = [], []
    for run, index, beside in zip(runs, kept, labels, strict=True):
        group = context.group_of(run)
        status = "" if run.status in FINISHED else f" ({run.status})"
        tips.append(
            f"{charting.fit(run.name)}{status}\n{charting.group_name(group)}\n"
            f"{charting.fit(x.name, 40)}: {x.words(x.values[index])}\n"
            f"{charting.fit(y.name, 40)}: {y.words(y.values[index])}"
            + (f"\n{beside}" if beside not in ("", run.name) else "")
        )
        tokens.append(group.color if colored else "accent")
    return Cloud(
        x_axis=x_axis,
        y_axis=y_axis,
        x=across,
        y=up,
        tokens=tuple(tokens),
        hollow=tuple(run.status not in FINISHED for run in runs),
        run_ids=tuple(run.id for run in runs),
        tips=tuple(tips),
        labels=tuple(labels),
    )


def _lane(quantity: Quantity, kept: Sequence[int], log: bool) -> tuple[Lane, Floats]:
    """An axis and where the runs are on it, in drawn coordinates."""
    if quantity.is_text:
        found = sorted({str(quantity.values[index]) for index in kept}, key=charting.natural)
        at = {word: float(place) for place, word in enumerate(found)}
        places = np.array([at[str(quantity.values[index])] for index in kept])
        places += charting.spread(len(kept), 0.16)
        words = tuple(charting.fit(word, 16) for word in found[:CATEGORIES])
        return Lane(Scale(-0.5, len(found) - 0.5), quantity.label, words), places
    numbers = np.array([quantity.values[index] for index in kept], dtype=np.float64)
    scale = charting.scale_for(numbers, log)
    return Lane(scale, quantity.label), np.asarray(scale.place(numbers), dtype=np.float64)


# ---- blocks --------------------------------------------------------------------------------------


def present(data: ScatterData, options: Options) -> tuple[Block, ...]:
    """The chart with its table, or a note that says why there is none."""
    x, y = charting.fit(data.x.name, 50), charting.fit(data.y.name, 50)
    missing = charting.dropped_words(data.dropped)
    if data.cloud is None:
        why = missing or "This report has no runs."
        return (Note("info", f"Nothing to place by {x} and {y}", (Text((why,)),)),)
    note = " ".join([*data.remarks, *([missing] if missing else [])])
    return (
        Figure(
            draw=draw,
            data=data.cloud,
            title=f"{y} against {x}",
            description=_description(data, x, y),
            table=_table(data, x, y),
            legend=data.legend,
            note=(note,) if note else (),
        ),
    )


def _description(data: ScatterData, x: str, y: str) -> str:
    said = f"Scatter chart of {y} against {x}: {formats.count(len(data.runs), 'run')}."
    for quantity, name, column in ((data.x, x, 0), (data.y, y, 1)):
        if quantity.is_text:
            continue
        numbers = [number for row in data.rows if isinstance(number := row[column], float)]
        low, high = min(numbers), max(numbers)
        said += f" {name} ranges from {quantity.words(low)} to {quantity.words(high)}."
    return said


def _table(data: ScatterData, x: str, y: str) -> Table:
    columns = (
        Column("Run"),
        Column("Group"),
        *(
            Column(
                name,
                "text" if q.is_text else "number",
                unit=q.unit or None,
                goal=q.goal,
            )
            for q, name in ((data.x, x), (data.y, y))
        ),
    )
    rows = tuple(
        Row(
            (
                Cell((RunRef(run.id, charting.fit(run.name)),), run.name),
                Cell((charting.fit(group),), group),
                data.x.cell(across),
                data.y.cell(up),
            ),
            run_id=run.id,
        )
        for run, (across, up, group) in zip(data.runs[:ROWS], data.rows[:ROWS], strict=True)
    )
    cut = len(data.runs) - len(rows)
    note = f"{formats.count(cut, 'further run')} not listed." if cut else ""
    return Table(columns, rows, f"{y} and {x} of every run", note=(note,) if note else ())


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Cloud, style: Style) -> Drawing:
    """One mark per run, in its group's shape."""
    figure, axes = charting.chart(
        style,
        data.x_axis.scale,
        data.y_axis.scale,
        data.x_axis.label,
        data.y_axis.label,
        x_words=data.x_axis.words,
        y_words=data.y_axis.words,
    )
    colors = [style.color(token) for token in data.tokens]
    surface = style.color("surface")
    faces = [surface if h else c for c, h in zip(colors, data.hollow, strict=True)]
    many = len(data.run_ids) > 300
    lots = shapes.scatter(
        axes,
        data.x,
        data.y,
        data.tokens,
        s=12 if many else 30,
        facecolors=faces,
        edgecolors=[c if h else surface for c, h in zip(colors, data.hollow, strict=True)],
        linewidths=[1.3 if hollow else 0.5 for hollow in data.hollow],
        alpha=0.6 if many else 0.85,
        clip_on=False,
        gid="m",
        zorder=3,
    )
    _write_labels(axes, data, style)
    marks = [Mark((i,), tip) for i, tip in zip(data.run_ids, data.tips, strict=True)]
    return Drawing(
        figure, tuple(Marks(gid, tuple(marks[place] for place in lot)) for gid, lot in lots)
    )


def _write_labels(axes: Any, data: Cloud, style: Style) -> None:
    """Texts right of their marks (left near the edge), where none is written yet."""
    if not any(data.labels):
        return
    height = style.font_size * 100 / 72
    edge = axes.get_window_extent().x1
    pixels = axes.transData.transform(np.column_stack((data.x, data.y)))
    taken: list[tuple[float, float, float, float]] = []
    for (x, y), text in zip(pixels.tolist(), data.labels, strict=True):
        width = charting.text_width(text, style)
        left = x + 6 if x + 6 + width <= edge else x - 6 - width
        box = (left, y - height / 2, left + width, y + height / 2)
        clear = all(box[2] < b[0] or box[0] > b[2] or box[3] < b[1] or box[1] > b[3] for b in taken)
        if not text or not clear:
            continue
        taken.append(box)
        axes.annotate(
            text,
            axes.transData.inverted().transform((x, y)),
            xytext=(4.3 if left > x else -4.3, 0),
            textcoords="offset points",
            ha="left" if left > x else "right",
            va="center",
            color=style.color("ink-muted"),
        )


SECTION = Section(name="scatter", options=Options, compute=compute, present=present)
