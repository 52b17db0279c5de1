"""From one side of a comparison to another: what changed in code, data and environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from runreport.kinds import Context
from runreport.sections import ancestry, packages, variation
from runreport.sections.origins import origins
from runreport.sections.packages import PackageChange
from runreport.sections.variation import Side
from runreport.tables import Lineage, Run

MOST = 12
"""Steps of one report; the rest are said to be left out."""


@dataclass(frozen=True, eq=False)
class Step:
    """From the runs of one side to those of another."""

    before: Side
    after: Side

    @property
    def commits(self) -> tuple[str, str] | None:
        """The one commit of either side, where they are two."""
        one, other = (ancestry.commits(side.runs) for side in (self.before, self.after))
        if len(one) == len(other) == 1 and one != other:
            return one[0], other[0]
        return None


@dataclass(frozen=True, slots=True)
class DataChange:
    """One data set, or one file of it, that two sides do not share."""

    name: str
    kind: Literal["added", "removed", "changed"]
    before: tuple[str, ...]
    """Digests as logged; empty where it is added."""
    after: tuple[str, ...]
    files: tuple[str, str] = ("", "")
    """How many files it had before and has after, where that was logged."""
    is_file: bool = False
    """Whether it is one file of a folder."""


@dataclass(frozen=True, slots=True)
class HardwareChange:
    """One fact of the machine that two sides do not share."""

    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Changes:
    """All that differs over one step."""

    step: Step
    commits: tuple[tuple[str, ...], tuple[str, ...]]
    """Of either side."""
    data: tuple[DataChange, ...]
    packages: tuple[PackageChange, ...]
    hardware: tuple[HardwareChange, ...]
    unknown: tuple[str, ...]
    """What one side or both did not log, so that nobody knows whether it differs."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing that was logged differs."""
        return not (
            self.data or self.packages or self.hardware or self.commits[0] != self.commits[1]
        )


def steps(context: Context) -> tuple[Step, ...]:
    """From the baseline to every other group; from the first group to the second where there are
    two; of one group with two runs, from run to run.
    """
    sides = variation.sides_of_groups(context)
    if len(sides) == 1 and len(context.runs) == 2:
        sides = variation.sides_of_runs(context)
        return (Step(*sides),)
    start = next((side for side in sides if side.is_baseline), None)
    if start is None:
        return (Step(*sides),) if len(sides) == 2 else ()
    return tuple(Step(start, side) for side in sides if side is not start)


def changes(step: Step) -> Changes:
    """What differs over a step."""
    before, after = step.before.runs, step.after.runs
    return Changes(
        step=step,
        commits=(ancestry.commits(before), ancestry.commits(after)),
        data=_data(before, after),
        packages=packages.changes(packages.held(before), packages.held(after))
        if _all_have(before, after)
        else (),
        hardware=_hardware(before, after),
        unknown=tuple(_unknown(before, after)),
    )


def _all_have(before: Sequence[Run], after: Sequence[Run]) -> bool:
    # of a side that logged none every package would look added
    return all(any(packages.packages_of(run) for run in runs) for runs in (before, after))


def _unknown(before: Sequence[Run], after: Sequence[Run]) -> list[str]:
    asked = (
        ("the code's commit", lambda run: bool(ancestry.commits([run]))),
        ("data sets", lambda run: bool(ancestry.data_of(run))),
        ("packages", lambda run: bool(packages.packages_of(run))),
        ("hardware", lambda run: any(fact.kind == "hardware" for fact in run.lineage)),
    )
    return [what for what, has in asked if not (any(map(has, before)) and any(map(has, after)))]


# ---- data ----------------------------------------------------------------------------------------


def _data(before: Sequence[Run], after: Sequence[Run]) -> tuple[DataChange, ...]:
    """Data sets that differ, and of folders whose files both sides list the files that do."""
    if not (any(map(ancestry.data_of, before)) and any(map(ancestry.data_of, after))):
        return ()
    sides = (before, after)
    one, other = (_held(runs, "data") for runs in sides)
    left, right = (_held(runs, "file") for runs in sides)
    counts = [
        {f.name: f.version or "" for run in runs for f in run.lineage if f.kind == "files"}
        for runs in sides
    ]
    found: list[DataChange] = []
    for name in sorted(one.keys() | other.keys()):
        folder = f"{name}/"
        files = (counts[0].get(name, ""), counts[1].get(name, ""))
        found += _changed(name, one, other, files)
        inside = [{path for path in known if path.startswith(folder)} for known in (left, right)]
        # of a side that does not list its files every file would look new
        if all(inside):
            for path in sorted(inside[0] | inside[1]):
                found += (replace(c, is_file=True) for c in _changed(path, left, right))
    return tuple(found)


Held: TypeAlias = Mapping[str, frozenset[str]]


def _changed(
    name: str, one: Held, other: Held, files: tuple[str, str] = ("", "")
) -> Iterator[DataChange]:
    left, right = one.get(name, frozenset()), other.get(name, frozenset())
    if left != right:
        kind: Literal["added", "removed", "changed"] = "changed"
        if not left or not right:
            kind = "removed" if left else "added"
        yield DataChange(name, kind, tuple(sorted(left)), tuple(sorted(right)), files)


def _held(runs: Sequence[Run], kind: str) -> Held:
    found: dict[str, set[str]] = {}
    for run in runs:
        for fact in run.lineage:
            if fact.kind == kind:
                found.setdefault(data_name(fact), set()).add(fact.digest or "no digest")
    return {name: frozenset(digests) for name, digests in found.items()}


def data_name(fact: Lineage) -> str:
    """What a data set is called: with what it was used for, where that was logged."""
    return f"{fact.name} ({fact.version})" if fact.version else fact.name


# ---- hardware ------------------------------------------------------------------------------------

_MACHINE = ("python", "system", "os", "platform", "cuda", "cudnn", "driver", "container")


def _hardware(before: Sequence[Run], after: Sequence[Run]) -> tuple[HardwareChange, ...]:
    one, other = _held_hardware(before), _held_hardware(after)
    if not one or not other:
        return ()
    found = []
    for label in sorted(one.keys() | other.keys()):
        left, right = one.get(label, frozenset()), other.get(label, frozenset())
        # of a side that does not say it, nobody knows
        if left and right and left != right:
            found.append(HardwareChange(label, tuple(sorted(left)), tuple(sorted(right))))
    return tuple(found)


def _held_hardware(runs: Sequence[Run]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for run in runs:
        for origin in origins(run):
            if origin.topic == "hardware" or (
                origin.topic == "environment" and origin.label in _MACHINE
            ):
                found.setdefault(origin.label, set()).add(origin.text)
    return {label: frozenset(texts) for label, texts in found.items()}
