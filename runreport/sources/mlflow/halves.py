"""Series read by two processes: the points of the second half come back through a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from runreport.beside import beside
from runreport.sources.mlflow.points import Floats, Ints

WORTH = 200_000
"""Points from which on a second process pays."""

NameT = TypeVar("NameT")
RestT = TypeVar("RestT")
Columns = tuple[Floats, Ints, Floats]
"""Step, milliseconds, value."""
_WIDTH = 24
"""Bytes of a point."""


def in_two(
    first: Iterator[tuple[NameT, Columns]],
    second: Callable[[], Iterator[tuple[NameT, Columns]]],
    ended: Callable[[], RestT],
    take: Callable[[RestT], None],
) -> Iterator[tuple[NameT, Columns]]:
    """All series, those of the first half first.

    Args:
        first: series that are read here.
        second: makes the series that another process reads.
        ended: asked there when it has read them: what it has to say besides. Picklable, as names.
        take: is told that here, unless it happened here: where a process cannot be copied.
    """
    with tempfile.TemporaryFile() as file:

        def rest() -> tuple[list[tuple[NameT, int]], RestT, int]:
            names = []
            for name, columns in second():
                for part in columns:
                    file.write(np.ascontiguousarray(part).data)
                names.append((name, len(columns[0])))
            file.flush()
            return names, ended(), os.getpid()

        with beside(rest) as other:
            yield from first
            names, said, process = other()
        if process != os.getpid():
            take(said)
        place = 0
        for name, count in names:
            data = os.pread(file.fileno(), count * _WIDTH, place)
            place += len(data)
            yield (
                name,
                (
                    np.frombuffer(data, np.float64, count, 0),
                    np.frombuffer(data, np.int64, count, 8 * count),
                    np.frombuffer(data, np.float64, count, 16 * count),
                ),
            )
