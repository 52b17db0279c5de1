"""Git repositories that sections ask about the commits of runs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
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


def digests(base: Path, named: Collection[str]) -> Mapping[str, str]:
    """What each repository's refs name, as a digest: an input of the report."""
    found = {}
    for index, repository in enumerate(_there(base, named)):
        refs = repr((repository.head, *repository.refs.items()))
        found[f"repository/{index}"] = hashlib.sha256(refs.encode("utf-8", "replace")).hexdigest()
    return found


def places(base: Path, named: Collection[str]) -> list[Path]:
    """Files and folders of whose state that which is read of the repositories is a function."""
    found: list[Path] = []
    for repository in _there(base, named):
        # a commit that was not there may come with a pack
        packs = repository.objects / "pack"
        found += [*repository.files(), *repository.folders(), repository.objects, packs]
    return found


def _there(base: Path, named: Collection[str]) -> Iterator[GitDir]:
    for name in sorted(named):
        if (found := gitchanges.find(base / name)) is not None:
            yield found
