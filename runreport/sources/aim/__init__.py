"""Runs of an Aim repository, read through Aim's own package (`runreport[aim]`).

    - {aim: .}
    - {aim: project/.aim}

A run is a run, known by its hash, with the experiment, name and tags that Aim shows. Attributes are
params, nested keys joined by `.`; what Aim notes of the system is lineage. A metric tracked with a
context has it in its name: `acc subset=val`. Aim keeps one value per step, so that a step tracked
twice has the last one. A run that was not closed is running, as Aim says too; how a closed one
ended is not recorded. Archived runs are left out. Texts, images, distributions and terminal logs
are not read. Nothing in the repository is changed, upgraded or indexed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext
from runreport.sources.looking import below, counted

__all__ = ["SOURCE", "Options"]

FOLDER, DATABASE = ".aim", "run_metadata.sqlite"


@dataclass(frozen=True, slots=True)
class Options:
    """What an entry may say."""

    location: str
    """The folder that holds `.aim`, or `.aim` itself."""


def open_repository(options: Options, context: SourceContext) -> Reader:
    """As `store.open_repository`, loaded where a report has one."""
    from runreport.sources.aim.store import open_repository as opened

    return opened(options, context)


def detect(path: Path) -> Found | None:
    """Whether a folder is a repository, or holds one."""
    inside = path if path.name == FOLDER else path / FOLDER
    chunks = inside / "meta" / "chunks"
    if not (inside / DATABASE).is_file() or not chunks.is_dir():
        return None
    summary = f"Aim repository with {counted(len(below(chunks)), 'run')}"
    return Found("aim", {"aim": "."}, summary)


SOURCE = Source(name="aim", options=Options, open=open_repository, detect=detect)
