"""What the author may write about plain files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = Literal["auto", "runs", "history"]


@dataclass(frozen=True, slots=True)
class Options:
    """The entry `- {files: LOCATION, ...}` of a spec."""

    location: str
    """A file, a folder (read with the folders below it), or a pattern such as `runs/*/log.csv`."""
    shape: Shape = "auto"
    """`runs`: a row, or a document that is one object, is a run. `history`: rows are steps of the
    run that the file, or the id column, names. `auto` decides file by file and says so."""
    id: str | None = None
    """Column that names each run, unique where a row is a run."""
    name: str | None = None
    """Column shown as the run's name."""
    params: tuple[str, ...] = ()
    """Columns that are inputs; `*` matches any text. Columns not named are sorted by rule."""
    metrics: tuple[str, ...] = ()
    """Columns that are outcomes."""
    tags: tuple[str, ...] = ()
    """Columns that are labels."""
    ignore: tuple[str, ...] = ()
    """Columns that are not read."""
    step: str | None = None
    """Column of the step in a history; by default `step`, `epoch`, ..., else the row's place."""
    time: str | None = None
    """Column of the wall time in a history: ISO 8601 or seconds since 1970."""
    status: str | None = None
    """Column that says how a run ended; without one the status is unknown."""
    started: str | None = None
    """Column of the start time."""
    ended: str | None = None
    """Column of the end time."""
    experiment: str | None = None
    """Column that names the experiment; the location's name when there is none."""
    config: str | None = None
    """File beside each history that holds its params, e.g. `hparams.yaml` or `{stem}.json`."""
