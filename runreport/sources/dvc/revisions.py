"""Which commits are runs: experiments, failed tasks, and what the spec's `revs` names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.sources.dvc.gitdir import Experiment, GitDir
from runreport.sources.dvc.objects import MissingObjectError, Objects

_STEPS = re.compile(r"(?P<start>.+?)(?P<steps>(?:[~^]\d{0,6}){1,20})", re.S)
_ABBREVIATED = re.compile(r"[0-9a-f]{4,64}")
_GLOB = re.compile(r"[*?\[]")
HEADS, TAGS, REMOTES = "refs/heads/", "refs/tags/", "refs/remotes/"


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that is a run."""

    commit: str
    name: str
    experiment: Experiment | None = None
    failed: bool = False
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Of the commit."""


@dataclass(eq=False)
class Chosen:
    """The runs of a repository."""

    revisions: list[Revision] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def choose(
    git: GitDir, objects: Objects, revs: Sequence[str], experiments: Sequence[str]
) -> Chosen:
    """The commits to read, each once: what `revs` names first, then experiments by baseline.

    Raises:
        SourceError: RR377 when git is not installed.
    """
    chosen = Chosen()
    named: dict[str, str] = {}
    for pattern in revs:
        found = list(_matching(git, objects, pattern))
        for commit, name in found:
            named.setdefault(commit, name)
        if not found:
            shown = clean_text(pattern)[:80]
            message = f"no branch, tag or commit of the repository is {shown!r}"
            hint = _similar(git)
            chosen.problems.append(Problem("RR370", message, None, hint, "warning", "revs"))
    tags, branches = _by_commit(git, objects, TAGS), _by_commit(git, objects, HEADS)
    committed = {e.commit: e for e in git.experiments if _wanted(e.name, experiments)}
    for commit, name in named.items():
        chosen.revisions.append(
            Revision(
                commit, name, committed.pop(commit, None), False,
                branches.get(commit, ()), tags.get(commit, ()),
            )
        )  # fmt: skip
    for commit, experiment in committed.items():
        own = branches.get(commit, ()), tags.get(commit, ())
        chosen.revisions.append(Revision(commit, experiment.name, experiment, False, *own))
    known = {revision.commit for revision in chosen.revisions}
    for task in dict.fromkeys(git.failed):
        if _wanted(task.name, experiments) and task.commit not in known:
            known.add(task.commit)
            chosen.revisions.append(Revision(task.commit, task.name, task, failed=True))
    note = _left_out(git, chosen, len(named))
    if note is not None:
        chosen.problems.append(note)
    return chosen


def tags_of(git: GitDir, objects: Objects, commit: str | None) -> tuple[str, ...]:
    """The tags that stand at a commit."""
    return _by_commit(git, objects, TAGS).get(commit or "", ())


def _wanted(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _matching(git: GitDir, objects: Objects, pattern: str) -> Iterator[tuple[str, str]]:
    """Commits that a name or pattern of `revs` means, with the name each has there."""
    if pattern in ("HEAD", "@"):
        if git.head[1]:
            yield git.head[1], (git.head[0] or "HEAD").removeprefix(HEADS)
        return
    hit = False
    for ref, target in git.refs.items():
        short = _short(ref)
        if short is None:
            continue
        same = pattern in (ref, short) or (_GLOB.search(pattern) and fnmatchcase(short, pattern))
        commit = _commit(objects, target) if same else None
        if commit is not None:
            hit = True
            yield commit, short
    if hit:
        return
    if _ABBREVIATED.fullmatch(pattern):
        if commit := _commit(objects, pattern):
            yield commit, commit[:7]
        return
    steps = _STEPS.fullmatch(pattern)
    if steps:
        for start, _ in _matching(git, objects, steps["start"]):
            if commit := _commit(objects, start + steps["steps"]):
                yield commit, pattern


def _short(ref: str) -> str | None:
    """A branch or tag as people write it; None for other refs."""
    for start in (HEADS, TAGS, REMOTES):
        if ref.startswith(start) and not ref.endswith("/HEAD"):
            return ref[len(start) :]
    return None


def _commit(objects: Objects, name: str) -> str | None:
    try:
        found, kind, _ = objects.about(f"{name}^{{commit}}")
    except MissingObjectError:
        return None
    return found if kind == "commit" else None


def _by_commit(git: GitDir, objects: Objects, start: str) -> Mapping[str, tuple[str, ...]]:
    """Branches or tags, by the commit they stand at."""
    found: dict[str, list[str]] = {}
    for ref, target in git.refs.items():
        if ref.startswith(start):
            commit = target if start == HEADS else _commit(objects, target)
            if commit is not None:
                found.setdefault(commit, []).append(ref[len(start) :])
    return {commit: tuple(names) for commit, names in found.items()}


def _similar(git: GitDir) -> str | None:
    names = [short for ref in git.refs if (short := _short(ref)) is not None]
    if not names:
        return None
    shown = ", ".join(clean_text(name)[:40] for name in names[:8])
    return f"there are {shown}" + (" and others" if len(names) > 8 else "")


def _left_out(git: GitDir, chosen: Chosen, named: int) -> Problem | None:
    """What the repository holds besides, in one note."""
    taken = {revision.commit for revision in chosen.revisions}
    parts = []
    if queued := len(git.queued):
        parts.append(_count(queued, "experiment") + " waiting in the queue")
    if others := sum(e.commit not in taken for e in git.experiments):
        parts.append(_count(others, "experiment") + " by `experiments`")
    if not named:
        branches = sum(ref.startswith(HEADS) for ref in git.refs)
        tags = sum(ref.startswith(TAGS) for ref in git.refs)
        parts += [_count(n, what) for n, what in ((branches, "branch"), (tags, "tag")) if n]
    if not parts:
        return None
    message = f"not read as runs: {', '.join(parts)}"
    hint = 'name them, such as `revs: [main, "v*"]`' if not named else None
    return Problem("RR379", message, None, hint, "note", "refs")


def _count(number: int, what: str) -> str:
    many = "branches" if what == "branch" else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"
