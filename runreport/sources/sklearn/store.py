"""Candidates of a search, each on its folds, as runs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, Severity, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, Partition, PartitionReader
from runreport.sources.runfolders import RunFolder, number
from runreport.sources.sklearn.detect import ENDINGS, is_search
from runreport.sources.sklearn.tables import Results, cell_text, is_missing, read_results
from runreport.sources.trees import TreeFile, locate, names

_SPLIT = re.compile(r"split(\d{1,4})_((?:test|train)_.+)")
_TOTAL = re.compile(r"(?:mean|std)_(?:fit_time|score_time|(?:test|train)_.+)")
_SINGLE = re.compile(r"fit_time|score_time|(?:test|train)_.+")
"""Columns of `cross_validate`, whose rows are folds."""
_PARAM = "param_"
_HALVING = ("iter", "n_resources")
"""Of successive halving: a candidate comes up once for each amount of resources."""


@dataclass(frozen=True, eq=False)
class SearchStore:
    """Files of results."""

    experiment: str
    root: Path
    files: Sequence[TreeFile]
    unit: str

    def partitions(self) -> Sequence[Partition]:
        """A file each.

        Raises:
            SourceError: RR370 when there is none.
        """
        if not self.files:
            shown = clean_text(self.root.name)
            message = f"no file in {shown!r} has the columns of cv_results_"
            raise SourceError(Problem("RR370", message, place=shown))
        return [Partition(file.name, (file.path,)) for file in self.files]

    def folders(self) -> Sequence[Path]:
        """The folder the files are in."""
        return (self.root,)

    def problems(self) -> Sequence[Problem]:
        """Nothing is left out unseen."""
        return ()

    def load(self, partition: Partition, _mark: Mapping[str, Any] | None) -> Loaded:
        """One file.

        Raises:
            SourceError: RR371 when it is no table of results.
        """
        file = next(file for file in self.files if file.name == partition.name)
        told = Complaints()
        folder = RunFolder("", "", self.root, {file.name: file})
        results = read_results(folder, file.name, told)
        stem = file.name.rpartition(".")[0]
        start = f"{stem}/" if len(self.files) > 1 else ""
        runs = list(_runs(results, self.unit, start, stem, partial(_tell, told, file.name)))
        if not runs:
            message = "no score of a split in it, expected columns such as split0_test_score"
            raise SourceError(Problem("RR371", message, place=clean_text(file.name)))
        return Loaded(runs, told.problems)


def open_searches(location: str, unit: str, context: SourceContext) -> Reader:
    """A reader of a file of results, or of those in a folder.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, "a file of cv_results_")
    if path.is_dir():
        found = [path / name for name in sorted(names(path)) if name.lower().endswith(ENDINGS)]
        chosen = [file for file in found if not file.is_symlink() and is_search(file)]
        root, experiment = path, path.name
    else:
        chosen, root, experiment = [path], path.parent, path.stem
    files = [TreeFile(file, file.name, file.stat().st_size) for file in chosen]
    store = SearchStore(experiment, root, files, unit)
    return PartitionReader(store, context, "sklearn", f"{path}\0{unit}")


def _tell(
    told: Complaints,
    name: str,
    code: str,
    message: str,
    line: str | None = None,
    hint: str | None = None,
) -> None:
    severity: Severity = "note" if code == "RR379" else "warning"
    told.add(code, clean_text(name), message, line=line, hint=hint, severity=severity)


def _runs(
    results: Results, unit: str, start: str, experiment: str, tell: Any
) -> Iterator[LoadedRun]:
    columns = results.columns
    splits: dict[int, dict[str, str]] = {}
    for name in columns:
        if found := _SPLIT.fullmatch(name):
            splits.setdefault(int(found[1]), {})[found[2]] = name
    if not splits:
        yield from _of_cross_validate(results, start, experiment, tell)
        return
    if unit == "fold" and len(splits) > 1:
        fraction = f"{1 / len(splits):.6g}"
        message = (
            f"{len(splits)} splits of {results.rows:,} candidates, each pair a run; of k folds"
        )
        hint = f"where they are k folds compare with `comparison: {{test_fraction: {fraction}}}`"
        tell("RR379", f"{message} the test part is {fraction} of the data", hint=hint)
    width = len(str(max(0, results.rows - 1)))
    for row in range(results.rows):
        params = _params(columns, row)
        key = f"{start}candidate-{row:0{width}d}"
        if unit == "candidate":
            totals = {name: name for name in columns if _TOTAL.fullmatch(name)}
            metrics = _values(columns, totals, row, tell)
            yield _run(key, f"candidate {row}", experiment, params, metrics, {})
            continue
        for fold, scores in sorted(splits.items()):
            metrics = _values(columns, scores, row, tell)
            given = {**params, "fold": str(fold)}
            tags = {"candidate": str(row)}
            name = f"candidate {row}, fold {fold}"
            yield _run(f"{key}/fold-{fold}", name, experiment, given, metrics, tags)


def _of_cross_validate(
    results: Results, start: str, experiment: str, tell: Any
) -> Iterator[LoadedRun]:
    """The folds of one candidate."""
    columns = results.columns
    scores = {name: name for name in columns if _SINGLE.fullmatch(name)}
    if not any(name.startswith("test_") for name in scores):
        return
    for row in range(results.rows):
        metrics = _values(columns, scores, row, tell)
        name = f"fold {row}"
        yield _run(f"{start}fold-{row}", name, experiment, {"fold": str(row)}, metrics, {})


def _run(
    key: str,
    name: str,
    experiment: str,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
) -> LoadedRun:
    # results are there when the search has ended
    return LoadedRun(
        key=key,
        name=name,
        experiment=experiment,
        status="finished",
        params=params,
        metrics=metrics,
        tags=tags,
    )


def _params(columns: Mapping[str, Sequence[Any]], row: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, cells in columns.items():
        if name.startswith(_PARAM) and len(name) > len(_PARAM):
            if not is_missing(cells[row]):
                found[name[len(_PARAM) :]] = cell_text(cells[row])
        elif name in _HALVING and not is_missing(cells[row]):
            found[name] = cell_text(cells[row])
    if not any(name.startswith(_PARAM) for name in columns):
        given = columns.get("params", ())
        if row < len(given) and isinstance(given[row], Mapping):
            found |= {
                key: cell_text(value) for key, value in given[row].items() if value is not None
            }
    return found


def _values(
    columns: Mapping[str, Sequence[Any]], scores: Mapping[str, str], row: int, tell: Any
) -> dict[str, float]:
    """Numbers by metric; an empty score is one that could not be computed."""
    found: dict[str, float] = {}
    for metric, name in scores.items():
        cell = columns[name][row]
        if is_missing(cell):
            found[metric] = math.nan
            continue
        value = _float(cell) if type(cell) is str else number(cell)
        if value is None:
            shown = clean_text(str(cell))[:40]
            message = f"{shown!r} in {clean_text(name)[:80]!r} is no number; it is left out"
            tell("RR375", message, f"candidate {row}")
            continue
        found[metric] = value
    return found


def _float(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
