"""Git repositories that sections ask about the commits of runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from runreport.kinds import CodeHistory, Context
from runreport.sections import steps
from runreport.sources import gitchanges
from runreport.sources.dvc.gitdir import GitDir


def read(base: Path, named: Collection[str], context: Context) -> Mapping[str, CodeHistory]:
    """What lies between the commits of the sides that a report compares.

    Args:
        base: folder that relative names start at.
        named: repositories as written.
        context: the report.
    """
    if not named:
        return {}
    pairs = {pair for step in steps.steps(context) if (pair := step.commits) is not None}
    return {name: gitchanges.read(base / name, pairs) for name in sorted(named)}


def places(base: Path, named: Collection[str]) -> list[GitDir]:
    """Those that are there, by name."""
    found = (gitchanges.find(base / name) for name in sorted(named))
    return [place for place in found if place is not None]
