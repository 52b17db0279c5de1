"""One metric against each param, side by side on one scale: every run, and medians where they hold.

Params that differ between runs are shown, those that go with the metric most first; numbers that
spread over orders of magnitude have a logarithmic axis, words are strips. Above each stands how
the metric goes with it: a rank correlation with its interval, or the share of the variance of
ranks between its values. Runs that share every setting are one configuration there.

    - slice: {metric: val_loss}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Note, Row, Table, Text
from runreport.design import MetricName, ParamName
from runreport.kinds import Context, Section
from runreport.samples import Dropped
from runreport.sections import charting, configurations, frames, identities, panes, searched
from runreport.sections.charting import Floats, Legend, Scale
from runreport.sections.configurations import Settings
from runreport.sections.coordinates import among, coordinate_of
from runreport.sections.panes import Pane, Panes
from runreport.sections.quantities import Quantity
from runreport.sections.trends import STRIP, Cut, cut_of
from runreport.tables import FINISHED, Run


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    metric: MetricName | None = None
    """Shown upwards; the primary metric when empty."""
    params: tuple[ParamName, ...] = ()
    """Params to show, in this order; by default all that differ, the most telling first."""
    log: tuple[ParamName, ...] = ()
    """Params whose axis is always logarithmic."""
    log_y: bool = False
    """Logarithmic vertical axis."""
    panels: int = 9
    """At most so many params."""
    limit: int = 500
    """With more runs than this the first ones are drawn."""


@dataclass(frozen=True, eq=False)
class SliceData:
    """A metric against every param."""

    metric: Quantity | None
    cuts: tuple[Cut, ...]
    runs: tuple[Run, ...]
    """Drawn ones, with a value."""
    chosen: tuple[int, ...]
    """Their places among the values of the axes."""
    colors: tuple[str, ...]
    legend: Legend
    y: Scale
    values: Floats
    """Of the metric, one per run."""
    best: int | None
    """Of the runs."""
    dropped: tuple[Dropped, ...]
    remarks: tuple[str, ...]
    why: str
    level: float
    is_ordered: bool = False
    """Whether the author named the params."""


# ---- numbers -------------------------------------------------------------------------------------


def compute(context: Context, options: Options) -> SliceData:
    """Every run's place by every param, and how the metric goes with each."""
    metric, said = searched.metric_of(context, options.metric)
    remarks = [said] if said else []
    if metric is None:
        why = "No run has logged a metric." if context.runs else "This report has no runs."
        return _nothing(context, None, why)
    settings = configurations.read(context)
    wanted = _wanted(context, settings, options, metric)
    if not wanted:
        why = configurations.none_differs(settings)
        return _nothing(context, metric, why if context.runs else "This report has no runs.")
    remarks += identities.words(settings.left_out)
    if rest := wanted[max(1, options.panels) :]:
        names = charting.named([quantity.name for quantity in rest])
        remarks.append(f"No room for {formats.count(len(rest), 'further param')}: {names}.")
    values = searched.numbers_of(metric)
    usable = charting.usable(values, options.log_y)
    kept = np.flatnonzero(usable).tolist()
    dropped = tuple(
        Dropped(run.id, run.name, metric.reasons[index] or "0 or below on a log axis")
        for index, run in enumerate(context.runs)
        if not usable[index]
    )
    if len(kept) > max(1, options.limit):
        cut = len(kept) - max(1, options.limit)
        kept = kept[: max(1, options.limit)]
        remarks.append(f"The first {len(kept)} runs are drawn; {cut} more are not.")
    runs = tuple(context.runs[index] for index in kept)
    y = charting.scale_for(values[kept], options.log_y)
    cuts = tuple(
        cut_of(
            context,
            settings.of_run,
            among(coordinate_of(quantity, quantity.name in options.log or None), usable),
            values,
            y,
        )
        for quantity in wanted[: max(1, options.panels)]
    )
    colors, legend = _colors(context, runs)
    return SliceData(
        metric=metric,
        cuts=cuts,
        runs=runs,
        chosen=tuple(kept),
        colors=colors,
        legend=legend,
        y=y,
        values=values[kept],
        best=_best(metric, runs, values[kept]),
        dropped=dropped,
        remarks=tuple(remarks),
        why="",
        level=context.design.level,
        is_ordered=bool(options.params),
    )


def _nothing(context: Context, metric: Quantity | None, why: str) -> SliceData:
    level = context.design.level
    return SliceData(metric, (), (), (), (), (), Scale(0, 1), np.empty(0), None, (), (), why, level)


def _wanted(
    context: Context, settings: Settings, options: Options, metric: Quantity
) -> list[Quantity]:
    """The params asked for, or all that differ."""
    if options.params:
        return [searched.param_of(context, name) for name in options.params]
    return [item.quantity for item in searched.varied(context, settings, metric)]


def _colors(context: Context, runs: Sequence[Run]) -> tuple[tuple[str, ...], Legend]:
    """The colours of groups where they have one each, else one for all."""
    groups = [context.group_of(run) for run in runs]
    if any(group.color == charting.OTHER for group in groups) or len(context.groups) < 2:
        return ("accent",) * len(runs), ()
    shown = [group for group in context.groups if group in groups]
    return tuple(g.color for g in groups), charting.legend(
        shown, {run.id for run in runs}, swatch="dot"
    )


def _best(metric: Quantity, runs: Sequence[Run], values: Floats) -> int | None:
    """The best finished run; None without a goal."""
    done = [place for place, run in enumerate(runs) if run.status in FINISHED]
    if metric.goal is None or not done:
        return None
    sign = 1 if metric.goal == "maximize" else -1
    return max(done, key=lambda place: sign * float(values[place]))


# ---- blocks --------------------------------------------------------------------------------------


def present(data: SliceData, options: Options) -> tuple[Block, ...]:
    """The panels with their table, or a note that says why there are none."""
    if data.metric is None or not data.cuts or not data.runs:
        why = data.why or charting.dropped_words(data.dropped)
        return (Note("info", "No slices", (Text((why,)),)),)
    name = charting.fit(data.metric.name, 50)
    return (
        Figure(
            draw=panes.draw,
            data=_panes(data, data.metric),
            title=f"{name} against each param",
            description=_description(data, name),
            table=_table(data, name),
            legend=data.legend,
            height=frames.height_for(len(data.cuts)),
            note=(" ".join(_sentences(data, data.metric, name)),),
        ),
    )


def _panes(data: SliceData, metric: Quantity) -> Panes:
    found = []
    for cut in data.cuts:
        places = cut.axis.places[list(data.chosen)]
        shown = np.flatnonzero(np.isfinite(places)).tolist()
        if cut.axis.kind == "words":
            places = places + charting.spread(places.size, 0.5)
        found.append(
            Pane(
                coordinate=cut.axis,
                title=charting.fit(cut.axis.quantity.name, 40),
                said=_said(cut, data.level),
                points=np.column_stack((places[shown], data.y.place(data.values[shown]))),
                tokens=tuple(data.colors[index] for index in shown),
                hollow=tuple(data.runs[index].status not in FINISHED for index in shown),
                run_ids=tuple(data.runs[index].id for index in shown),
                tips=tuple(_tip(data, metric, cut, index) for index in shown),
                line=cut.line,
                is_running=cut.window > 0,
                best=shown.index(data.best) if data.best in shown else None,
            )
        )
    return Panes(tuple(found), data.y, metric.label)


def _tip(data: SliceData, metric: Quantity, cut: Cut, index: int) -> str:
    run, at = data.runs[index], data.chosen[index]
    status = "" if run.status in FINISHED else f" ({run.status})"
    lines = [f"{charting.fit(run.name)}{status}"]
    for quantity in (cut.axis.quantity, metric):
        lines.append(f"{charting.fit(quantity.name, 40)}: {quantity.words(quantity.values[at])}")
    return "\n".join(lines)


def _said(cut: Cut, level: float) -> str:
    """Above a panel: how the metric goes with the param."""
    if cut.correlation is not None:
        interval = cut.correlation.interval(level)
        ends = f" ({formats.interval(interval.low, interval.high, 2)})" if interval else ""
        return f"\u03c1 {formats.signed(cut.correlation.value, 2)}{ends}"
    if cut.share is not None:
        return f"{100 * cut.share:.0f} % between words"
    return "too few to say"


def _sentences(data: SliceData, metric: Quantity, name: str) -> list[str]:
    counts = sorted({cut.configurations for cut in data.cuts})
    of = formats.count(counts[-1], "configuration")
    if counts[0] != counts[-1]:
        of = f"{formats.number(counts[0])} to {of}"
    said = []
    if any(cut.correlation is not None for cut in data.cuts):
        said.append(
            f"\u03c1 is Spearman's rank correlation with {name}, its {100 * data.level:g} % "
            f"interval in brackets (each alone), over {of}; it misses effects that rise and fall."
        )
    if any(cut.share is not None for cut in data.cuts):
        said.append(
            "\u201cBetween words\u201d is the share of the variance of ranks between the words, "
            f"corrected for their number, over {of}."
        )
    if len(data.cuts) > 1 and not data.is_ordered:
        said.append("The param that goes with it most comes first.")
    said.append("Other params vary at the same time, so no panel shows the effect of one alone.")
    windows = sorted({cut.window for cut in data.cuts if cut.window})
    if windows:
        said.append(f"Lines are running medians of {windows[-1]} finished runs.")
    if any(cut.line.size and not cut.window for cut in data.cuts):
        said.append(f"Bars are medians where {STRIP} finished runs or more share a value.")
    if data.best is not None:
        value = metric.words(metric.values[data.chosen[data.best]])
        said.append(f"Ringed: {searched.best_words(data.values, data.best)}, {value}.")
    if any(run.status not in FINISHED for run in data.runs):
        said.append("Hollow marks are runs that did not finish.")
    absent = [
        f"{cut.axis.name} in {formats.count(cut.missing, 'run')}"
        for cut in data.cuts
        if cut.missing
    ]
    if absent:
        said.append(f"Without a place: {charting.named(absent)}.")
    if missing := charting.dropped_words(data.dropped):
        said.append(missing)
    return [*said, *data.remarks]


def _description(data: SliceData, name: str) -> str:
    parts = [f"{cut.axis.name} ({_said(cut, data.level)})" for cut in data.cuts]
    return (
        f"{formats.count(len(data.cuts), 'panel')} of {name} against one param each, "
        f"{formats.count(len(data.runs), 'run')}: {'; '.join(parts)}."
    )


def _table(data: SliceData, name: str) -> Table:
    columns = (
        Column("Param"),
        Column("Spearman \u03c1", "number"),
        Column("from", "number"),
        Column("to", "number"),
        Column("between words", "number", unit="%", hint="Share of the variance of ranks"),
        Column("configurations", "number"),
        Column("axis"),
    )
    rows = []
    for cut in data.cuts:
        found = cut.correlation
        interval = None if found is None else found.interval(data.level)
        share = None if cut.share is None else 100 * cut.share
        numbers = (
            None if found is None else found.value,
            None if interval is None else interval.low,
            None if interval is None else interval.high,
        )
        rows.append(
            Row(
                (
                    Cell((cut.axis.name,), cut.axis.name),
                    *(charting.cell(v, None if v is None else formats.signed(v, 2))
                      for v in numbers),
                    charting.cell(share, None if share is None else f"{share:.0f}"),
                    charting.cell(float(cut.configurations)),
                    Cell((cut.axis.kind,), cut.axis.kind),
                )
            )
        )  # fmt: skip
    return Table(columns, tuple(rows), f"How {name} goes with each param")


def record(data: SliceData) -> Mapping[str, Any]:
    """How the metric goes with each param."""
    if data.metric is None or not data.cuts:
        return {"why": data.why}
    return {
        "metric": data.metric.name,
        "level": data.level,
        "remarks": data.remarks,
        "params": [
            {
                "param": cut.axis.quantity.name,
                "kind": cut.axis.kind,
                "spearman": None if cut.correlation is None else cut.correlation.value,
                "interval": None
                if cut.correlation is None
                else cut.correlation.interval(data.level),
                "between_words": cut.share,
                "configurations": cut.configurations,
            }
            for cut in data.cuts
        ],
    }


SECTION = Section(
    name="slice", options=Options, compute=compute, present=present, record=record, short="metric"
)
