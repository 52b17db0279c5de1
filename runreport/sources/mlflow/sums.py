"""Sums by which the points of a metric are known again: by numpy of what was read, by SQLite of
what is there now.

All of them are whole numbers below 2^53, so that both ways give the same. They notice rows that are
gone or came, and a change of a step, a time (but by a multiple of 1,000,003), a NaN or an infinity;
of a value by more than 1e-12 (by 1 from a million on); of a run's id in the characters that the
steps of its points pick. Changes that cancel each other in every sum are not noticed.
"""

from __future__ import annotations

import numpy as np

from runreport.sources.mlflow.columnar import Pass
from runreport.sources.mlflow.points import NO_TIME, Ints

_PRIME = 1_000_003
_FEW = 97
_CHARACTERS = 32
_FINE = float(2**40)
_SMALL, _LARGE = 1e6, 9e18


def sums_of(found: Pass) -> list[int] | None:
    """Sums of points that were read; None where they cannot be compared."""
    step, value = found.step, found.value
    if not (np.abs(step) < 2**53).all() or (step % 1).any():
        return None
    steps = np.abs(step).astype(np.int64)
    ms = np.abs(np.where(found.ms == NO_TIME, 0, found.ms))
    nan = np.isnan(value)
    large = np.abs(np.where(nan, 0, value)) >= _LARGE
    plain = np.abs(np.where(nan | large, 0, value))
    fine = np.where(plain < _SMALL, plain * _FINE, plain).astype(np.int64)
    signed = np.where(np.signbit(value) & ~nan, 1, 2)
    return [
        len(step),
        int((steps % _PRIME * (1 + (step < 0))).sum()),
        int((ms % _PRIME).sum()),
        int((fine % _PRIME * (1 + steps % _FEW) * signed).sum()),
        int(nan.sum() + 1000 * large.sum()),
        int((_letters(found, steps) * (1 + ms % _FEW)).sum()),
    ]


def query_of(step: str, is_nan: str) -> str:
    """The same as expressions over the rows of `metrics`."""
    nan = f"({is_nan} IS NOT 0 OR value IS NULL)"
    fine = (
        f"CAST(iif({nan} OR abs(value) >= {_LARGE!r}, 0, iif(abs(value) < {_SMALL!r},"
        f" abs(value) * {_FINE!r}, abs(value))) AS INTEGER)"
    )
    ms = "abs(coalesce(timestamp, 0))"
    letter = f"coalesce(unicode(substr(run_uuid, 1 + abs({step}) % {_CHARACTERS}, 1)), 0)"
    return ", ".join(
        [
            "count(*)",
            f"total(abs({step}) % {_PRIME} * (1 + ({step} < 0)))",
            f"total({ms} % {_PRIME})",
            f"total({fine} % {_PRIME} * (1 + abs({step}) % {_FEW})"
            f" * iif(value < 0 AND NOT {nan}, 1, 2))",
            f"total({nan} + 1000 * (NOT {nan} AND abs(value) >= {_LARGE!r}))",
            f"total({letter} * (1 + {ms} % {_FEW}))",
        ]
    )


def _letters(found: Pass, steps: Ints) -> Ints:
    """Of each point a character of its run's id."""
    table = np.zeros((max(1, len(found.names)), _CHARACTERS), np.int64)
    for place, name in enumerate(found.names):
        letters = [ord(letter) for letter in name[:_CHARACTERS]]
        table[place, : len(letters)] = letters
    return table[found.run, steps % _CHARACTERS]
