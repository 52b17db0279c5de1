"""A run of a plain file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runreport.sources.loaded import LoadedRun


@dataclass(frozen=True, eq=False)
class FileRun(LoadedRun):
    """One run of one file."""

    file: str = ""
    place: int = 0
    """How many runs of the same file come before it."""
    whole: bool = True
    """False when `metrics` was emptied and the file is read again for points."""

    def slim(self) -> FileRun:
        """The same without its points."""
        return replace(self, metrics={}, whole=False)
