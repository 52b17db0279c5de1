"""Jobs of Hydra as runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.hydra.detect import CONFIG, FOLDER, HYDRA, OVERRIDES
from runreport.sources.hydra.outcomes import file_of, outcomes
from runreport.sources.loaded import LoadedRun
from runreport.sources.partitions import Loaded, PartitionReader
from runreport.sources.runfolders import FolderStore, RunFolder, run_folders
from runreport.sources.texts import written
from runreport.sources.trees import TreeFile, locate, walk
from runreport.tables import Lineage

SWEEP = "multirun.yaml"
BEST = "optimization_results.yaml"
"""What a sweeper writes beside the jobs."""
_INSIDE = tuple(f"{FOLDER}/{name}" for name in (CONFIG, OVERRIDES, HYDRA))
_PICKLES = (f"{FOLDER}/config.pickle", f"{FOLDER}/job_return.pickle")
_EXPECTED = f"folders with {FOLDER}/{CONFIG}"
_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w.]*)\}")
_MISSING = "???"


def open_jobs(location: str, metrics: str, context: SourceContext) -> Reader:
    """A reader of the jobs at a location.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, "a folder of Hydra's jobs")
    if path.is_file():
        path = path.parent
    if path.name == FOLDER:
        path = path.parent
    tree = walk(path, hidden=(FOLDER,))
    configs = {
        file.folder.rpartition("/")[0]
        for file in tree.files
        if file.base in (CONFIG, OVERRIDES) and file.folder.rpartition("/")[2] == FOLDER
    }
    runs = run_folders(tree, configs)
    best = {file.folder: file for file in tree.files if file.base == BEST}
    store = FolderStore(
        path.name,
        tree,
        runs,
        partial(read, metrics=metrics, best=best),
        _EXPECTED,
        partial(_documents, metrics=metrics),
        beside=partial(_beside, best=best),
        notes=_notes(runs, metrics),
    )
    return PartitionReader(store, context, "hydra", f"{path}\0{metrics}")


def _documents(run: RunFolder, metrics: str) -> Sequence[str]:
    chosen = file_of(run, metrics)
    return _INSIDE if chosen is None else (*_INSIDE, chosen)


def _beside(run: RunFolder, best: Mapping[str, TreeFile]) -> Iterable[TreeFile]:
    found = best.get(run.place.rpartition("/")[0])
    return () if found is None or not run.place else (found,)


def _notes(runs: Sequence[RunFolder], metrics: str) -> list[Problem]:
    """What was decided by rule, once for all jobs."""
    notes: list[Problem] = []
    chosen: dict[str, int] = {}
    for run in runs:
        name = file_of(run, metrics)
        if name is not None:
            chosen[name] = chosen.get(name, 0) + 1
    if not metrics and chosen:
        shown = ", ".join(f"{clean_text(name)} ({count:,} jobs)" for name, count in chosen.items())
        message = f"metrics are read from {shown[:300]}, by the rule of names"
        hint = "name another one: `metrics: FILE`"
        notes.append(Problem("RR379", message, None, hint, "note"))
    if without := len(runs) - sum(chosen.values()):
        message = f"{without:,} of {len(runs):,} jobs have no file of metrics"
        hint = "Hydra writes none itself: let a job write metrics.json, or name it: `metrics: FILE`"
        notes.append(Problem("RR379", message, None, hint, "warning" if metrics else "note"))
    pickled = [run for run in runs if any(name in run.files for name in _PICKLES)]
    if pickled:
        message = f"pickles of {len(pickled):,} jobs ({', '.join(_PICKLES)}) are never loaded"
        notes.append(Problem("RR378", message, None, None, "note", pickled[0].at(FOLDER)))
    return notes


def read(
    folder: RunFolder,
    _mark: Mapping[str, Any] | None,
    metrics: str,
    best: Mapping[str, TreeFile],
) -> Loaded:
    """One job."""
    told = Complaints()
    config, overrides, hydra = (folder.yaml(name, told) for name in _INSIDE)
    params = folder.texts(config, _INSIDE[0], told)
    params = {name: text for name, text in _resolved(params).items() if text != _MISSING}
    about = hydra.get("hydra") if isinstance(hydra, Mapping) else None
    about = about if isinstance(about, Mapping) else {}
    job = about.get("job")
    job = job if isinstance(job, Mapping) else {}
    given = [written(item) for item in overrides] if isinstance(overrides, list) else []
    tags = _tags(about, job, given) | _sweep(folder, best, params, told)
    found, texts, read_from = outcomes(folder, metrics, told)
    tags |= {f"metrics.{name}": text for name, text in texts.items()}
    app = _text(job.get("name"))
    run = LoadedRun(
        key=folder.key,
        name=folder.name,
        experiment=app,
        params=params,
        tags=tags,
        metrics=found,
        artifacts=folder.artifacts((*_INSIDE, *((read_from,) if read_from else ()))),
        lineage=_lineage(about, app, given),
    )
    return Loaded((run,), told.problems)


def _resolved(params: Mapping[str, str]) -> dict[str, str]:
    """References to other values replaced by them, up to a few steps."""
    found = dict(params)
    for name, text in params.items():
        for _ in range(5):
            match = _REFERENCE.fullmatch(text)
            if match is None or match[1] not in params or match[1] == name:
                break
            text = params[match[1]]
        if not _REFERENCE.fullmatch(text):
            found[name] = text
    return found


def _tags(
    about: Mapping[str, Any], job: Mapping[str, Any], overrides: Sequence[str]
) -> dict[str, str]:
    tags: dict[str, str] = {}
    if overrides:
        tags["hydra.overrides"] = " ".join(overrides)
    for key in ("name", "num", "id", "config_name"):
        if (text := _text(job.get(key))) is not None:
            tags[f"hydra.job.{key}"] = text
    if (text := _text(about.get("mode"))) is not None:
        tags["hydra.mode"] = text
    runtime = about.get("runtime")
    choices = runtime.get("choices") if isinstance(runtime, Mapping) else None
    if isinstance(choices, Mapping):
        for key, choice in choices.items():
            # Hydra's own groups say how it ran, not what
            if not str(key).startswith("hydra/") and (text := _text(choice)) is not None:
                tags[f"hydra.choice.{key}"] = text
    return tags


def _sweep(
    folder: RunFolder, best: Mapping[str, TreeFile], params: Mapping[str, str], told: Complaints
) -> dict[str, str]:
    """What a sweeper says of this job: whether its params are the best, and their value."""
    above = folder.place.rpartition("/")[0]
    file = best.get(above) if folder.place else None
    if file is None:
        return {}
    sweep = RunFolder(above, above, file.path.parent, {BEST: file})
    content = sweep.yaml(BEST, told)
    if not isinstance(content, Mapping):
        return {}
    tags: dict[str, str] = {}
    if (name := _text(content.get("name"))) is not None:
        tags["hydra.sweeper"] = name
    for winner, value in _winners(content):
        own = {key.lstrip("+"): text for key, text in sweep.texts(winner, BEST, told).items()}
        if own and all(_same(params.get(key), text) for key, text in own.items()):
            tags["hydra.best"] = "true"
            if value is not None:
                tags["hydra.best_value"] = written(value)
    return tags


def _winners(content: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Any]]:
    """Params and values of the best job; of several objectives, of each that none beats."""
    entries = content.get("solutions")
    found = []
    for entry in entries if isinstance(entries, list) else [content]:
        if isinstance(entry, Mapping):
            keys = ("best_params", "best_evaluated_params", "params")
            winner = next((entry[key] for key in keys if isinstance(entry.get(key), Mapping)), None)
            values = ("best_value", "best_evaluated_result", "values")
            value = next((entry[key] for key in values if entry.get(key) is not None), None)
            if winner:
                found.append((winner, value))
    return found


def _same(one: str | None, other: str) -> bool:
    if one is None or one == other:
        return one == other
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _lineage(
    about: Mapping[str, Any], app: str | None, overrides: Sequence[str]
) -> tuple[Lineage, ...]:
    facts = []
    if app is not None:
        facts.append(Lineage("command", " ".join((app, *overrides))))
    runtime = about.get("runtime")
    if isinstance(runtime, Mapping) and (version := _text(runtime.get("version"))) is not None:
        facts.append(Lineage("environment", "hydra-core", version))
    return tuple(facts)


def _text(value: Any) -> str | None:
    """A scalar that says something."""
    if value is None or isinstance(value, Mapping | list):
        return None
    text = written(value)
    return text if text not in ("", _MISSING) else None
