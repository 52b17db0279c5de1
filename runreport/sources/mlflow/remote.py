"""The artifacts of a run as a tracking server lists them: names and sizes, nothing is fetched."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runreport.sources.json_server import JsonServer, Refused
from runreport.sources.listing import artifact_kind
from runreport.sources.mlflow.answers import Unfit, integer, items, text
from runreport.sources.mlflow.paging import pages_or_refusal
from runreport.tables import Artifact

LIST = "/api/2.0/mlflow/artifacts/list"
DEPTH = 10
FOLDERS = 100
"""Of one run: each costs a request."""
ATTEMPTS = 2
"""Of one listing: a server that cannot reach its artifacts fails for every run."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The artifacts of one run."""

    artifacts: tuple[Artifact, ...] = ()
    is_cut: bool = False
    """Whether there are more than are listed."""


def list_artifacts(server: JsonServer, run_id: str, most: int) -> Listing | Refused:
    """The files of a run, folder by folder, or why the server does not list them.

    Args:
        server: where the run is.
        run_id: MLflow's own.
        most: files that are listed.

    Raises:
        SourceError: as `JsonServer.ask` does; RR334 for a listing without end.
        Unfit: an answer is no listing.
    """
    found: dict[str, Artifact] = {}
    folders, known, is_cut = deque([""]), {""}, False
    while folders and len(found) <= most:
        folder = folders.popleft()
        query = {"run_id": run_id, **({"path": folder} if folder else {})}
        for page in pages_or_refusal(server, LIST, query, attempts=ATTEMPTS, beside=True):
            if isinstance(page, Refused):
                return page
            for item in items(page, "files"):
                path = _path_in(item, folder)
                if item.get("is_dir") is not True:
                    size = integer(item, "file_size")
                    found[path] = Artifact(path, artifact_kind(path), size, None, None)
                elif path not in known and len(known) < FOLDERS and path.count("/") < DEPTH:
                    known.add(path)
                    folders.append(path)
                else:
                    is_cut = True
            # before the next large page is asked for
            del page
            if len(found) > most:
                break
    listed = tuple(found[path] for path in sorted(found)[:most])
    return Listing(listed, is_cut or len(found) > most)


def _path_in(item: Mapping[str, Any], folder: str) -> str:
    """The path of an entry, which must lie in the folder that was asked for."""
    path = text(item, "path")
    inside = path.removeprefix(f"{folder}/") if folder else path
    if (folder and inside == path) or not inside or ".." in path.split("/") or path[0] == "/":
        raise Unfit("an artifact's path leads out of its folder")
    return path
