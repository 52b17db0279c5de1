"""The starts of many small files, read together before each is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from runreport.sources.tensorboard.batches import Batch
from runreport.sources.tensorboard.eventfile import EventFile
from runreport.sources.trees import open_file

MOST_FILES = 512
"""Held at once, however small they are."""


@dataclass(eq=False)
class Ahead:
    """Files that were begun."""

    batch: Batch = field(default_factory=Batch)
    _begun: dict[tuple[Path, int], EventFile] = field(default_factory=dict, init=False)

    def begin(self, files: Iterable[tuple[Path, int, int]]) -> int:
        """Read files from a place on, as far as they fit in; how many were begun.

        Args:
            files: path, place, and size as far as it is known.
        """
        self._begun.clear()
        count = 0
        for path, place, size in files:
            if count and (size - place > self.batch.room or count >= MOST_FILES):
                break
            count += 1
            try:
                descriptor = open_file(path)
            except OSError:
                # whoever asks for it is told why
                continue
            try:
                file = EventFile(os.fstat(descriptor).st_size, place)
                file.begin(descriptor, self.batch)
            except OSError:
                continue
            finally:
                os.close(descriptor)
            self._begun[path, place] = file
        self.batch.flush()
        return count

    def has(self, path: Path, place: int) -> bool:
        """Whether a file was begun at a place."""
        return (path, place) in self._begun

    def take(self, path: Path, place: int) -> EventFile | None:
        """A file that was begun at a place, once."""
        return self._begun.pop((path, place), None)
