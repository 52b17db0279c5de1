"""The charts of `importance`: shares with intervals, and what the forest predicts along params."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, LegendEntry, Row, Table
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, importancewords
from runreport.sections.charting import Floats, Scale
from runreport.sections.explaining import Explained, share_words
from runreport.stats.importance import Effect


@dataclass(frozen=True, slots=True)
class Bar:
    """One param."""

    name: str
    value: float
    low: float
    """Equal to the value where there is no interval."""
    high: float
    alone: float
    """NaN where there is no forest."""
    settled: bool
    """Whether the interval leaves out zero."""
    tip: str


@dataclass(frozen=True, slots=True)
class Bars:
    """What is drawn."""

    lines: tuple[Bar, ...]
    x: Scale
    label: str
    shares: bool
    """Shares as bars from zero; else correlations as points around zero."""


# ---- shares, or correlations ---------------------------------------------------------------------


def bars(data: Explained, limit: int) -> list[Block]:
    """The chart of every param with its table."""
    shown = data.order[:limit]
    shares = bool(data.effects)
    lines = [_share_bar(data, place) if shares else _rank_bar(data, place) for place in shown]
    kept = [line for line in lines if np.isfinite(line.value)]
    table = _table(data)
    if not kept:
        return [table]
    name = charting.fit(data.study.metric.title)
    ends = np.array([end for line in kept for end in (line.low, line.high, line.value)])
    if shares:
        picture = Bars(tuple(kept), _from_zero(ends), f"share of the variance of {name} (%)", True)
        title = f"What the params explain of {name}"
        legend: tuple[LegendEntry, ...] = (
            LegendEntry("alone and jointly with others, 95 % interval", "accent", swatch="area"),
            LegendEntry(
                "alone, of the forest's predictions over the whole space",
                "series-2",
                swatch="dot",
                shape="diamond",
            ),
        )
    else:
        picture = Bars(tuple(kept), Scale(-1.05, 1.05), "rank correlation", False)
        title = f"How the params go with {name}"
        legend = ()
    cut = len(data.order) - len(shown)
    note = [f"{formats.count(cut, 'further param')} not drawn." if cut else ""]
    if any(not line.settled for line in kept):
        note.append("Pale marks: the interval reaches zero.")
    if not shares and any(item is not None and not item.signed for item in data.associations):
        note.append(
            "Words with three levels or more have no direction: the root of the share of rank "
            "variance between levels is drawn, to the right."
        )
    said = " ".join(part for part in note if part)
    return [
        Figure(
            draw=draw_bars,
            data=picture,
            title=title,
            description=_description(data, kept, name),
            table=table,
            legend=legend,
            height=0.95 + 0.36 * len(kept),
            note=(said,) if said else (),
        )
    ]


def _from_zero(ends: Floats) -> Scale:
    low = min(0.0, float(ends.min()))
    return Scale(low * 1.05, max(1.0, float(ends.max())) * 1.05)


def _share_bar(data: Explained, place: int) -> Bar:
    effect: Effect = data.effects[place]
    total, alone = effect.total, effect.alone
    low, high = total.value, total.value
    if total.interval is not None:
        low, high = total.interval.low, total.interval.high
    return Bar(
        name=_name(data, place),
        value=100 * total.value,
        low=100 * low,
        high=100 * high,
        alone=100 * alone.value,
        settled=total.interval is not None and low > 0,
        tip=(
            f"{charting.fit(data.axes[place].name, 40)}\n"
            f"alone and jointly: {share_words(total)}\n"
            f"alone: {share_words(alone)}"
        ),
    )


def _rank_bar(data: Explained, place: int) -> Bar:
    found, name = data.associations[place], _name(data, place)
    if found is None:
        return Bar(name, np.nan, np.nan, np.nan, np.nan, False, "")
    low, high = found.value, found.value
    if found.interval is not None:
        low, high = found.interval.low, found.interval.high
    value = found.value
    if not found.signed:
        value, low, high = (float(np.sqrt(max(0.0, end))) for end in (value, low, high))
    axis = data.axes[place]
    tip = (
        f"{charting.fit(axis.name, 40)}\n{importancewords.association_words(found, axis)}\n"
        f"{formats.count(found.n, 'configuration')}"
    )
    return Bar(name, value, low, high, np.nan, low > 0 or high < 0, tip)


def _name(data: Explained, place: int) -> str:
    others = importancewords.alike(data, place)
    name = charting.fit(data.axes[place].name, 26)
    return f"{name} + {len(others)}" if others else name


def _description(data: Explained, kept: list[Bar], name: str) -> str:
    listed = ", ".join(
        f"{line.name} {formats.fixed(line.value, 0 if data.effects else 2)}" for line in kept[:8]
    )
    if data.effects:
        return f"Bars with intervals: per cent of the variance of {name} by param: {listed}."
    return f"Points with intervals: rank correlation of each param with {name}: {listed}."


def _table(data: Explained) -> Table:
    columns = [Column("Param"), Column("Scale"), Column("n", "number", hint="Configurations")]
    if data.effects:
        joint = "Share of the metric's variance, alone and jointly with others"
        single = "Share of the variance of the forest's predictions over the space"
        columns += [
            Column("Total", "number", unit="%", hint=joint),
            Column("from", "number", unit="%", hint="Interval of the total"),
            Column("to", "number", unit="%", hint="Interval of the total"),
            Column("Alone", "number", unit="%", hint=single),
            Column("from", "number", unit="%", hint="Interval of the effect alone"),
            Column("to", "number", unit="%", hint="Interval of the effect alone"),
        ]
    columns += [
        Column("Rank", "number", hint="Spearman rho, or rank eta\u00b2 of three words or more"),
        Column("from", "number", hint="Interval of the rank correlation"),
        Column("to", "number", hint="Interval of the rank correlation"),
        Column("p", "number", hint="Holm-adjusted over the params"),
    ]
    rows = []
    for place in data.order:
        axis, found = data.axes[place], data.associations[place]
        name = ", ".join((axis.name, *importancewords.alike(data, place)))
        scale = {"number": "number", "log": "log", "words": "words"}[axis.kind]
        cells = [
            Cell((charting.fit(name),), name),
            Cell((f"{scale}, {formats.count(len(axis.levels), 'value')}",), scale),
            charting.cell(float(axis.is_set.sum())),
        ]
        if data.effects:
            for share in (data.effects[place].total, data.effects[place].alone):
                ends = share.interval
                cells += [
                    rounded(100 * share.value, 1),
                    rounded(None if ends is None else 100 * ends.low, 1),
                    rounded(None if ends is None else 100 * ends.high, 1),
                ]
        interval = None if found is None else found.interval
        cells += [
            rounded(None if found is None else found.value, 2),
            rounded(None if interval is None else interval.low, 2),
            rounded(None if interval is None else interval.high, 2),
            _p_cell(data.adjusted[place]),
        ]
        rows.append(Row(tuple(cells)))
    title = charting.fit(data.study.metric.title)
    return Table(
        tuple(columns),
        tuple(rows),
        f"Params and {title}, n = {formats.count(data.n, 'configuration')}",
        export="importance",
    )


def rounded(value: float | None, decimals: int) -> Cell:
    """A number with so many decimals."""
    return charting.cell(value, None if value is None else formats.fixed(value, decimals))


def _p_cell(p: float | None) -> Cell:
    text = None if p is None else formats.p_value(p).removeprefix("p = ").removeprefix("p ")
    return charting.cell(p, text)


def draw_bars(data: Bars, style: Style) -> Drawing:
    """Bars from zero with whiskers and a diamond for the effect alone, or points around zero."""
    from matplotlib.collections import LineCollection, PolyCollection

    names = [line.name for line in data.lines]
    figure, axes = charting.row_chart(style, data.x, names, data.label)
    axes.plot([0, 0], [-0.5, len(names) - 0.5], color=style.color("ink-muted"), linewidth=1.2)
    accent = style.color("accent")
    if data.shares:
        boxes = [_box(line.value, place) for place, line in enumerate(data.lines)]
        for settled, gid in ((True, "m0"), (False, "m1")):
            chosen = [
                b for b, line in zip(boxes, data.lines, strict=True) if line.settled == settled
            ]
            if chosen:
                axes.add_collection(
                    PolyCollection(
                        chosen,
                        facecolors=accent,
                        alpha=0.75 if settled else 0.3,
                        linewidths=0,
                        gid=gid,
                        zorder=2,
                    ),
                    autolim=False,
                )
    whiskers = [(place, line) for place, line in enumerate(data.lines) if line.high > line.low]
    ink = style.color("ink")
    axes.add_collection(
        LineCollection(
            [[(line.low, place), (line.high, place)] for place, line in whiskers]
            + [
                [(end, place - 0.12), (end, place + 0.12)]
                for place, line in whiskers
                for end in (line.low, line.high)
            ],
            colors=ink,
            linewidths=1.4,
            zorder=3,
        ),
        autolim=False,
    )
    marks = [Mark((), line.tip) for line in data.lines]
    if data.shares:
        axes.scatter(
            [line.alone for line in data.lines],
            range(len(names)),
            s=26,
            marker="D",
            facecolors=style.color("series-2"),
            edgecolors=style.color("surface"),
            linewidths=0.8,
            clip_on=False,
            gid="m2",
            zorder=5,
        )
        found = [
            Marks(
                gid,
                tuple(
                    m for m, line in zip(marks, data.lines, strict=True) if line.settled == value
                ),
            )
            for value, gid in ((True, "m0"), (False, "m1"))
            if any(line.settled == value for line in data.lines)
        ]
        return Drawing(figure, (*found, Marks("m2", tuple(marks))))
    axes.scatter(
        [line.value for line in data.lines],
        range(len(names)),
        s=44,
        facecolors=[accent if line.settled else style.color("surface") for line in data.lines],
        edgecolors=accent,
        linewidths=1.5,
        clip_on=False,
        gid="m0",
        zorder=5,
    )
    return Drawing(figure, (Marks("m0", tuple(marks)),))


def _box(value: float, place: int) -> list[tuple[float, float]]:
    low, high = place - 0.3, place + 0.3
    return [(0, low), (value, low), (value, high), (0, high)]
