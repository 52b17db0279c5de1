"""What an author may write beside `dvc: LOCATION`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Which runs of a project are read."""

    location: str
    """Folder of the project: a Git repository, a folder with `dvc.yaml`, or one with DVCLive's."""
    revs: tuple[str, ...] = ()
    """Branches, tags and commits that are runs too: names, patterns such as `v*`, `HEAD`, `main~1`,
    commit ids."""
    experiments: tuple[str, ...] = ("*",)
    """Experiments to read, by name or pattern; an empty list reads none."""
    workspace: bool = True
    """Whether the files as they lie in the folder are a run."""
    folder: str = ""
    """Folder of the project in the repository, when it is not its top."""
    cache: str = ""
    """DVC's cache, when it is not in the project: the folder that holds `files/md5`."""
