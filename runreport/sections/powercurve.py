"""How the detectable difference falls with more replicates, beside what was seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from runreport import formats
from runreport.blocks import Column, Figure, LegendEntry, Row, Table
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting
from runreport.sections.aligning import unit_of_difference
from runreport.sections.charting import Floats, Scale
from runreport.sections.outlook import Prospect, detectable_with, fewest
from runreport.sections.powerwords import each_of
from runreport.stats import words

FEWEST, MOST = 3, 200
"""Replicates at which the curve begins, and at the latest ends."""

TABLED = (3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200)

DOTS = 40
"""Differences drawn."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A difference that was seen."""

    n: int
    size: float
    token: str
    run_ids: tuple[str, ...]
    tip: str


@dataclass(frozen=True, eq=False)
class Curve:
    """What is drawn; both axes are logarithmic."""

    n: Floats
    corrected: Floats
    """Detectable difference after correction, shape like n."""
    alone: Floats
    """Without correction; equal to it when there is none."""
    margin: float | None
    dots: tuple[Dot, ...]
    x: Scale
    y: Scale
    x_label: str
    y_label: str

    @property
    def is_corrected(self) -> bool:
        """Whether the two curves are apart."""
        return bool((self.corrected > self.alone * 1.000001).any())


def curve(prospect: Prospect) -> Figure | None:
    """The chart of one metric; None where more replicates are no answer."""
    if not prospect.planned:
        return None
    deviation = prospect.deviation
    unit = unit_of_difference(prospect.answer.metric) if deviation else "SD"
    data = _curve(prospect, deviation or 1.0, unit)
    name = charting.fit(prospect.answer.metric.title)
    after = " after correction" if data.is_corrected else ""
    legend = [LegendEntry(f"detectable with 80 % power{after}", "accent")]
    if data.is_corrected:
        legend.append(LegendEntry("without correction", "ink-muted", dash="4 3"))
    if data.margin is not None:
        legend.append(LegendEntry("declared margin", "warn"))
    drawn = {run_id for dot in data.dots for run_id in dot.run_ids}
    seen = {item.comparison.candidate.id: item.comparison.candidate for item in prospect.outlooks}
    legend += charting.legend(list(seen.values()), drawn, swatch="dot")
    return Figure(
        draw=draw,
        data=data,
        title=f"Detectable difference in {name} by number of {each_of(prospect)}",
        description=_description(prospect, data, name, unit),
        table=_table(prospect, deviation or 1.0, unit),
        legend=tuple(legend),
        height=3.2,
        note=(" ".join(_note(prospect, deviation, unit, data)),),
    )


def _curve(prospect: Prospect, deviation: float, unit: str) -> Curve:
    wanted = [item.for_margin for item in prospect.outlooks if item.for_margin]
    now = max((item.n for item in prospect.outlooks), default=FEWEST)
    first, last = _first(prospect), int(min(MOST, max([20, 2 * now, *wanted])))
    n = np.unique(np.round(np.geomspace(first, max(last, first + 1), 60))).astype(int)
    paired, rule = prospect.paired, prospect.rule
    corrected, alone = (
        np.array([detectable_with(int(k), level, paired=paired, rule=rule) for k in n]) * deviation
        for level in (prospect.level, prospect.alpha)
    )
    dots = tuple(_dots(prospect)) if prospect.deviation else ()
    values = [corrected, alone, np.array([dot.size for dot in dots])]
    margin = prospect.margin if prospect.deviation else None
    if margin is not None:
        values.append(np.array([margin]))
    places = np.concatenate([n, [dot.n for dot in dots]]).astype(np.float64)
    return Curve(
        n=n.astype(np.float64),
        corrected=corrected,
        alone=alone,
        margin=margin,
        dots=dots,
        x=charting.scale_for(places, log=True),
        y=charting.scale_for(np.concatenate(values), log=True),
        x_label=each_of(prospect),
        y_label=f"difference ({unit})" if unit else "difference",
    )


def _first(prospect: Prospect) -> int:
    """Where the test can reach the level at all."""
    return fewest(prospect, prospect.level, FEWEST)


def _dots(prospect: Prospect) -> Iterator[Dot]:
    largest = max((item.detectable or 0.0 for item in prospect.outlooks), default=0.0)
    for item in prospect.outlooks[:DOTS]:
        result = item.comparison.result
        size = abs(result.difference or 0.0)
        # a log axis has no 0, and one tiny difference may not squeeze the rest
        if item.detectable is None or size < largest * 1e-2:
            continue
        candidate, baseline = item.comparison.candidate, item.comparison.baseline
        unit = unit_of_difference(item.comparison.metric)
        tip = (
            f"{charting.fit(candidate.label)}\nagainst {charting.fit(baseline.label)}\n"
            f"seen {words.change(result.difference or 0.0, unit)}\n"
            f"detectable {words.amount(item.detectable, unit)}"
        )
        ids = tuple(run.id for run in candidate.runs)
        yield Dot(item.n, size, candidate.color, ids, tip)


def _description(prospect: Prospect, data: Curve, name: str, unit: str) -> str:
    first, last = (
        words.with_unit(words.short(float(value), 2), unit)
        for value in (data.corrected[0], data.corrected[-1])
    )
    return (
        f"The smallest difference in {name} found with 80 % power falls from {first} with "
        f"{int(data.n[0])} {each_of(prospect)} to {last} with {int(data.n[-1])}."
    )


def _note(prospect: Prospect, deviation: float | None, unit: str, data: Curve) -> Iterator[str]:
    of = " of the differences" if prospect.paired else ""
    if deviation is None:
        yield f"In standard deviations{of}: these runs say nothing of their own scatter."
        return
    spread = words.with_unit(words.short(deviation, 3), unit)
    several = "the middle one of the comparisons, " if len(prospect.able) > 1 else ""
    yield f"For a standard deviation{of} of {several}{spread}."
    if data.dots:
        yield (
            "Dots are the differences seen, in the colours of their groups and without sign; both "
            "axes are logarithmic."
        )
    shown = min(len(prospect.able), DOTS)
    if len(data.dots) < shown:
        near = formats.count(shown - len(data.dots), "difference")
        yield f"Near 0, and not drawn: {near}."


def _table(prospect: Prospect, deviation: float, unit: str) -> Table:
    columns = (
        Column(each_of(prospect).capitalize(), "number"),
        Column("Detectable", "number", unit=unit or None, hint="With 80 % power, corrected"),
        Column("Without correction", "number", unit=unit or None),
    )
    rows = []
    first = _first(prospect)
    for n in sorted({first, *(n for n in TABLED if n > first)}):
        sizes = [
            detectable_with(n, level, paired=prospect.paired, rule=prospect.rule) * deviation
            for level in (prospect.level, prospect.alpha)
        ]
        cells = (charting.cell(float(n)), *(charting.cell(s, words.short(s, 3)) for s in sizes))
        rows.append(Row(cells))
    return Table(columns, tuple(rows), "Detectable difference by number of replicates")


# ---- drawing -------------------------------------------------------------------------------------


def draw(data: Curve, style: Style) -> Drawing:
    """The margin, both curves, and the differences seen."""
    figure, axes = charting.chart(style, data.x, data.y, data.x_label, data.y_label)
    if data.margin is not None:
        height = math.log10(data.margin)
        axes.plot(data.x.ends, (height, height), color=style.color("warn"), linewidth=1.2)
    x = np.log10(data.n)
    if data.is_corrected:
        axes.plot(
            x,
            np.log10(data.alone),
            color=style.color("ink-muted"),
            linewidth=1.2,
            linestyle=(0, (4, 3)),
        )
    axes.plot(x, np.log10(data.corrected), color=style.color("accent"), linewidth=2)
    if not data.dots:
        return Drawing(figure)
    axes.scatter(
        [math.log10(dot.n) for dot in data.dots],
        [math.log10(dot.size) for dot in data.dots],
        s=34,
        facecolors=[style.color(dot.token) for dot in data.dots],
        edgecolors=style.color("surface"),
        linewidths=0.8,
        clip_on=False,
        gid="m0",
        zorder=4,
    )
    return Drawing(figure, (Marks("m0", tuple(Mark(dot.run_ids, dot.tip) for dot in data.dots)),))
