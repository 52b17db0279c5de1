"""Performance profiles: of every threshold the share of runs that is better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runreport import formats
from runreport.blocks import Cell, Column, Figure, Row, Table
from runreport.sections import charting, strokes
from runreport.sections.charting import Scale
from runreport.sections.strokes import Picture, Ribbon, Stroke
from runreport.sections.tasks import Standing, Tasks
from runreport.stats import words
from runreport.stats.aggregates import Profile

EVERY = 12
"""Of the thresholds, one in so many has a row in the table."""


def profiles(data: Tasks, limit: int) -> Figure | None:
    """The chart of the first groups; None where nothing varies or none was asked for."""
    drawn = [
        (item, item.profile) for item in data.standings[: max(1, limit)] if item.profile is not None
    ]
    if not drawn:
        return None
    at = drawn[0][1].at
    x, y = Scale(float(at[0]), float(at[-1])), Scale(0.0, 1.0)
    side = _side(data)
    picture = Picture(
        tuple(_stroke(item, profile, data) for item, profile in drawn),
        tuple(ribbon for item, profile in drawn if (ribbon := _ribbon(item, profile))),
        x,
        y,
        charting.metric_label(data.metric),
        f"share of {words.several(data.unit)} {side}",
    )
    name = charting.fit(data.metric.title)
    return Figure(
        draw=strokes.draw,
        data=picture,
        title=f"Performance profile of {name}",
        description=_description(drawn, data, name),
        table=_table(drawn, data, name),
        legend=charting.legend([item.group for item, _ in drawn], shaped=picture.is_shaped),
        height=3.6,
        note=(_note(drawn, data),),
    )


def _side(data: Tasks) -> str:
    return "below" if data.metric.goal == "minimize" else "above"


def _stroke(item: Standing, profile: Profile, data: Tasks) -> Stroke:
    ids = tuple(run.id for run in item.group.runs)
    middle = formats.number(_middle(profile), 3)
    value = formats.with_unit(middle, data.metric.unit)
    runs = words.several(data.unit)
    tip = f"{charting.group_name(item.group)}\nhalf of its {runs} {_side(data)} {value}"
    return Stroke(profile.at, profile.share, item.group.color, ids, tip, "mean")


def _middle(profile: Profile) -> float:
    """The threshold that half of the runs pass."""
    place = int(np.abs(profile.share - 0.5).argmin())
    return float(profile.at[place])


def _ribbon(item: Standing, profile: Profile) -> Ribbon | None:
    if profile.low is None or profile.high is None:
        return None
    ids = tuple(run.id for run in item.group.runs)
    return Ribbon(profile.at, profile.low, profile.high, item.group.color, ids)


def _description(drawn: Sequence[tuple[Standing, Profile]], data: Tasks, name: str) -> str:
    middles = [
        f"{charting.fit(item.group.label)} {formats.number(_middle(profile), 3)}"
        for item, profile in drawn[:4]
    ]
    runs, tasks = words.several(data.unit), words.plural(data.task, len(data.names))
    return (
        f"Share of {runs} {_side(data)} each value of {name} over {tasks}, "
        f"{formats.count(len(drawn), 'group')}. Half of them are {_side(data)}: "
        f"{', '.join(middles)}."
    )


def _note(drawn: Sequence[tuple[Standing, Profile]], data: Tasks) -> str:
    said = "At most 3 % of the runs of any group lie beyond either edge."
    if data.metric.goal is not None and not data.apart:
        said = f"A curve above another is better there: more runs pass the threshold. {said}"
    if any(profile.low is not None for _, profile in drawn):
        said += f" Bands are {words.percent(data.level)} intervals at each point."
    if len(drawn) < len(data.standings):
        said += f" The first {len(drawn)} of {len(data.standings)} groups are drawn."
    return said


def _table(drawn: Sequence[tuple[Standing, Profile]], data: Tasks, name: str) -> Table:
    unit = data.metric.unit or None
    columns = (
        Column(f"{_side(data).capitalize()}", "number", unit=unit),
        *(Column(charting.fit(item.group.label, 40), "number") for item, _ in drawn),
    )
    at = drawn[0][1].at
    decimals = formats.decimals_for(float(at[-1] - at[0]) / 10)
    rows = tuple(
        Row(
            (
                charting.cell(float(at[place]), formats.fixed(float(at[place]), decimals)),
                *(_share(profile, place) for _, profile in drawn),
            )
        )
        for place in range(0, at.size, EVERY)
    )
    return Table(columns, rows, f"Share of {words.several(data.unit)} by {name}")


def _share(profile: Profile, place: int) -> Cell:
    value = float(profile.share[place])
    return charting.cell(value, formats.fixed(value, 3))
