"""Whether two groups can be compared at all: what was logged of their data, metric, code and more.

A difference in the data that values were measured on withholds the verdict. What nobody logged is
not known to be the same, and is never called so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from runreport import formats
from runreport.design import Design, Metric
from runreport.samples import Group
from runreport.sections import charting, variation
from runreport.sections.checks import (
    CHECKS,
    EFFECTS,
    CheckName,
    Effect,
    Key,
    Known,
    Seen,
    is_asked,
    seen,
)
from runreport.stats.findings import Finding

State = Literal["same", "lacking", "partly", "unknown", "differs"]
"""`lacking`: the same where it was logged, which it was not for every run; `partly`: some values in
common, not all."""

_GRAVITY: tuple[State, ...] = ("same", "lacking", "partly", "unknown", "differs")

LISTED = 4
"""Values or groups written out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check says of two groups."""

    check: CheckName
    state: State
    effect: Effect
    """Of a difference."""
    words: str
    """A sentence; empty where the two are the same."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What is known of two groups."""

    withheld: str
    """Why no verdict can be given, as a sentence; empty when one can."""
    findings: tuple[Finding, ...]
    """What qualifies the verdict of these two."""
    outcomes: tuple[Outcome, ...]
    """Of every check asked for, in reading order."""


def between(
    first: Group,
    second: Group,
    metric: Metric | None,
    design: Design,
    checks: Iterable[CheckName] = tuple(CHECKS),
) -> Audit:
    """The audit of two groups.

    Args:
        first: baseline or not.
        second: the other.
        metric: whose values are compared; where its name says on which data (`test_accuracy`), the
            other evaluation data matter less. None is any.
        design: columns that tell replicates apart are no differences, and those that groups are
            made by are the question.
        checks: those asked for.
    """
    sides = (seen(first, design), seen(second, design))
    outcomes = tuple(_outcome(check, sides, metric, design) for check in checks)
    apart = [outcome for outcome in outcomes if outcome.state == "differs"]
    withheld = next((o.words for o in apart if o.effect == "withholds"), "")
    told = tuple(
        Finding("NOT_COMPARABLE", outcome.words)
        for outcome in apart
        if outcome.check in ABOUT_VALUES and outcome.effect != "withholds"
    )
    return Audit(withheld, told, outcomes)


ABOUT_VALUES: tuple[CheckName, ...] = (
    "evaluation_data",
    "split",
    "metric_definition",
    "items",
    "training_data",
)
"""Said pair by pair; what is about whole groups is said once, over all of them."""


def overall(groups: Sequence[Group], metric: Metric, design: Design) -> tuple[Finding, ...]:
    """What groups differ in that is said once for all of them: budget as set, and code."""
    known = [seen(group, design) for group in groups]
    found = []
    # where last steps differ, they say more than what was set
    if design.budget_of(metric.name) is None:
        for label, said in _spread("budget", groups, known):
            if not is_asked(label, design):
                words = f"Groups were given different budgets: {label} is {said}."
                found.append(Finding("UNEQUAL_BUDGET", words))
    for label, said in _spread("code", groups, known):
        if not is_asked(label, design):
            words = f"Groups were run from different code: {label} {said}."
            found.append(Finding("NOT_COMPARABLE", words))
    for label, said in _spread("uncommitted", groups, known):
        words = f"The code of some groups was not committed: {label}, {said}."
        found.append(Finding("NOT_COMPARABLE", words))
    return tuple(found)


# ---- two groups ----------------------------------------------------------------------------------


def _outcome(
    check: CheckName,
    sides: tuple[Known, Known],
    metric: Metric | None,
    design: Design,
) -> Outcome:
    left, right = sides[0].get(check, {}), sides[1].get(check, {})
    keys = sorted({*left, *right})
    title, effect = CHECKS[check].title, CHECKS[check].effect
    if not keys:
        return Outcome(
            check, "unknown", effect, f"{charting.capital(title)} not logged for either."
        )
    whole = left == right and not any(held.lacking for held in left.values())
    if whole and check != "code":
        return Outcome(check, "same", effect, "")
    states = {key: _state(left.get(key), right.get(key)) for key in keys}
    if check == "evaluation_data" and "unknown" in states.values():
        mine, theirs = (_levels(side, keys) for side in (left, right))
        if mine and theirs and not mine & theirs and {*states.values()} == {"unknown"}:
            return Outcome(check, "differs", "qualifies", _renamed_words(keys, left, right))
        if mine == theirs:
            # under another name, the same data
            states = {key: "partly" if s == "unknown" else s for key, s in states.items()}
    worst = max(states.values(), key=_GRAVITY.index)
    if check == "code" and worst != "differs" and _dirty(sides):
        said = "The code had uncommitted changes, so a commit does not say what ran."
        return Outcome(check, "unknown", effect, said)
    apart = [key for key in keys if states[key] == worst]
    if worst != "differs":
        return Outcome(check, worst, effect, _less_words(worst, apart, left, right))
    # the gravest difference speaks
    effects = {key: _effect(key, states, metric, design) for key in apart}
    chosen = min(apart, key=lambda key: EFFECTS.index(effects[key]))
    others = [key for key in keys if key[2] and key[:2] == chosen[:2]]
    effect, several = effects[chosen], len(others) > 1
    if several and any(states[key] != "differs" for key in others):
        # on some of several data sets: the others can still be compared
        effect = "qualifies" if effect == "withholds" else effect
    return Outcome(check, "differs", effect, _differ_words(chosen, left[chosen], right[chosen]))


def _state(left: Seen | None, right: Seen | None) -> State:
    if left is None or right is None:
        return "unknown"
    if not left.levels & right.levels:
        return "differs"
    if left.levels != right.levels:
        return "partly"
    return "lacking" if left.lacking or right.lacking else "same"


def _levels(side: Mapping[Key, Seen], keys: Iterable[Key]) -> set[float | str]:
    return {level for key in keys if key in side for level in side[key].levels}


def _dirty(sides: Iterable[Known]) -> bool:
    """Whether some run's code was in no commit."""
    return any(
        text.strip().lower() in ("yes", "true", "1")
        for side in sides
        for held in side.get("uncommitted", {}).values()
        for text in held.texts
    )


def _effect(key: Key, states: Mapping[Key, State], metric: Metric | None, design: Design) -> Effect:
    check, label, task = key
    effect = CHECKS[check].effect
    if effect == "withholds" and is_asked(label, design):
        return "qualifies"
    if is_asked(label, design):
        return "said"
    if check == "evaluation_data" and metric is not None:
        own = _purpose(metric.name)
        same = (f"{name} data" for name in _SAME.get(own, ()))
        measured = any(states.get((check, of, task)) == "same" for of in same)
        if own and measured and _purpose(label) not in ("", own):
            return "said"
    return effect


_SAME: Mapping[str, tuple[str, ...]] = {
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "holdout"),
}


def _purpose(name: str) -> str:
    """Which evaluation data a name speaks of; empty when it does not say."""
    parts = set(re.split(r"[^a-z]+", name.lower()))
    found = [purpose for purpose, forms in _SAME.items() if parts & set(forms)]
    return found[0] if len(found) == 1 else ""


# ---- words ---------------------------------------------------------------------------------------


def _differ_words(key: Key, left: Seen, right: Seen) -> str:
    check, label, task = key
    values = " and ".join(_values(side) for side in (left, right))
    where = f" on {charting.fit(task, 40)}" if task else ""
    name = charting.fit(label, 40)
    if check in ("evaluation_data", "training_data") and label.startswith("data set "):
        name = f"data set {charting.fit(label.removeprefix('data set '), 40)}"
    several = name.endswith(" data") or _PLURAL.fullmatch(name) is not None
    verb = "differ" if several else "differs"
    noun = "digests " if name.endswith(" data") or name.startswith("data set ") else ""
    rest = ", so values say little" if CHECKS[check].effect == "withholds" else ""
    return f"The {name} of the two {verb}{where} ({noun}{values}){rest}."


_PLURAL = re.compile(
    r".*(epochs|steps|timesteps|iters|iterations|updates|rounds|hours|gpus|changes)", re.IGNORECASE
)
"""Labels of which one has several."""


def _renamed_words(keys: Sequence[Key], left: Mapping[Key, Seen], right: Mapping[Key, Seen]) -> str:
    """Of data that the two know by other names."""
    sides = (
        charting.named(sorted({key[1].removeprefix("data set ") for key in keys if key in side}), 2)
        for side in (left, right)
    )
    return (
        f"The data logged by the two have other names ({' and '.join(sides)}) and no digest in "
        "common."
    )


def _less_words(
    state: State, keys: Sequence[Key], left: Mapping[Key, Seen], right: Mapping[Key, Seen]
) -> str:
    """Of what is not known to be the same."""
    if state == "same":
        return ""
    label = charting.capital(charting.fit(keys[0][1], 40))
    if state == "unknown":
        side = "the first" if keys[0] in left else "the second"
        return f"{label} logged for {side} only."
    if state == "lacking":
        lacking = sum(side[keys[0]].lacking for side in (left, right))
        return f"{label} not logged for {formats.count(lacking, 'run')}."
    return f"{label}: the two have some values in common, not all."


def _values(held: Seen) -> str:
    """`a1b2`, or `a1b2, c3d4 and 2 more`."""
    shown = [variation.brief(text, 30) for text in sorted(held.texts, key=charting.natural)]
    more = f" and {len(shown) - 2} more" if len(shown) > 2 else ""
    return f"{', '.join(shown[:2])}{more}"


# ---- all groups ----------------------------------------------------------------------------------


def couples(groups: Sequence[Group], most: int) -> list[tuple[Group, Group]]:
    """All pairs of at most so many groups; of more, the baseline, or the first, with each other."""
    if len(groups) <= most:
        return list(combinations(groups, 2))
    base = next((group for group in groups if group.is_baseline), groups[0])
    return [(base, group) for group in groups if group is not base]


def labels_of(check: CheckName, known: Iterable[Known]) -> list[str]:
    """Of what any group logged for a check."""
    return sorted({key[1] for held in known for key in held.get(check, {})})


def together(check: CheckName, label: str, known: Known) -> Seen | None:
    """What a group logged of one thing, its data sets or tasks together; None for nothing."""
    own = [held for key, held in known.get(check, {}).items() if key[1] == label]
    if not own:
        return None
    return Seen(
        tuple(dict.fromkeys(text for held in own for text in held.texts)),
        frozenset(level for held in own for level in held.levels),
        sum(held.lacking for held in own),
    )


def is_apart(held: Iterable[Seen]) -> bool:
    """Whether two of them have nothing in common."""
    distinct = dict.fromkeys(own.levels for own in held)
    return any(one.isdisjoint(other) for one, other in combinations(distinct, 2))


def _spread(
    check: CheckName, groups: Sequence[Group], known: Sequence[Known]
) -> Iterator[tuple[str, str]]:
    """What groups have nothing in common in, and what each has."""
    for label in labels_of(check, known):
        if said := _spread_words(check, label, groups, known):
            yield label, said


def _spread_words(
    check: CheckName, label: str, groups: Sequence[Group], known: Sequence[Known]
) -> str:
    """`10 in A and B; 20 in C`, where two groups have nothing in common; else nothing."""
    held = [
        (group, own)
        for group, facts in zip(groups, known, strict=True)
        if (own := together(check, label, facts)) is not None
    ]
    if not is_apart(own for _, own in held):
        return ""
    by_text: dict[str, list[str]] = {}
    for group, own in held:
        by_text.setdefault(_values(own), []).append(group.label)
    parts = [
        f"{text} in {charting.named(labels, 3)}" for text, labels in list(by_text.items())[:LISTED]
    ]
    more = f"; and {len(by_text) - LISTED} more values" if len(by_text) > LISTED else ""
    return f"{'; '.join(parts)}{more}"
