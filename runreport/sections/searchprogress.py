"""Every run of a search and the best so far, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runreport import formats
from runreport.blocks import Cell, Column, Figure, LegendEntry, Row, RunRef, Table
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, studies
from runreport.sections.charting import Floats, Scale
from runreport.sections.searchdata import Searched, running_band
from runreport.stats import words

ROWS = 200
"""Improvements and runs that tables name."""

FAR = 6.0
"""So many interquartile ranges from the middle half a run is drawn at the edge of the chart."""

FEW = 0.05
"""With more of them than this share, nothing is called far out."""

FLOOR = 0.02
"""Height of the marks of runs without a value, as a share of the chart."""


@dataclass(frozen=True, eq=False)
class Progress:
    """Every run and the best so far, in drawn coordinates."""

    x: Floats
    y: Floats
    """Values; those far out at the edge."""
    beyond: tuple[int, ...]
    """1 above the chart, -1 below, 0 inside."""
    improved: tuple[bool, ...]
    run_ids: tuple[str, ...]
    tips: tuple[str, ...]
    failed_x: Floats
    failed_ids: tuple[str, ...]
    failed_tips: tuple[str, ...]
    steps_x: Floats
    steps_y: Floats
    band: Floats | None
    """Half its width at each step."""
    x_scale: Scale
    y_scale: Scale
    label: str


def near(values: Floats) -> tuple[Scale, Floats]:
    """A scale for all but values far out, and the values with those at its ends."""
    low, high = np.percentile(values, (25, 75))
    # a middle half without spread says nothing about what is far
    room = FAR * float(high - low) if high > low else np.inf
    inside = (values >= low - room) & (values <= high + room)
    if (~inside).sum() > FEW * values.size:
        inside = np.ones(values.size, dtype=np.bool_)
    scale = charting.scale_for(values[inside], pad=0.06)
    return scale, np.clip(values, scale.low, scale.high)


def progress(data: Searched, limit: int) -> Figure:
    """The chart of runs in order, and the line of the best so far."""
    study = data.study
    start = max(0, len(study.runs) - limit)
    places = np.arange(start, len(study.runs))
    fine = places[study.usable[places]]
    lost = places[~study.usable[places]]
    y_scale, drawn = near(study.numbers[fine])
    band = running_band(data)
    running = data.running[places]
    known = running >= 0
    best = study.numbers[running[known]]
    steps_x = np.append(places[known] + 1.0, len(study.runs) + 0.5)
    steps_y = np.clip(np.append(best, best[-1:]), y_scale.low, y_scale.high)
    name = charting.fit(study.metric.title)
    picture = Progress(
        x=fine.astype(np.float64) + 1.0,
        y=drawn,
        beyond=tuple(np.sign(study.numbers[fine] - drawn).astype(int).tolist()),
        improved=tuple((data.running[fine] == fine).tolist()),
        run_ids=tuple(study.runs[place].id for place in fine),
        tips=tuple(_run_tip(data, place) for place in fine.tolist()),
        failed_x=lost.astype(np.float64) + 1.0,
        failed_ids=tuple(study.runs[place].id for place in lost),
        failed_tips=tuple(_run_tip(data, place) for place in lost.tolist()),
        steps_x=steps_x,
        steps_y=steps_y,
        band=None if band is None else np.append(band[places[known]], band[-1]),
        x_scale=Scale(start + 0.5 - 0.01 * places.size, len(study.runs) + 0.5),
        y_scale=y_scale,
        label=charting.metric_label(study.metric),
    )
    improved = np.flatnonzero(data.running == np.arange(data.running.size)).tolist()
    notes = []
    if start:
        notes.append(f"The latest {formats.number(limit)} runs are drawn.")
    if any(picture.beyond):
        count = formats.count(sum(map(abs, picture.beyond)), "run lies", "runs lie")
        notes.append(f"{count} beyond the axis, drawn as triangles at its end.")
    if lost.size:
        notes.append("Crosses below: runs without a value.")
    if band is None:
        notes.append("How uncertain the best is is not known: no noise floor.")
    else:
        notes.append(
            f"Band: {words.percent(data.level)} interval of one run by the noise floor; it leaves "
            "out that the best was chosen."
        )
    return Figure(
        draw=draw_progress,
        data=picture,
        title=f"Best {name} so far",
        description=(
            f"{formats.count(len(study.runs), 'run')} in order of start, and a line of the best "
            f"{name} so far. It improved {formats.count(len(improved), 'time')}, last at run "
            f"{formats.number(improved[-1] + 1)} to "
            f"{charting.value_text(float(study.numbers[improved[-1]]), study.metric)}."
        ),
        table=_improvements(data, improved),
        legend=(
            LegendEntry("a run", "series-other", swatch="dot"),
            LegendEntry("a new best, and the best so far", "accent", shape="diamond"),
        ),
        note=(" ".join(notes),),
    )


def _run_tip(data: Searched, place: int) -> str:
    study = data.study
    run, name = study.runs[place], charting.fit(study.metric.title, 40)
    value = study.states[place] or charting.value_text(float(study.numbers[place]), study.metric)
    what = studies.configuration_words(study, int(study.cell[place]))
    return f"{charting.fit(run.name)} (run {place + 1})\n{name}: {value}\n{what}"


def _improvements(data: Searched, improved: list[int]) -> Table:
    study = data.study
    rows = tuple(
        Row(
            (
                charting.cell(float(place + 1)),
                Cell(
                    (RunRef(study.runs[place].id, charting.fit(study.runs[place].name)),),
                    study.runs[place].name,
                ),
                charting.cell(float(study.numbers[place])),
                Cell((studies.configuration_words(study, int(study.cell[place])),)),
            ),
            run_id=study.runs[place].id,
        )
        for place in improved[-ROWS:]
    )
    name = charting.fit(study.metric.title)
    columns = (
        Column("Run number", "number"),
        Column("Run"),
        Column(name, "number", unit=study.metric.unit or None, goal=data.goal),
        Column("Params"),
    )
    return Table(columns, rows, f"Runs that improved the best {name}", export="search-best")


def draw_progress(data: Progress, style: Style) -> Drawing:
    """Every run, the step line of the best with its band, crosses where a run has no value."""
    figure, axes = charting.chart(style, data.x_scale, data.y_scale, "run", data.label)
    accent, pale = style.color("accent"), style.color("series-other")
    if data.band is not None:
        axes.fill_between(
            data.steps_x,
            data.steps_y - data.band,
            data.steps_y + data.band,
            step="post",
            color=accent,
            alpha=0.18,
            linewidth=0,
            zorder=1,
        )
    axes.step(data.steps_x, data.steps_y, where="post", color=accent, linewidth=1.8, zorder=2)
    found = []
    low, high = data.y_scale.ends
    many = data.x.size > 300
    kinds: tuple[tuple[str, str, int, str, Callable[[bool, int], bool]], ...] = (
        ("m0", "o", 14 if many else 24, pale, lambda best, far: not best and not far),
        ("m1", "D", 34, accent, lambda best, far: best and not far),
        ("m2", "^", 30, pale, lambda _, far: far > 0),
        ("m4", "v", 30, pale, lambda _, far: far < 0),
    )
    for gid, shape, size, color, belongs in kinds:
        chosen = [
            place
            for place, (best, far) in enumerate(zip(data.improved, data.beyond, strict=True))
            if belongs(best, far)
        ]
        if not chosen:
            continue
        axes.scatter(
            data.x[chosen],
            data.y[chosen],
            s=size,
            marker=shape,
            facecolors=color,
            edgecolors=style.color("surface"),
            linewidths=0.5,
            clip_on=False,
            gid=gid,
            zorder=4 if gid == "m1" else 3,
        )
        found.append(Marks(gid, tuple(Mark((data.run_ids[i],), data.tips[i]) for i in chosen)))
    if data.failed_x.size:
        axes.scatter(
            data.failed_x,
            np.full(data.failed_x.size, low + FLOOR * (high - low)),
            s=18,
            marker="x",
            color=style.color("bad"),
            linewidths=1.1,
            clip_on=False,
            gid="m3",
            zorder=3,
        )
        marks = zip(data.failed_ids, data.failed_tips, strict=True)
        found.append(Marks("m3", tuple(Mark((i,), tip) for i, tip in marks)))
    return Drawing(figure, tuple(found))
