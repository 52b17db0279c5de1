"""Trials of Ray Tune as runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.kinds import Reader, SourceContext
from runreport.sources import moments
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, PartitionReader
from runreport.sources.ray_tune.detect import ERROR, PARAMS, PROGRESS, RESULTS
from runreport.sources.ray_tune.states import States, Trial
from runreport.sources.rowlines import MAX_BYTES, read_csv, read_json_lines, whole_lines
from runreport.sources.rows import Columns, RowCollector
from runreport.sources.runfolders import (
    FolderStore,
    RunFolder,
    folders_with,
    run_folders,
)
from runreport.sources.trees import Tree, locate, walk
from runreport.tables import Lineage, Status

STEP, TIME = "training_iteration", "timestamp"
OWN = frozenset(
    (
        "checkpoint_dir_name", "config", "date", "done", "experiment_id", "experiment_tag",
        "hostname", "iterations_since_restore", "node_ip", "pid", "should_checkpoint",
        "time_since_restore", "timesteps_since_restore", "trial_id", "trial_log_path",
        "warmup_time",
    )
)  # fmt: skip
"""What Ray writes into each line for itself."""
_PICKLES = (".pkl", ".pickle")
DOCUMENTS = (RESULTS, PROGRESS, PARAMS)
_EXPECTED = f"folders with {RESULTS} and {PARAMS}"


def open_trials(location: str, context: SourceContext) -> Reader:
    """A reader of the trials at a location.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, "a folder of Ray Tune's trials")
    if path.is_file():
        path = path.parent
    tree = walk(path)
    runs = run_folders(tree, _trials(tree))
    states = States.of(tree)
    store = FolderStore(
        path.name,
        tree,
        runs,
        partial(read, states=states),
        _EXPECTED,
        lambda _run: (*DOCUMENTS, ERROR),
        beside=states.beside,
        notes=_notes(tree),
    )
    return PartitionReader(store, context, "ray_tune", str(path))


def _trials(tree: Tree) -> Sequence[str]:
    logged = {*folders_with(tree, RESULTS), *folders_with(tree, PROGRESS)}
    begun = {*folders_with(tree, ERROR), *folders_with(tree, "params.pkl")}
    known = set(folders_with(tree, PARAMS))
    return sorted(known & (logged | begun))


def _notes(tree: Tree) -> list[Problem]:
    found = [file.name for file in tree.files if file.name.endswith(_PICKLES)]
    if not found:
        return []
    message = f"{len(found):,} pickles, which are never loaded; trials are read from JSON and CSV"
    return [Problem("RR378", message, None, None, "note", clean_text(found[0]))]


def read(folder: RunFolder, mark: Mapping[str, Any] | None, states: States) -> Loaded:
    """One trial, or the lines that came after a mark."""
    # what is told of lines is told of all of them, which are then read as a whole
    told, odd = Complaints(), Complaints()
    source = RESULTS
    columns, left, appended = _json_lines(folder, mark, told, odd)
    if not columns.rows and not appended and PROGRESS in folder.files:
        source = PROGRESS
        columns, left = _progress(folder, told), None
    step: str | None = STEP
    if appended:
        _tell_unplaced(folder, source, columns, odd)
    else:
        step = _step(folder, source, columns, odd)
    if odd.problems():
        left = None
    if appended and left is None:
        return read(folder, None, states)
    ends = _ends(columns, mark)
    left = None if left is None else {**left, **ends}
    trial = states.trial(folder, ends["trial"])
    if (problem := states.problem(folder)) is not None:
        told.add(problem.code, problem.place or "", problem.message)
    started, ended = (None, None) if trial is None else (trial.started, trial.ended)
    run = LoadedRun(
        key=folder.key,
        name=folder.name if trial is None else trial.name or folder.name,
        experiment=folder.path.parent.name or None,
        status=_status(folder, trial, ends["done"]),
        started=moments.from_seconds(started),
        ended=moments.from_seconds(columns.last(TIME) if ended is None else ended),
        seconds=ends["seconds"],
        params=folder.texts(folder.json(PARAMS, told), PARAMS, told),
        tags=_tags(columns.texts, ends["trial"], trial, _error(folder, told)),
        metrics=dict(columns.points(step, TIME, OWN)),
        artifacts=folder.artifacts(DOCUMENTS),
        lineage=() if trial is None or not trial.trainable else (_made_by(trial.trainable),),
    )
    problems = (*told.problems(), *odd.problems())
    return Loaded((run,), lambda: problems, lambda: left, appended)


def _ends(columns: Columns, mark: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the last lines say of the trial; of none that came since, what earlier ones said."""
    before = mark or {}
    seconds = columns.last("time_total_s")
    return {
        "trial": columns.texts.get("trial_id") or before.get("trial"),
        "done": columns.texts.get("done") or before.get("done"),
        "seconds": before.get("seconds") if seconds is None else seconds,
    }


def _status(folder: RunFolder, trial: Trial | None, done: str | None) -> Status:
    if trial is not None:
        return trial.status
    if ERROR in folder.files:
        return "failed"
    return "finished" if done in ("true", "True") else "unknown"


def _tags(
    texts: Mapping[str, str], trial_id: str | None, trial: Trial | None, error: str | None
) -> dict[str, str]:
    tags = {
        "trial_id": trial_id,
        "experiment_tag": texts.get("experiment_tag"),
        "error": error,
        "failures": f"{trial.failures:g}" if trial is not None and trial.failures else None,
    }
    logged = {
        name: text
        for name, text in texts.items()
        if name not in OWN and name.partition("/")[0] not in OWN
    }
    return {name: text for name, text in {**tags, **logged}.items() if text}


def _made_by(trainable: str) -> Lineage:
    return Lineage("command", trainable)


def _json_lines(
    folder: RunFolder, mark: Mapping[str, Any] | None, told: Complaints, odd: Complaints
) -> tuple[Columns, Mapping[str, Any] | None, bool]:
    """The lines of the results, where reading stopped, and whether it went on from a mark."""
    data = folder.data(RESULTS, MAX_BYTES, told)
    if data is None:
        return Columns(), None, False
    start, first = 0, 1
    appended = mark is not None and mark.get("file") == RESULTS and mark["end"] <= len(data)
    if appended and mark is not None:
        start, first = mark["end"], mark["line"]
    name = folder.at(RESULTS)
    lines = whole_lines(data[start:], start, name, odd)
    del data
    collector = RowCollector(joined_by="/")
    count = read_json_lines(
        lines.data, name, first, odd, lambda row: collector.add(row, ("config",))
    )
    for key in sorted(collector.unread):
        message = f"{clean_text(key)!r} holds neither numbers nor text; it is not read"
        told.add("RR375", name, message, severity="note")
    left = {"file": RESULTS, "end": lines.end, "line": first + count}
    return collector.columns(), left if lines.whole else None, appended


def _progress(folder: RunFolder, told: Complaints) -> Columns:
    """The same as CSV, which is written beside it."""
    data = folder.data(PROGRESS, MAX_BYTES, told)
    rows = None if data is None else read_csv(data, folder.at(PROGRESS), told)
    if rows is None:
        return Columns()
    message = f"{RESULTS} is missing or empty; metrics are read from {PROGRESS}"
    told.add("RR379", folder.at(PROGRESS), message, severity="note")
    return rows.columns


def _step(folder: RunFolder, source: str, columns: Columns, told: Complaints) -> str | None:
    if not columns.rows:
        return None
    if STEP not in columns.values:
        message = f"no line has {STEP!r}; they are counted from 0"
        told.add("RR379", folder.at(source), message, severity="note")
        return None
    _tell_unplaced(folder, source, columns, told)
    return STEP


def _tell_unplaced(folder: RunFolder, source: str, columns: Columns, told: Complaints) -> None:
    if lost := columns.unplaced(STEP):
        message = f"{lost:,} lines have no {STEP!r}; their values are left out"
        told.add("RR375", folder.at(source), message)


def _error(folder: RunFolder, told: Complaints) -> str | None:
    """The last line of what a failed trial said."""
    data = folder.data(ERROR, 1_000_000, told)
    if data is None:
        return None
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip()[:500] if lines else None
