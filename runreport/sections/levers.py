"""What can change as one, and every couple of configurations that differ in it alone.

A lever is a param; or params that always move together, whose effects nobody can tell apart; with
them the params that only some of their values have (`momentum` of `sgd`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from runreport.sections.configurations import Settings, same
from runreport.stats import changes as found_in
from runreport.stats.changes import Codes, Together

MOST_PAIRS = 20_000
"""Of one lever; more are counted and not looked at."""


@dataclass(frozen=True, eq=False)
class Lever:
    """What changes as one."""

    own: tuple[int, ...]
    """Columns of `Settings`; several always moved together."""
    carried: tuple[int, ...]
    """Columns that only some of its values have."""
    levels: Codes
    """Shape (configurations,): equal integers are equal values of all of these."""

    @property
    def is_confounded(self) -> bool:
        return len(self.own) > 1


@dataclass(frozen=True, eq=False)
class Seen:
    """What changed alone, and what did not, whatever the values."""

    levers: tuple[Lever, ...]
    couples: tuple[tuple[tuple[int, int], ...], ...]
    """Per lever, configurations that differ in it alone."""
    sets: tuple[tuple[Codes, ...], ...]
    """Per lever, configurations that agree in all else."""
    together: tuple[Together, ...]
    """Columns that move together, conditional params left out."""
    carried: dict[int, tuple[int, ...]]
    """Conditional params: column to the columns that they hang on."""
    never: tuple[int, ...]
    """Columns that never changed alone."""
    unseen: int
    """Couples beyond the most that are looked at."""
    neighbours: tuple[int, ...]
    """Per configuration, how many others differ in one lever."""

    @property
    def count(self) -> int:
        """Couples that differ in one lever."""
        return sum(map(len, self.couples))


def look(settings: Settings, starts: Sequence[int] = ()) -> Seen:
    """Every couple of configurations that differ in one lever.

    Args:
        settings: the configurations.
        starts: configurations whose couples are looked at however many there are.
    """
    hanging = found_in.carried(settings.codes, settings.absent)
    moving = _together(settings, hanging)
    levers = _levers(settings, hanging, moving)
    sets = found_in.but_one(settings.codes, [(*lever.own, *lever.carried) for lever in levers])
    couples: list[tuple[tuple[int, int], ...]] = []
    neighbours = np.zeros(len(settings.groups), dtype=np.intp)
    unseen = 0
    for lever, own in zip(levers, sets, strict=True):
        found, more = _couples(settings, lever, own, frozenset(starts))
        unseen += more
        for one, other in found:
            neighbours[[one, other]] += 1
        couples.append(tuple(found))
    alone = {
        column
        for lever, own in zip(levers, couples, strict=True)
        for column in lever.own
        if own and not lever.is_confounded
    }
    hung = {column for column in hanging if not _has_choice(settings, column)}
    return Seen(
        levers=tuple(levers),
        couples=tuple(couples),
        sets=tuple(map(tuple, sets)),
        together=moving,
        carried=hanging,
        never=tuple(c for c in range(len(settings.names)) if c not in alone and c not in hung),
        unseen=unseen,
        neighbours=tuple(neighbours.tolist()),
    )


# ---- levers --------------------------------------------------------------------------------------


def _has_choice(settings: Settings, column: int) -> bool:
    """Whether a conditional param has more than one value where it has any."""
    return np.unique(settings.codes[~settings.absent[:, column], column]).size > 1


def _together(settings: Settings, hanging: dict[int, tuple[int, ...]]) -> tuple[Together, ...]:
    """What moves together, without conditional params: these follow from what they hang on."""
    free = [column for column in range(len(settings.names)) if column not in hanging]
    if len(free) < 2:
        return ()
    found = found_in.together(settings.codes[:, free], settings.numbers[:, free])
    return tuple(
        Together(free[item.first], free[item.second], item.apart, item.correlation)
        for item in found
    )


def _levers(
    settings: Settings, hanging: dict[int, tuple[int, ...]], moving: Sequence[Together]
) -> list[Lever]:
    """One per param, or per params that always move together, in the order of their names."""
    bundle = {column: {column} for column in range(len(settings.names))}
    for item in moving:
        if item.apart == 0 and item.correlation is None:
            joined = bundle[item.first] | bundle[item.second]
            bundle |= dict.fromkeys(joined, joined)
    seen: set[int] = set()
    levers = []
    for column in range(len(settings.names)):
        if column in seen or (column in hanging and not _has_choice(settings, column)):
            continue
        own = tuple(sorted(bundle[column]))
        seen |= set(own)
        carried = tuple(c for c, parents in hanging.items() if set(parents) & set(own))
        kept = settings.codes[:, [*own, *carried]]
        levels = np.unique(kept, axis=0, return_inverse=True)[1].reshape(-1)
        levers.append(Lever(own, carried, levels))
    return levers


# ---- couples -------------------------------------------------------------------------------------


def _couples(
    settings: Settings, lever: Lever, sets: Sequence[Codes], starts: frozenset[int]
) -> tuple[list[tuple[int, int]], int]:
    """Configurations that differ in the lever alone, and how many more there are."""
    total = sum(part.size * (part.size - 1) // 2 for part in sets)
    found: list[tuple[int, int]] = []
    for part in sets:
        if len(found) + part.size * (part.size - 1) // 2 > MOST_PAIRS:
            # neighbours by size at least, so that no set is passed over
            members = ordered(settings, lever, part)
            home = [place for place in members if place in starts]
            couples = [*pairwise(members), *((one, other) for one in home for other in members)]
            found += dict.fromkeys((min(c), max(c)) for c in couples if c[0] != c[1])
        else:
            found += combinations(part.tolist(), 2)
    return [c for c in found if _is_one_change(settings, lever, *c)], max(0, total - len(found))


def ordered(settings: Settings, lever: Lever, part: Codes) -> list[int]:
    """Configurations by their level."""
    places: list[int] = part.tolist()
    return sorted(places, key=lambda place: level_key(settings, lever, place))


def _is_one_change(settings: Settings, lever: Lever, one: int, other: int) -> bool:
    """Whether the lever's own params differ, and what it carries only by coming or going."""
    codes, absent = settings.codes, settings.absent
    if all(codes[one, column] == codes[other, column] for column in lever.own):
        return False
    return all(
        codes[one, column] == codes[other, column] or absent[one, column] != absent[other, column]
        for column in lever.carried
    )


# ---- order --------------------------------------------------------------------------------------


def has_order(settings: Settings, column: int) -> bool:
    """Whether values have an order of their own: numbers, or off and on."""
    values = {same(texts[column]) for texts in settings.texts}
    return settings.is_number(column) or values <= {"false", "true", "off", "on", "no", "yes"}


def level_key(settings: Settings, lever: Lever, place: int) -> tuple[tuple[int, float, str], ...]:
    """Sort key of a configuration's level: what is not set first, numbers by size, then words."""
    found = []
    # numbers and switches say which way is up where words changed with them
    own = sorted(lever.own, key=lambda column: not has_order(settings, column))
    for column in (*own, *lever.carried):
        if settings.absent[place, column]:
            found.append((-1, 0.0, ""))
            continue
        value = same(settings.texts[place][column])
        found.append((0, value, "") if isinstance(value, float) else (1, 0.0, value))
    return tuple(found)


# ---- several at once -----------------------------------------------------------------------------


def apart(settings: Settings, seen: Seen, first: int, second: int) -> tuple[Lever, ...]:
    """The levers in which two configurations differ; what comes or goes with one is not counted."""
    codes, absent = settings.codes, settings.absent
    differing = [
        lever
        for lever in seen.levers
        if any(codes[first, column] != codes[second, column] for column in lever.own)
    ]
    along = {
        column
        for lever in differing
        for column in lever.carried
        if absent[first, column] != absent[second, column]
    }
    return tuple(lever for lever in differing if not set(lever.own) <= along)
