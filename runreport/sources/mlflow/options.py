"""What an author may write about an MLflow source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`- {mlflow: LOCATION, experiments: [digits]}`."""

    location: str
    """`sqlite:///runs.db`, a database file, a folder (`mlruns`), or `http(s)://server`."""
    experiments: tuple[str, ...] = ()
    """Names, ids or patterns (`digits-*`) of the experiments to read; all when empty."""
    artifact_root: str | None = None
    """A local folder that artifacts may be read from, besides the store's own folder."""
    deadline: float | None = None
    """Seconds that reading a server may take in all; two minutes when nothing is said."""
