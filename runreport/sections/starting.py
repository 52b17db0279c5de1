"""The configuration that single changes start from, and those that several changes lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runreport.blocks import Code, Words
from runreport.kinds import Context
from runreport.sections.configurations import Settings
from runreport.sections.fitness import Fit
from runreport.sections.judging import Verdicts
from runreport.sections.levers import Lever, Seen, apart

HUB = 1.5
"""Without a baseline, a configuration with so many times the single changes around it that any
other has may stand in."""


@dataclass(frozen=True, slots=True)
class Several:
    """A configuration that differs from the start in more than one lever."""

    place: int
    levers: tuple[Lever, ...]
    difference: float
    """From the start, displayed units."""
    summed: float | None
    """What the single changes come to, where each was made from the start."""


def start_of(context: Context, settings: Settings, seen: Seen) -> tuple[int | None, Words]:
    """The baseline's configuration; without a baseline one that others surround, said as a guess.

    Returns:
        Which one, and a sentence about the choice.
    """
    if not settings.groups or not settings.names:
        return None, ()
    if context.baseline is not None:
        inside = baseline_in(context, settings)
        chosen = max(inside, key=lambda place: (seen.neighbours[place], -place))
        if len(inside) == 1:
            return chosen, ("The start is the declared baseline.",)
        return chosen, (
            f"The declared baseline holds {len(inside)} configurations. A guess: the start is the "
            "one of them from which most single changes were made; a ",
            Code("baseline"),
            " that names all params would say which.",
        )
    most, *rest = sorted(seen.neighbours, reverse=True)
    if most > 1 and most >= HUB * max(rest, default=0):
        return seen.neighbours.index(most), (
            "No baseline is declared. A guess: the start is the configuration from which most "
            f"single changes were made ({most}); name a ",
            Code("baseline"),
            " to start elsewhere.",
        )
    return None, (
        "No baseline is declared, and no configuration stands out as the one that others were "
        "changed from. With a ",
        Code("baseline"),
        ", every change from it is listed here.",
    )


def baseline_in(context: Context, settings: Settings) -> tuple[int, ...]:
    """The configurations that the declared baseline holds."""
    if context.baseline is None:
        return ()
    ids = {run.id for run in context.baseline.runs}
    return tuple(
        place for place, own in enumerate(settings.groups) if any(run.id in ids for run in own.runs)
    )


def several_of(
    settings: Settings, seen: Seen, fits: Sequence[Fit], verdicts: Verdicts, start: int
) -> tuple[Several, ...]:
    """Configurations more than one lever away, the nearest first."""
    home = fits[start].mean
    singles: dict[tuple[Lever, int], float] = {}
    for step in verdicts.steps:
        place = step.second if step.first == start else step.first
        mean = fits[place].mean
        if mean is not None and home is not None:
            lever = step.change.lever
            singles[lever, int(lever.levels[place])] = mean - home
    found = []
    for place, fit in enumerate(fits):
        levers = apart(settings, seen, start, place)
        if place == start or len(levers) < 2 or fit.mean is None or home is None:
            continue
        parts = [singles.get((lever, int(lever.levels[place]))) for lever in levers]
        known = [part for part in parts if part is not None]
        summed = sum(known) if len(known) == len(parts) else None
        found.append(Several(place, levers, fit.mean - home, summed))
    return tuple(sorted(found, key=lambda item: (len(item.levers), -abs(item.difference))))
