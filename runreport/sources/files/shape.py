"""Whether a file's rows are runs or the steps of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from runreport.sources.files import words
from runreport.sources.files.options import Options
from runreport.sources.files.sheets import Sheet

HEAD = 2_000
"""Rows that the decision is made on, so that it is the same for large files."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of one file are."""

    kind: Literal["runs", "history"]
    step: str | None = None
    """Of a history: its column of steps; None: rows count from 0."""
    id: str | None = None
    """Column that names the run of each row."""


def decide(sheet: Sheet, options: Options) -> Shape:
    """The shape of a file.

    One object is a run. Rows are steps when a column is called `step`, `epoch`, `iteration` (or is
    named by `step:`) and the rows are not already told apart by an id or a name, and most of them
    have a step of their own. All other rows are runs.
    """
    head = sheet.head(HEAD)
    if sheet.single or options.shape == "runs":
        return Shape("runs", None, row_id(sheet, options.id))
    step = column_of(head, options.step, words.STEPS)
    if options.shape == "history" or (step is not None and _is_history(head, step, options)):
        return Shape("history", step, _run_column(head, options.id))
    return Shape("runs", None, row_id(sheet, options.id))


def _is_history(head: Sheet, step: str, options: Options) -> bool:
    steps = head.columns[step].numbers
    count = int(steps.valid.sum())
    if count == 0 or len(steps.unreadable) > count:
        return False
    run = _run_column(head, options.id)
    if run is None:
        runs: Sequence[str | None] = [None] * head.size
    else:
        runs = head.columns[run].texts
        if head.size > 1 and len(set(runs)) == head.size:
            return False
    pairs = zip(runs, steps.values.tolist(), steps.valid.tolist(), strict=True)
    distinct = {(name, value) for name, value, valid in pairs if valid}
    return len(distinct) * 3 >= count


def row_id(sheet: Sheet, declared: str | None) -> str | None:
    """The column that names each row: the declared one, else one without gaps or repetitions."""
    if declared is not None:
        return column_of(sheet, declared, ())
    for name in _present(sheet, words.IDS):
        texts = sheet.columns[name].texts
        if None not in texts and len(set(texts)) == sheet.size:
            return name
    return None


def _run_column(head: Sheet, declared: str | None) -> str | None:
    """Of a history: the column that says to which run a row belongs."""
    if declared is not None:
        return column_of(head, declared, ())
    for name in _present(head, words.IDS):
        if None not in head.columns[name].texts:
            return name
    return None


def column_of(sheet: Sheet, declared: str | None, known: Iterable[str]) -> str | None:
    """The declared column when the file has it, else the first of the known names."""
    if declared is not None:
        return declared if declared in sheet.columns else None
    return next(iter(_present(sheet, known)), None)


def _present(sheet: Sheet, known: Iterable[str]) -> list[str]:
    by_lower = {name.lower(): name for name in reversed(list(sheet.columns))}
    return [by_lower[word] for word in known if word in by_lower]
