"""What an experiment changed: only what DVC's own files name, or code too."""

from __future__ import annotations

from runreport.sources.dvc.objects import FOLDER, MissingObjectError, Objects
from runreport.sources.dvc.project import Project
from runreport.sources.dvc.projectfiles import DOCUMENT, CommitFiles

MOST_CHANGES = 10_000
MAX_DEPTH = 50


def code_commit(files: CommitFiles, project: Project, baseline: str) -> str:
    """The commit whose code a run used: its baseline, where nothing but DVC's files changed.

    Every experiment is a commit, so that their own ids differ even where only a param does.
    """
    objects = files.objects
    try:
        before = objects.commit(baseline).tree
        changed = _changes(objects, before, files.top)
    except MissingObjectError:
        return files.commit
    named = {*project.params, *project.locked, *project.metrics, *project.plots}
    named.update(out.path for out in project.outputs())
    named.update(path.rpartition("/")[0] for path in project.metrics if "metrics.json" in path)
    start = f"{files.prefix}/" if files.prefix else ""
    for whole in changed:
        if not whole.startswith(start):
            return files.commit
        name = whole[len(start) :]
        above = name.split("/")
        paths = {"/".join(above[:depth]) for depth in range(1, len(above) + 1)}
        ours = paths & named or DOCUMENT.fullmatch(name) or above[0] in (".dvc", "dvclive")
        if not ours and above[-1] not in (".gitignore", ".dvcignore"):
            return files.commit
    return baseline


def _changes(objects: Objects, before: str, after: str) -> list[str]:
    """Names of files that two trees do not share.

    Raises:
        MissingObjectError: a part is not there, or too much changed.
    """
    found: list[str] = []
    waiting = [("", before, after, 0)]
    while waiting:
        prefix, one, other, depth = waiting.pop()
        left = objects.tree(one) if one else {}
        right = objects.tree(other) if other else {}
        for name in left.keys() | right.keys():
            old, new = left.get(name), right.get(name)
            if old == new:
                continue
            folders = [e[1] if e is not None and e[0] == FOLDER else "" for e in (old, new)]
            if any(e is not None and e[0] != FOLDER for e in (old, new)):
                found.append(prefix + name)
            if any(folders):
                waiting.append((f"{prefix}{name}/", folders[0], folders[1], depth + 1))
        if len(found) > MOST_CHANGES or depth > MAX_DEPTH:
            raise MissingObjectError("too much changed")
    return found
