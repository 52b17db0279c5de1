"""The reader of plain files: every file to runs, every broken one to a problem."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from runreport.columns import column, masked, repeated
from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.files import beside, places, roles, shape
from runreport.sources.files.filerun import FileRun
from runreport.sources.files.formats import read_sheet
from runreport.sources.files.options import Options
from runreport.sources.files.places import File
from runreport.sources.files.runs import of_rows
from runreport.sources.files.sheets import Sheet
from runreport.sources.files.steps import of_steps
from runreport.sources.loaded import UNKNOWN_TIME, Points
from runreport.tables import HISTORY_SCHEMA, TIME, RunTables

KEPT_POINTS = 4_000_000
"""Held between reading the tables and the histories; what is more is read from the file again."""
PART_POINTS = 500_000
"""Of one part of the histories."""
MAX_RUNS = 100_000


def open_files(options: Options, context: SourceContext) -> FilesReader:
    """A reader of the files that a location names.

    Raises:
        SourceError: RR340 nothing there, RR341 nothing readable there.
    """
    complaints = Complaints()
    files = places.find(context.base, options.location, complaints)
    return FilesReader(options, context, files, complaints)


class FilesReader:
    """Runs from plain files."""

    divisible = False

    def __init__(
        self,
        options: Options,
        context: SourceContext,
        files: Sequence[File],
        complaints: Complaints,
    ) -> None:
        self._options = options
        self._base = context.base
        self._qualifier = context.qualifier or "files"
        self._files = files
        self._complaints = complaints
        self._bases = _bases(files)
        self._runs: list[FileRun] | None = None
        self._problems: tuple[Problem, ...] = ()
        self._beside: dict[str, tuple[File, Sheet]] = {}
        """By name of the history: the document that holds its params."""
        self._last: tuple[str, list[FileRun]] = ("", [])
        """The file whose points were read again last."""

    def tables(self) -> RunTables:
        """Every run, its metrics fully summarised.

        Raises:
            SourceError: when no file at all could be read.
        """
        runs = self._loaded()
        place = _experiment(self._options.location)
        rows: dict[str, list[Any]] = {"runs": [], "params": [], "metrics": [], "tags": []}
        for run in runs:
            run_id = self._id(run)
            rows["runs"].append(
                (
                    run_id,
                    self._qualifier,
                    run.experiment or place,
                    run.name,
                    run.status,
                    run.started,
                    run.ended,
                    run.duration,
                    run.user,
                    None,
                    None,
                )
            )
            rows["params"] += [(run_id, name, text) for name, text in run.params.items()]
            rows["tags"] += [(run_id, name, text) for name, text in run.tags.items()]
            rows["metrics"] += [(run_id, m, "", *row) for m, row in run.summaries.items()]
        return RunTables.from_rows(**rows, problems=self._problems)

    def histories(self, runs: Sequence[str], metrics: Collection[str]) -> Iterator[pa.Table]:
        """Raw points of these runs and metrics; a value without a step stands at step 0."""
        wanted, names = set(runs), sorted(set(metrics))
        part = _Part()
        for run in self._loaded():
            if self._id(run) not in wanted:
                continue
            held = run if run.whole else self._again(run)
            for name in names:
                if (points := held.metrics.get(name)) is not None:
                    part.add(self._id(run), name, points)
                    if part.size >= PART_POINTS:
                        yield from part.tables()
                        part = _Part()
        yield from part.tables()

    def places(self) -> Sequence[Path]:
        """The files, and the folders where they were looked for."""
        extra = [file for file, _ in self._beside.values()]
        return places.looked_at(self._base, self._options.location, [*self._files, *extra])

    def fingerprint(self) -> Mapping[str, str]:
        """SHA-256 of each file by its name."""
        extra = [file for file, _ in self._beside.values()]
        return {file.name: _digest(file) for file in (*self._files, *extra)}

    def _id(self, run: FileRun) -> str:
        return f"{self._qualifier}:{run.key}"

    def _loaded(self) -> list[FileRun]:
        if self._runs is None:
            complaints = self._complaints
            runs = self._load(complaints)
            if len(runs) > MAX_RUNS:
                message = f"only the first {MAX_RUNS:,} runs are read"
                complaints.add("RR356", "", message, hint="name fewer files")
            self._runs = _unique(runs[:MAX_RUNS])
            self._problems = complaints.problems()
        return self._runs

    def _load(self, complaints: Complaints) -> list[FileRun]:
        """Every run of every file, in the order of the files' names."""
        found: dict[str, list[FileRun]] = {}
        tables: list[tuple[File, Sheet, shape.Shape]] = []
        heads: list[Sheet] = []
        shapes: dict[str, shape.Shape] = {}
        broken: list[Problem] = []
        single = {file.name: file for file in self._files if file.format in ("json", "yaml")}
        kept = 0
        for file in self._files:
            try:
                sheet = self._sheet(file, complaints)
            except SourceError as error:
                broken += error.problems
                continue
            heads.append(sheet.head(1))
            shapes[file.name] = its = shape.decide(sheet, self._options)
            if its.kind == "runs":
                # rows beyond the most runs are not even turned into text
                tables.append((file, sheet.head(MAX_RUNS + 1), its))
                continue
            single.pop(file.name, None)
            runs = [run.summed() for run in self._steps(file, sheet, its, complaints)]
            kept += sum(run.size for run in runs)
            found[file.name] = runs if kept <= KEPT_POINTS else [run.slim() for run in runs]
        if broken and not heads:
            found_wrong = [p for p in complaints.problems() if p.severity != "note"]
            raise SourceError([*broken, *found_wrong])
        for problem in broken:
            hint = problem.hint
            complaints.add(problem.code, problem.place or "", problem.message, hint=hint)
        for problem in roles.check_declared(heads, self._options):
            complaints.add(problem.code, "", problem.message, hint=problem.hint)
        tables = self._marry(found, tables, single, complaints)
        self._tables(found, tables, complaints)
        self._tell(shapes, tables, complaints)
        return [run for file in self._files for run in found.get(file.name, ())]

    def _sheet(self, file: File, complaints: Complaints) -> Sheet:
        return read_sheet(file, complaints, self._numeric)

    def _numeric(self, head: Sheet) -> frozenset[str]:
        """Of a large file: columns that nobody needs as text."""
        its = shape.decide(head, self._options)
        if its.kind == "runs":
            return frozenset()
        metrics = roles.of_history(head, its, self._options).metrics
        step = {its.step} if its.step is not None else set()
        return frozenset({*metrics, *step})

    def _steps(
        self, file: File, sheet: Sheet, its: shape.Shape, complaints: Complaints
    ) -> list[FileRun]:
        columns = roles.of_history(sheet, its, self._options)
        return list(of_steps(sheet, its, columns, self._bases[file.name], complaints))

    def _again(self, run: FileRun) -> FileRun:
        """A run with the points of its file; what is wrong there was told before."""
        name, runs = self._last
        if name != run.file:
            file = next(file for file in self._files if file.name == run.file)
            quiet = Complaints()
            sheet = self._sheet(file, quiet)
            runs = self._steps(file, sheet, shape.decide(sheet, self._options), quiet)
            if run.file in self._beside:
                document = self._beside[run.file][1]
                runs = beside.with_params(runs, document, self._options, quiet)
            self._last = (run.file, runs)
        # a file that shrank since has fewer runs
        return runs[run.place] if run.place < len(runs) else run

    def _marry(
        self,
        found: dict[str, list[FileRun]],
        tables: Sequence[tuple[File, Sheet, shape.Shape]],
        single: Mapping[str, File],
        complaints: Complaints,
    ) -> list[tuple[File, Sheet, shape.Shape]]:
        """Give histories the params that stand beside them; the tables that remain."""
        sheets = {file.name: sheet for file, sheet, _ in tables if sheet.single}
        candidates = {name: file for name, file in single.items() if name in sheets}
        used: set[str] = set()
        by_name = {file.name: file for file in self._files}
        for name, runs in found.items():
            partner = beside.partner(by_name[name], candidates, self._options)
            if partner is None:
                continue
            document = by_name.get(partner) or places.sibling(
                by_name[name], partner.rpartition("/")[2]
            )
            try:
                if document is None:
                    raise SourceError(Problem("RR343", "no such file beside the history"))
                sheet = sheets.get(partner) or self._sheet(document, complaints)
                if not sheet.single:
                    raise SourceError(Problem("RR359", "it is not one object of params"))
            except SourceError as error:
                message = f"its params are not read: {error.problems[0].message}"
                complaints.add(error.problems[0].code, partner, message)
                continue
            used.add(partner)
            self._beside[name] = (document, sheet)
            married = beside.with_params(runs, sheet, self._options, complaints)
            found[name] = [
                replace(run, summaries={**run.summed().summaries, **run.summaries})
                for run in married
            ]
        if used:
            shown = ", ".join(sorted(used)[:3]) + (", \u2026" if len(used) > 3 else "")
            message = f"params of {len(used):,} histories are read from beside them: {shown}"
            complaints.add("RR357", "", message, severity="note", kind="beside")
        return [entry for entry in tables if entry[0].name not in used]

    def _tables(
        self,
        found: dict[str, list[FileRun]],
        tables: Sequence[tuple[File, Sheet, shape.Shape]],
        complaints: Complaints,
    ) -> None:
        """Runs of all files whose rows are runs, their columns judged together."""
        if not tables:
            return
        sheets = [sheet for _, sheet, _ in tables]
        columns = roles.of_runs(sheets, [its.id for _, _, its in tables], self._options)
        for file, sheet, its in tables:
            if not sheet.size:
                message = "no run in it: there is no row that could be read"
                complaints.add("RR359", file.name, message)
            rows = of_rows(sheet, its, columns, self._bases[file.name], complaints)
            found[file.name] = [run.summed() for run in islice(rows, MAX_RUNS + 1)]
        if columns.guessed:
            sorted_by_rule = set(columns.guessed)
            words = [
                f"{role}: {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"
                for role, its in (("params", columns.params), ("metrics", columns.metrics))
                if (names := [name for name in its if name in sorted_by_rule])
            ]
            message = f"columns were sorted by rule into {'; '.join(words)}"
            hint = "`params:` and `metrics:` of the source say otherwise"
            complaints.add("RR358", "", message, severity="note", hint=hint)

    def _tell(
        self,
        shapes: Mapping[str, shape.Shape],
        tables: Sequence[tuple[File, Sheet, shape.Shape]],
        complaints: Complaints,
    ) -> None:
        """What was decided about rows, when the author left it open."""
        if self._options.shape != "auto":
            return
        many = [file.name for file, sheet, _ in tables if not sheet.single]
        steps = [name for name, its in shapes.items() if its.kind == "history"]
        hint = "`shape: runs` or `shape: history` of the source says otherwise"
        for names, words in ((many, "each row is a run"), (steps, "each row is a step of a run")):
            if names:
                shown = ", ".join(names[:3]) + (", \u2026" if len(names) > 3 else "")
                message = f"{words} in {len(names):,} file{'s' * (len(names) > 1)}: {shown}"
                complaints.add("RR357", "", message, severity="note", hint=hint, kind=words)


class _Part:
    """Points that are collected until they fill a part."""

    def __init__(self) -> None:
        self.size = 0
        self._points: list[tuple[str, str, Points]] = []

    def add(self, run_id: str, metric: str, points: float | Points) -> None:
        if isinstance(points, float):
            points = Points(np.zeros(1), np.array([points]))
        self.size += points.value.size
        self._points.append((run_id, metric, points))

    def tables(self) -> Iterator[pa.Table]:
        if not self._points:
            return
        sizes = [points.value.size for _, _, points in self._points]
        times = [
            np.full(p.value.size, UNKNOWN_TIME, np.int64) if p.time is None else p.time
            for _, _, p in self._points
        ]
        time = np.concatenate(times)
        columns = [
            repeated([run for run, _, _ in self._points], sizes),
            repeated([metric for _, metric, _ in self._points], sizes),
            column(np.concatenate([p.step for _, _, p in self._points]), pa.float64()),
            masked(time, time == UNKNOWN_TIME, TIME),
            column(np.concatenate([p.value for _, _, p in self._points]), pa.float64()),
        ]
        yield pa.Table.from_arrays(columns, schema=HISTORY_SCHEMA)


def _bases(files: Sequence[File]) -> dict[str, str]:
    """What ids and names of each file's runs begin with: its name without the suffix.

    Files that all have one name, each in a folder of its own, are called by their folders.
    """
    stems = [file.stem for file in files]
    last = [stem.rpartition("/")[2] for stem in stems]
    # files of params beside them do not count
    own = [index for index, stem in enumerate(last) if stem not in beside.STEMS]
    by_folder = (
        len(own) > 1
        and len({last[index] for index in own}) == 1
        and len({files[index].folder for index in own}) == len(own)
        and all(files[index].folder for index in own)
    )
    bases = {}
    for file in files:
        base = file.folder if by_folder else file.stem
        # results.csv beside results.json
        bases[file.name] = base if by_folder or stems.count(file.stem) == 1 else file.name
    return bases


def _unique(runs: Sequence[FileRun]) -> list[FileRun]:
    """Runs with ids that differ, whatever the files are called."""
    seen: set[str] = set()
    found: list[FileRun] = []
    places_in: dict[str, int] = {}
    for run in runs:
        key, times = run.key, 1
        while key in seen:
            times += 1
            key = f"{run.key} ({times})"
        seen.add(key)
        place = places_in[run.file] = places_in.get(run.file, -1) + 1
        found.append(replace(run, key=key, place=place))
    return found


def _experiment(location: str) -> str:
    """The name that a location gives to runs without an experiment: no folder of this machine."""
    plain = [part for part in Path(location).parts if not re.search(r"[*?\[]", part)]
    last = plain[-1] if plain and plain[-1] not in ("/", "..", ".") else "files"
    suffix = Path(last).suffix
    return last[: -len(suffix)] if suffix.lower() in places.FORMATS else last


def _digest(file: File) -> str:
    digest = hashlib.sha256()
    try:
        with file.path.open("rb") as stream:
            while block := stream.read(1_000_000):
                digest.update(block)
    except OSError:
        return "unreadable"
    return digest.hexdigest()
