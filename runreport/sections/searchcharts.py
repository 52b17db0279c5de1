"""The curves of `search`: distribution of results, expected best of k."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runreport import formats
from runreport.blocks import Block, Cell, Column, Figure, Row, Table
from runreport.drawing import Drawing, Mark, Marks, Style
from runreport.sections import charting, studies
from runreport.sections.charting import Floats, Scale
from runreport.sections.searchdata import Searched
from runreport.sections.searchprogress import near, progress
from runreport.stats import words
from runreport.stats.searching import band_of_shares


@dataclass(frozen=True, eq=False)
class Shares:
    """The distribution of results, its band, and every configuration as a mark."""

    x: Floats
    """Ascending."""
    share: Floats
    half: float
    run_ids: tuple[tuple[str, ...], ...]
    tips: tuple[str, ...]
    x_scale: Scale
    label: str


@dataclass(frozen=True, eq=False)
class Tries:
    """The expected best of k."""

    draws: Floats
    unbiased: Floats
    plain: Floats
    low: Floats
    high: Floats
    half: float
    """Beyond so many draws few choices are different."""
    x_scale: Scale
    y_scale: Scale
    label: str
    tips: tuple[str, ...]


def curves(data: Searched, limit: int) -> list[Block]:
    """The charts that the data suffice for."""
    found: list[Block] = [progress(data, limit)]
    if data.n >= 3:
        found += [_shares(data), *_tries(data)]
    return found


# ---- distribution --------------------------------------------------------------------------------


def _shares(data: Searched) -> Figure:
    study = data.study
    values = study.means[data.fine]
    order = np.argsort(values, kind="stable")
    cells = data.fine[order]
    scale, drawn = near(values[order])
    ids: list[list[str]] = [[] for _ in range(study.count)]
    for run, cell in zip(study.runs, study.cell.tolist(), strict=True):
        ids[cell].append(run.id)
    name = charting.fit(study.metric.title)
    share = np.arange(1, values.size + 1) / values.size
    tips = tuple(
        f"{studies.configuration_words(study, int(cell))}\n{name}: "
        f"{charting.value_text(float(study.means[cell]), study.metric)}\n"
        f"{formats.fixed(100 * part, 0)} % of configurations are at or below"
        for cell, part in zip(cells, share.tolist(), strict=True)
    )
    quarters = np.percentile(values, (0, 25, 50, 75, 100)).tolist()
    labels = ("Lowest", "Lower quartile", "Median", "Upper quartile", "Highest")
    table = Table(
        (Column("Of all configurations"), Column(name, "number", unit=study.metric.unit or None)),
        tuple(
            Row((Cell((label,), label), charting.cell(value)))
            for label, value in zip(labels, quarters, strict=True)
        ),
        f"Distribution of {name}, n = {formats.count(data.n, 'configuration')}",
    )
    beyond = int((drawn != values[order]).sum())
    note = (
        f"Band: {words.percent(data.level)}, holding the whole curve (Dvoretzky, Kiefer, Wolfowitz "
        "and Massart), for configurations drawn independently."
    )
    if beyond:
        note += f" {formats.count(beyond, 'configuration lies', 'configurations lie')} beyond."
    return Figure(
        draw=draw_shares,
        data=Shares(
            drawn,
            share,
            band_of_shares(values.size, data.level),
            tuple(tuple(ids[cell]) for cell in cells.tolist()),
            tips,
            scale,
            charting.metric_label(study.metric),
        ),
        title=f"Distribution of {name} over configurations",
        description=(
            f"Cumulative share of {formats.count(data.n, 'configuration')}: half of them are at or "
            f"below {charting.value_text(quarters[2], study.metric)}, from "
            f"{charting.value_text(quarters[0], study.metric)} to "
            f"{charting.value_text(quarters[4], study.metric)}."
        ),
        table=table,
        height=3.2,
        note=(note,),
    )


def draw_shares(data: Shares, style: Style) -> Drawing:
    """A step curve with its band, and a mark per configuration."""
    figure, axes = charting.chart(
        style, data.x_scale, Scale(0, 1.02), data.label, "share at or below"
    )
    low, high = data.x_scale.ends
    x = np.concatenate(([low], data.x, [high]))
    y = np.concatenate(([0.0], data.share, data.share[-1:]))
    accent = style.color("accent")
    axes.fill_between(
        x,
        np.clip(y - data.half, 0, 1),
        np.clip(y + data.half, 0, 1),
        step="post",
        color=accent,
        alpha=0.16,
        linewidth=0,
        zorder=1,
    )
    axes.step(x, y, where="post", color=accent, linewidth=1.6, zorder=2)
    axes.scatter(
        data.x,
        data.share,
        s=14,
        facecolors=accent,
        edgecolors=style.color("surface"),
        linewidths=0.4,
        clip_on=False,
        gid="m0",
        zorder=3,
    )
    marks = zip(data.run_ids, data.tips, strict=True)
    return Drawing(figure, (Marks("m0", tuple(Mark(ids, tip) for ids, tip in marks)),))


# ---- expected best -------------------------------------------------------------------------------


def _tries(data: Searched) -> list[Block]:
    found = data.expected
    if found is None:
        return []
    study = data.study
    name = charting.fit(study.metric.title)
    draws = found.draws.astype(np.float64)
    around = np.concatenate((found.unbiased, found.low, found.high))
    spread, decimals = float(np.ptp(around)), 3
    decimals = formats.decimals_for(spread / 10) if spread > 0 else decimals
    rows = tuple(
        Row(
            tuple(
                charting.cell(
                    float(value), formats.fixed(float(value), decimals) if place else None
                )
                for place, value in enumerate(values)
            )
        )
        for values in zip(draws, found.unbiased, found.low, found.high, found.plain, strict=True)
    )
    unit = study.metric.unit or None
    columns = (
        Column("Configurations", "number"),
        Column("Expected best", "number", unit=unit, goal=data.goal),
        Column("from", "number", unit=unit),
        Column("to", "number", unit=unit),
        Column("With replacement", "number", unit=unit, hint="As by Dodge et al. (2019)"),
    )
    note = (
        "Line: over all choices of k of these configurations, without bias (Tang et al. 2020), "
        f"with its {words.percent(data.level)} bootstrap band; dashed beyond half of them, where "
        "few choices are different and the band is too narrow. Dotted: as by Dodge et al. (2019), "
        "whose bias is towards too little."
    )
    if data.is_learning:
        note += (
            " This search learns as it goes, so the curve is what random drawing from these "
            "configurations would give, not what the search does."
        )
    return [
        Figure(
            draw=draw_tries,
            data=Tries(
                draws,
                found.unbiased,
                found.plain,
                found.low,
                found.high,
                data.n / 2,
                charting.scale_for(draws, True, 0.03),
                charting.scale_for(around),
                charting.metric_label(study.metric),
                tuple(
                    f"best of {int(k)}: {charting.value_text(float(v), study.metric)}\n"
                    f"{formats.fixed(float(a), decimals)} to {formats.fixed(float(b), decimals)}"
                    for k, v, a, b in zip(draws, found.unbiased, found.low, found.high, strict=True)
                ),
            ),
            title=f"Expected best {name} of k configurations",
            description=(
                f"Expected best {name} from 1 to {formats.number(data.n)} configurations: "
                f"{charting.value_text(float(found.unbiased[0]), study.metric)} for one, "
                f"{charting.value_text(float(found.unbiased[-1]), study.metric)} for all."
            ),
            table=Table(columns, rows, f"Expected best {name}", export="search-expected"),
            height=3.2,
            note=(note,),
        )
    ]


def draw_tries(data: Tries, style: Style) -> Drawing:
    """The curve with its band; dashed where it rests on few choices."""
    figure, axes = charting.chart(
        style, data.x_scale, data.y_scale, "configurations (log)", data.label
    )
    x = np.log10(data.draws)
    accent = style.color("accent")
    axes.fill_between(x, data.low, data.high, color=accent, alpha=0.16, linewidth=0, zorder=1)
    _line(axes, x, data, accent)
    axes.plot(
        x,
        data.plain,
        color=style.color("ink-muted"),
        linewidth=1.2,
        linestyle=(0, (1, 2)),
        zorder=2,
    )
    axes.scatter(
        x,
        data.unbiased,
        s=14,
        facecolors=accent,
        edgecolors=style.color("surface"),
        linewidths=0.4,
        clip_on=False,
        gid="m0",
        zorder=4,
    )
    return Drawing(figure, (Marks("m0", tuple(Mark((), tip) for tip in data.tips)),))


def _line(axes: Any, x: Floats, data: Tries, color: str) -> None:
    sure = data.draws <= max(1.0, data.half)
    last = int(sure.sum())
    axes.plot(x[:last], data.unbiased[:last], color=color, linewidth=2, zorder=3)
    rest = slice(max(0, last - 1), None)
    axes.plot(x[rest], data.unbiased[rest], color=color, linewidth=1.6, linestyle=(0, (4, 2)))
