"""Folders that DVCLive writes: `metrics.json`, and tables of points in `plots/metrics`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runreport.sources.complaints import Complaints
from runreport.sources.dvc.cache import PULL, AbsentError
from runreport.sources.dvc.contents import Contents
from runreport.sources.dvc.projectfiles import UnreadError

POINTS = ("plots/metrics", "plots/scalars", "scalars")
"""Below DVCLive's folder, the newest place first."""
_ENDS = (".tsv", ".csv")


@dataclass(frozen=True, slots=True)
class Live:
    """One folder of DVCLive's."""

    folder: str
    """Empty for the project's own."""
    summary: str
    """The file of last values."""
    curves: Mapping[str, str]
    """File to the metric that was logged."""

    def inside(self, name: str) -> str:
        """A name below the folder."""
        return f"{self.folder}/{name}" if self.folder else name


def live_folders(contents: Contents, told: Complaints) -> tuple[Live, ...]:
    """DVCLive's folders of a project: those that `dvc.yaml` names, or all where it names none."""
    project = contents.project
    named = dict.fromkeys(project.metrics)
    for path in project.plots:
        for place in POINTS:
            if path == place or path.endswith(f"/{place}"):
                named[_join(path[: -len(place)].rstrip("/"), "metrics.json")] = None
    documents = [name for name in contents.files.documents() if name.endswith(".json")]
    found: dict[str, Live] = {}
    for file in [*named, *(() if project.metrics else documents)]:
        folder, _, base = file.rpartition("/")
        if base == "dvclive.json":
            folder = _join(folder, "dvclive")
        elif base != "metrics.json":
            continue
        points = _points(contents, folder, told)
        ours = points or folder.rpartition("/")[2] == "dvclive" or base == "dvclive.json"
        # elsewhere these two names are any project's own
        alone = file in documents and not project.documents
        if ours or (alone and contents.files.has(_join(folder, "params.yaml"))):
            found.setdefault(folder, Live(folder, file, points))
            # what was logged to it is a param, whether or not `dvc.yaml` names the file
            if contents.has(_join(folder, "params.yaml")):
                project.take_params(_join(folder, "params.yaml"))
    return tuple(found.values())


def _points(contents: Contents, folder: str, told: Complaints) -> dict[str, str]:
    found: dict[str, str] = {}
    for place in POINTS:
        inside = _join(folder, place)
        try:
            names = contents.below(inside)
        except UnreadError as error:
            hint = PULL if isinstance(error, AbsentError) else None
            told.add("RR371", inside, f"its points cannot be read: {error}", hint=hint)
            continue
        for name in names:
            if name.endswith(_ENDS) and name.startswith(f"{inside}/"):
                found.setdefault(name, name[len(inside) + 1 : -4])
    if not found and folder.rpartition("/")[2] == "dvclive":
        # its first versions put the tables into the folder itself
        for name in contents.files.below(folder):
            base = name[len(folder) + 1 :]
            if "/" not in base and base.endswith(".tsv"):
                found[name] = base[:-4]
    return found


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
