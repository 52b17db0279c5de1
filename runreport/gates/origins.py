"""Gates on where runs come from. What was not logged is not known to be right, so it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from runreport.gates.sides import Sides
from runreport.kinds import Ruling
from runreport.sections import charting, lineage
from runreport.spec.gates import LineageGate, Origin
from runreport.stats import words
from runreport.tables import Lineage, Run

NAMED = 3
"""Runs, commits or data sets that are named."""


def rulings(gate: LineageGate, sides: Sides) -> Iterator[Ruling]:
    """One ruling per condition, about all runs of the candidates and of their opponent."""
    groups = [*sides.candidates, *(() if sides.baseline is None else (sides.baseline,))]
    runs = [run for group in groups for run in group.runs]
    for origin in gate.lineage:
        if origin == "no_unknown":
            yield _no_unknown(sides, runs)
        else:
            passed, said = _CHECKS[origin](runs)
            yield Ruling("", passed, said, {"runs": len(runs), "asked": origin})


def _of(run: Run, kind: str) -> list[Lineage]:
    return [fact for fact in run.lineage if fact.kind == kind]


def _who(runs: Sequence[Run], of: int) -> str:
    names = charting.named([run.name or run.id for run in runs], NAMED)
    return f"{len(runs)} of {words.plural('run', of)} ({names})"


def _commit(runs: Sequence[Run]) -> tuple[bool, str]:
    without = [run for run in runs if not any(fact.digest for fact in _of(run, "code"))]
    if without:
        return False, f"No commit was logged for {_who(without, len(runs))}."
    return True, f"All {words.plural('run', len(runs))} name their commit."


def _clean(runs: Sequence[Run]) -> tuple[bool, str]:
    named, said = _commit(runs)
    if not named:
        return named, said
    dirty = [run for run in runs if any(fact.dirty for fact in _of(run, "code"))]
    if dirty:
        return False, f"Uncommitted changes in {_who(dirty, len(runs))}."
    silent = [run for run in runs if any(fact.dirty is None for fact in _of(run, "code"))]
    if silent:
        who = _who(silent, len(runs))
        return False, f"Whether there were uncommitted changes was not logged for {who}."
    return True, f"All {words.plural('run', len(runs))} come from clean commits."


def _same_commit(runs: Sequence[Run]) -> tuple[bool, str]:
    named, said = _commit(runs)
    if not named:
        return named, said
    found = sorted({fact.digest for run in runs for fact in _of(run, "code") if fact.digest})
    short = charting.named([digest[:10] for digest in found], NAMED)
    if len({frozenset(f.digest for f in _of(run, "code")) for run in runs}) > 1:
        return False, f"{words.plural('run', len(runs))} come from several commits: {short}."
    return True, f"All {words.plural('run', len(runs))} come from {short}."


def _same_data(runs: Sequence[Run]) -> tuple[bool, str]:
    without = [
        run
        for run in runs
        if not _of(run, "data") or any(not fact.digest for fact in _of(run, "data"))
    ]
    if without:
        return False, f"No digest of the data was logged for {_who(without, len(runs))}."
    held: dict[tuple[str, str], set[str]] = {}
    sets = set()
    for run in runs:
        facts = _of(run, "data")
        sets.add(frozenset((f.name, f.version, f.digest) for f in facts))
        for fact in facts:
            held.setdefault((fact.name, fact.version or ""), set()).add(str(fact.digest))
    names = sorted({name for name, _ in held})
    if len(sets) == 1:
        what = charting.named(names, NAMED)
        return True, f"All {words.plural('run', len(runs))} read the same data: {what}."
    changed = sorted({name for (name, _), digests in held.items() if len(digests) > 1})
    what = charting.named(changed or names, NAMED)
    if changed:
        return False, f"Runs read different contents of {what}."
    return False, f"Runs read different data: {what}."


_CHECKS: Mapping[Origin, Callable[[Sequence[Run]], tuple[bool, str]]] = {
    "commit": _commit,
    "clean_commit": _clean,
    "same_commit": _same_commit,
    "same_data": _same_data,
}


def _no_unknown(sides: Sides, runs: Sequence[Run]) -> Ruling:
    """By the list of the section `lineage`."""
    own = {run.id for run in runs}
    unknown = [
        (gap.what, sum(run.id in own for run in gap.runs))
        for gap in lineage.compute(sides.context, lineage.Options()).unknown
    ]
    lacking = [f"{what} ({count} of {len(runs)})" for what, count in unknown if count]
    facts = {"runs": len(runs), "asked": "no_unknown", "unknown": tuple(lacking)}
    if not lacking:
        return Ruling("", True, f"Nothing is unknown of {words.plural('run', len(runs))}.", facts)
    return Ruling("", False, f"Not known: {'; '.join(lacking)}.", facts)
