"""GTO's tags: which version of a model a commit is, and the stages it was given."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runreport.tables import Lineage

_NAME = r"(?:[\w./-]+=)?[A-Za-z0-9](?:[\w/-]*[A-Za-z0-9])?"
_TAG = re.compile(
    rf"(?P<name>{_NAME})(?:@(?P<version>v\d+\.\d+\.\d+[\w.+-]*)|#(?P<stage>[A-Za-z0-9][\w/-]*))"
    r"(?P<cancel>!?)(?:#(?P<count>\d{1,9}))?",
    re.A,
)


def models(tags: Iterable[str]) -> tuple[Lineage, ...]:
    """What the tags of one commit say of models: `name` with its version, `name#stage`.

    A tag with `!` takes an earlier one of its kind back.
    """
    versions: dict[tuple[str, str], tuple[int, bool]] = {}
    stages: dict[tuple[str, str], tuple[int, bool]] = {}
    for tag in tags:
        match = _TAG.fullmatch(tag)
        if match is None:
            continue
        # a folder stands before `=`, since a tag may not hold `:`
        name = match["name"].replace("=", ":")
        where, what = (versions, match["version"]) if match["version"] else (stages, match["stage"])
        order, holds = int(match["count"] or 0), not match["cancel"]
        key = (name, what)
        # without a count the order is not told: taking back is what comes second
        if key not in where or (order, not holds) > (where[key][0], not where[key][1]):
            where[key] = (order, holds)
    found = [
        Lineage("model", name, version)
        for (name, version), (_, holds) in sorted(versions.items())
        if holds
    ]
    for (name, stage), (_, holds) in sorted(stages.items()):
        if holds:
            own = [fact.version for fact in found if fact.name == name]
            found.append(Lineage("model", f"{name}#{stage}", own[-1] if own else None))
    return tuple(found)
