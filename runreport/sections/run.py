"""One run's page: its facts, params, metrics, notes, tags, artifacts, origin, and its group.

For pages with `foreach: run`. `curves: true` also draws its learning curves, which costs time
where a report has many runs.

    - run: {curves: true}
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runreport import formats
from runreport.blocks import (
    Block,
    Cell,
    Column,
    Fact,
    Facts,
    Figure,
    Headline,
    Href,
    Markdown,
    Note,
    Row,
    RunRef,
    Strong,
    Table,
    Text,
    Words,
)
from runreport.design import Design, Metric, MetricName
from runreport.kinds import Context, Needs, Section
from runreport.samples import REASONS, Group
from runreport.sections import charting, dossier, leaderboard, strokes, tracks
from runreport.sections.dossier import MetricRow
from runreport.sections.strokes import Pen, Picture, draw
from runreport.sections.tracks import Axes
from runreport.tables import MetricSummary, Run

NOTE_TAG = "mlflow.note.content"
"""Where people write about a run, in Markdown."""

NEIGHBOURS = 12
"""Runs of the same group that are listed."""

COLUMNS = 350
"""Pixel columns of a curve."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    curves: bool = False
    """Draw the run's learning curves."""
    metrics: tuple[MetricName, ...] = ()
    """Whose curves; the declared metrics when empty."""


@dataclass(frozen=True, eq=False)
class Neighbour:
    """Another run of the group."""

    run: Run
    replicate: str | None
    value: float | None
    """Its primary metric, displayed units."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One metric over the run's steps."""

    metric: Metric
    picture: Picture
    points: tuple[tuple[str, float, float], ...]
    """Name, step and value (displayed units) of the first, lowest, highest and last one."""
    odd: int
    """Points that are NaN or infinite."""


@dataclass(frozen=True, eq=False)
class RunData:
    """Everything of one run."""

    run: Run | None
    """None on a page without a subject."""
    group: Group | None
    metrics: tuple[MetricRow, ...]
    neighbours: tuple[Neighbour, ...]
    others: int
    """Runs of the group besides this one."""
    primary: Metric | None
    replicates: str
    curves: tuple[Curve, ...]


# ---- numbers -------------------------------------------------------------------------------------


def needs(options: Options, design: Design) -> Needs:
    """The points of the curves, if any are drawn; summaries of what other sections read."""
    if not options.curves:
        return Needs(summaries=True)
    names = options.metrics or tuple(metric.name for metric in design.metrics)
    return Needs(frozenset(names), summaries=True)


def compute(context: Context, options: Options) -> RunData:
    """The subject's facts, and its place in the group."""
    run = context.subject_run
    if run is None:
        return RunData(None, None, (), (), 0, None, "", ())
    group = context.subject_group or context.group_of(run)
    primary = next(iter(context.design.primary), None)
    return RunData(
        run=run,
        group=group,
        metrics=tuple(_metrics(context, run)),
        neighbours=tuple(_neighbours(context, run, group, primary)),
        others=len(group.runs) - 1,
        primary=primary,
        replicates=(context.design.replicates or "").removeprefix("params."),
        curves=tuple(_curves(context, run, options)) if options.curves else (),
    )


def _metrics(context: Context, run: Run) -> list[MetricRow]:
    """Declared metrics first, then whatever else was logged."""
    found = []
    for metric in context.design.metrics:
        value = context.value(run, metric)
        number = leaderboard.number_of(value, run, metric)
        why = "" if value.state == "ok" else REASONS[value.state].format(metric="it")
        summary = run.metrics.get(metric.name, MetricSummary(None))
        found.append(MetricRow(metric, number, why, _displayed(summary, metric.scale)))
    declared = {metric.name for metric in context.design.metrics}
    for name in sorted(run.metrics.keys() - declared):
        summary = run.metrics[name]
        found.append(MetricRow(context.design.metric(name), summary.last, "", summary))
    return found


def _displayed(summary: MetricSummary, scale: float) -> MetricSummary:
    """The summary in displayed units; a negative scale turns the lowest into the highest."""
    if scale == 1:
        return summary
    values = (summary.last, summary.first, summary.min, summary.max)
    last, first, low, high = (None if value is None else value * scale for value in values)
    at_low, at_high = summary.step_of_min, summary.step_of_max
    if scale < 0:
        low, high, at_low, at_high = high, low, at_high, at_low
    return MetricSummary(
        last,
        summary.last_step,
        summary.count,
        first,
        low,
        high,
        at_low,
        at_high,
        summary.non_finite,
    )


def _neighbours(
    context: Context, run: Run, group: Group, primary: Metric | None
) -> list[Neighbour]:
    """The runs of the group around this one in report order."""
    at = next(index for index, other in enumerate(group.runs) if other is run or other.id == run.id)
    start = max(0, min(at - NEIGHBOURS // 2, len(group.runs) - NEIGHBOURS - 1))
    found = []
    for index in range(start, min(len(group.runs), start + NEIGHBOURS + 1)):
        if index == at:
            continue
        other = group.runs[index]
        value = None
        if primary is not None:
            value = leaderboard.number_of(context.value(other, primary), other, primary)
        found.append(Neighbour(other, group.replicate_of[index], value))
    return found


def _curves(context: Context, run: Run, options: Options) -> list[Curve]:
    chosen = [context.design.metric(name) for name in options.metrics]
    found = []
    for metric in chosen or context.design.metrics:
        series = context.history.series(metric.name, [run.id])
        if run.id not in series:
            continue
        axes = Axes(metric, "step")
        track = tracks.place(context, run, series[run.id], None, axes)
        fine = np.flatnonzero(np.isfinite(track.y))
        if fine.size < 2:
            continue
        lines = strokes.run_strokes(track, track.group.color, Pen(axes, COLUMNS))
        y = track.y[fine]
        places = {
            "First": fine[0],
            "Lowest": fine[y.argmin()],
            "Highest": fine[y.argmax()],
            "Last": fine[-1],
        }
        points = tuple((n, float(track.step[i]), float(track.y[i])) for n, i in places.items())
        picture = strokes.picture(lines, (), axes, "step")
        found.append(Curve(metric, picture, points, track.odd))
    return found


# ---- blocks --------------------------------------------------------------------------------------


def present(data: RunData, options: Options) -> tuple[Block, ...]:
    """Facts first, then tables from what came out to what was set."""
    run, group = data.run, data.group
    if run is None or group is None:
        why = "This section shows the run of its page: write `foreach: run` beside the title."
        return (Note("info", "No run to show", (Text((why,)),)),)
    lead = Text(("One run of ", Strong(charting.group_name(group)), "."), "lead")
    blocks: list[Block] = [lead, _facts(run)]
    if run.status in ("failed", "killed"):
        why = "Its last values are those of its interruption: it enters no mean and no comparison."
        ended = "was killed" if run.status == "killed" else "failed"
        blocks.append(Note("danger", f"This run {ended}", (Text((why,)),)))
    if note := run.tags.get(NOTE_TAG, "").strip():
        blocks += [Headline("Notes"), Markdown(note)]
    blocks += [Headline("Metrics"), dossier.metrics(data.metrics)]
    blocks += [_curve(curve) for curve in data.curves]
    blocks += [Headline("Params"), *dossier.params(run)]
    blocks += [Headline("Origin"), *dossier.origin(run)]
    if run.artifacts:
        blocks += [Headline("Artifacts"), dossier.artifacts(run)]
    if tags := [(key, text) for key, text in sorted(run.tags.items()) if key != NOTE_TAG]:
        blocks += [Headline("Tags"), *dossier.tags(tags)]
    return (*blocks, Headline("Its group"), *_group(data, group))


def _facts(run: Run) -> Facts:
    items = [
        Fact("Status", (run.status,)),
        Fact("Started", (_time(run),)),
        Fact("Duration", (formats.duration(run.duration_s),)),
        Fact("Experiment", (charting.fit(run.experiment) or formats.MISSING,)),
        Fact("User", (charting.fit(run.user or "") or formats.MISSING,)),
    ]
    if run.url:
        items.append(Fact("At the source", (Href(run.url, "open"),), (charting.fit(run.source),)))
    return Facts(tuple(items))


def _time(run: Run) -> str:
    return formats.MISSING if run.started is None else f"{run.started:%Y-%m-%d %H:%M} UTC"


def _curve(curve: Curve) -> Figure:
    name, unit = charting.fit(curve.metric.title), curve.metric.unit or None
    note: Words = ()
    if curve.odd:
        note = (f"{formats.count(curve.odd, 'point')} NaN or infinite; the line breaks there.",)
    rows = tuple(
        Row((Cell((point,), point), charting.cell(step), charting.cell(value)))
        for point, step, value in curve.points
    )
    columns = (Column("Point"), Column("Step", "number"), Column(name, "number", unit=unit))
    return Figure(
        draw=draw,
        data=curve.picture,
        title=f"{name} over step",
        description=f"Line chart of {name} over the steps of this run.",
        table=Table(columns, rows, f"Points of {name}"),
        height=2.4,
        note=note,
    )


def _group(data: RunData, group: Group) -> tuple[Block, ...]:
    """The runs beside this one, with their primary metric."""
    name = charting.group_name(group)
    if not data.neighbours:
        return (Text((f"This is the only run of {name}.",)),)
    primary = data.primary
    columns = [Column("Run")]
    columns += [Column(charting.fit(data.replicates))] if data.replicates else []
    columns += [Column(charting.metric_label(primary), "number")] if primary else []
    columns.append(Column("Status", "status"))
    rows = []
    for other in data.neighbours:
        run = other.run
        cells = [Cell((RunRef(run.id, charting.fit(run.name) or run.id),), run.name or run.id)]
        cells += [charting.cell(other.replicate)] if data.replicates else []
        cells += [dossier.number(other.value)] if primary else []
        cells.append(Cell((run.status,), run.status))
        rows.append(Row(tuple(cells), run_id=run.id))
    note: Words = ()
    if data.others > len(rows):
        note = (f"The {len(rows)} nearest of {data.others} other runs, in the report's order.",)
    return (Table(tuple(columns), tuple(rows), f"Other runs of {name}", note=note),)


SECTION = Section(name="run", options=Options, compute=compute, present=present, needs=needs)
