"""Output folders of the Hugging Face Trainer as runs."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.hf_trainer.card import hyperparameters
from runreport.sources.hf_trainer.detect import CHECKPOINT, STATE
from runreport.sources.loaded import LoadedRun, Points
from runreport.sources.partitions import Loaded, PartitionReader
from runreport.sources.rows import RowCollector
from runreport.sources.runfolders import (
    FolderStore,
    RunFolder,
    folders_with,
    number,
    owner_of,
    run_folders,
)
from runreport.sources.texts import Written, written
from runreport.sources.trees import Tree, locate, walk
from runreport.tables import Lineage

RESULTS = (
    "all_results.json", "train_results.json", "eval_results.json", "test_results.json",
    "predict_results.json",
)  # fmt: skip
"""The first one holds what the others say too; a later one adds what it lacks."""
PICKLE = "training_args.bin"
CARD = "README.md"
_CONFIGS = (("config.json", "model"), ("adapter_config.json", "adapter"))
_COPY = re.compile(r"final|best|last|model|checkpoint", re.I)
"""How folders are called that a run keeps a model in."""
_LEFT = ("id2label", "label2id", "transformers_version", "peft_version")
"""Lists of labels; versions, which are lineage."""
_STATE_PARAMS = ("num_train_epochs", "max_steps", "train_batch_size")
_STATE_TAGS = ("best_model_checkpoint", "best_global_step", "trial_name")
_EXPECTED = f"folders with a {STATE}, or with checkpoint-N folders that have one"


def open_outputs(location: str, context: SourceContext) -> Reader:
    """A reader of the output folders at a location.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, "an output folder of the Hugging Face Trainer")
    if path.is_file():
        path = path.parent
    tree = walk(path)
    runs = run_folders(tree, _outputs(tree))
    store = FolderStore(path.name, tree, runs, read, _EXPECTED, _documents, notes=_notes(runs))
    return PartitionReader(store, context, "hf_trainer", str(path))


def _documents(run: RunFolder) -> Sequence[str]:
    """What is read, of checkpoints too: which of them is the last may change."""
    bases = {STATE, *RESULTS, CARD, *(config for config, _ in _CONFIGS)}
    return [name for name in run.files if _base(name) in bases]


def _outputs(tree: Tree) -> Collection[str]:
    """The folders that are runs: a checkpoint is none, unless it is all there is."""
    found: set[str] = set()
    for place in folders_with(tree, STATE):
        above, _, name = place.rpartition("/")
        found.add(above if place and CHECKPOINT.fullmatch(name) else place)
    for place in [place for place in found if place]:
        # a copy of the state that was kept with the model in a folder of its run
        above, _, name = place.rpartition("/")
        if _COPY.match(name) and owner_of(above, found) is not None:
            found.discard(place)
    return found


def _notes(runs: Sequence[RunFolder]) -> list[Problem]:
    found = [run for run in runs if any(_base(name) == PICKLE for name in run.files)]
    if not found:
        return []
    shown = clean_text(next(n for n in found[0].files if _base(n) == PICKLE))
    message = f"{PICKLE} of {len(found):,} runs is a pickle, which is never loaded"
    hint = "what is only in it is missing; a model card has the hyperparameters in words"
    return [Problem("RR378", message, None, hint, "note", found[0].at(shown))]


def read(folder: RunFolder, _mark: Mapping[str, Any] | None) -> Loaded:
    """One output folder.

    Raises:
        SourceError: RR371 when none of its states can be read.
    """
    told = Complaints()
    name, state = _state(folder, told)
    collector = RowCollector()
    steps = _rows(folder, name, state, collector, told)
    metrics: dict[str, float | Points] = dict(collector.columns().points("step") if steps else {})
    last = _step(state)
    finals = _finals(folder, told)
    for key, value in (("best_metric", state.get("best_metric")), *_totals(state, metrics)):
        if (found := number(value)) is not None:
            metrics.setdefault(key, _at(last, found))
    metrics |= {
        (f"final.{key}" if key in metrics else key): _at(last, value)
        for key, value in finals.items()
        if key != "epoch"
    }
    params, lineage = _configs(folder, name, told)
    params |= _params(folder, state, told)
    runtime = _ended(state)
    read_files = {STATE, *RESULTS, CARD, *(config for config, _ in _CONFIGS)}
    run = LoadedRun(
        key=folder.key,
        name=folder.name,
        status="unknown" if runtime is None else "finished",
        seconds=runtime,
        params=params,
        tags={key: written(state[key]) for key in _STATE_TAGS if state.get(key) not in (None, "")},
        metrics=metrics,
        artifacts=tuple(a for a in folder.artifacts() if a.path not in read_files),
        lineage=lineage,
    )
    return Loaded((run,), told.problems)


def _state(folder: RunFolder, told: Complaints) -> tuple[str, Mapping[str, Any]]:
    """The state that is furthest, and its name."""
    checkpoints = sorted(
        (int(match[1]), place)
        for place in folder.files
        if place.endswith(f"/{STATE}") and (match := CHECKPOINT.fullmatch(place.split("/")[0]))
    )
    found: list[tuple[float, str, Mapping[str, Any]]] = []
    names = [name for _, name in reversed(checkpoints) if name.count("/") == 1]
    for group in ([STATE] if STATE in folder.files else [], names):
        # a checkpoint that was cut off while it was written leaves the one before it
        for name in group:
            state = folder.json(name, told)
            if isinstance(state, Mapping):
                found.append((_step(state), name, state))
                break
            if state is not None:
                told.add("RR371", folder.at(name), "a list or a lone value, expected an object")
    if not found:
        raise SourceError(told.problems())
    best = max(found, key=lambda item: (item[0], item[1] == STATE))
    if best[1] != STATE and STATE in folder.files:
        message = f"the state of {best[1].split('/')[0]} is read: it is further than {STATE}"
        told.add("RR379", folder.at(best[1]), message, severity="note")
    return best[1], best[2]


def _step(state: Mapping[str, Any]) -> float:
    found = number(state.get("global_step"))
    return found if found is not None and math.isfinite(found) else 0.0


def _rows(
    folder: RunFolder,
    name: str,
    state: Mapping[str, Any],
    collector: RowCollector,
    told: Complaints,
) -> bool:
    """Take the rows of the history; whether there are any."""
    rows = state.get("log_history")
    if rows is None:
        rows = []
    if not isinstance(rows, list):
        told.add("RR375", folder.at(name), "log_history is no list; it is not read")
        return False
    step: Any = Written("0")
    for index, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            told.add("RR375", folder.at(name), "a row that is no object", line=f"row {index}")
            continue
        at = number(row.get("step"))
        if at is None or not math.isfinite(at):
            message = f"a row without a step; it stands at step {step}, as the one before it"
            told.add("RR379", folder.at(name), message, line=f"row {index}", severity="note")
        else:
            step = row["step"]
        collector.add({**row, "step": step})
    for key in sorted(collector.unread):
        message = f"values of {clean_text(key)!r} are no numbers; they are not read"
        told.add("RR375", folder.at(name), message, severity="note")
    for key in sorted(set(collector.texts) - {"step"}):
        message = f"{clean_text(key)[:80]!r} was logged as text; it is not read"
        told.add("RR375", folder.at(name), message, severity="note")
    return bool(collector.rows)


def _totals(state: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What the state counts and the history does not say."""
    wanted = ("total_flos", "num_input_tokens_seen")
    return [
        (key, state.get(key)) for key in wanted if key not in metrics and number(state.get(key))
    ]


def _finals(folder: RunFolder, told: Complaints) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in RESULTS:
        content = folder.json(name, told)
        if content is None:
            continue
        if not isinstance(content, Mapping):
            told.add("RR375", folder.at(name), "a list or a lone value, expected an object")
            continue
        for key, value in content.items():
            if (result := number(value)) is not None:
                found.setdefault(key, result)
    return found


def _configs(
    folder: RunFolder, state: str, told: Complaints
) -> tuple[dict[str, str], tuple[Lineage, ...]]:
    """The model's configuration as params, and what it says of where it comes from."""
    params: dict[str, str] = {}
    lineage: list[Lineage] = []
    beside = state.rpartition("/")[0]
    for name, prefix in _CONFIGS:
        places = (name, f"{beside}/{name}", *_last_checkpoint(folder, name))
        place = next((place for place in places if place in folder.files), None)
        content = None if place is None else folder.json(place, told)
        if place is None or not isinstance(content, Mapping):
            continue
        plain = {key: value for key, value in content.items() if key not in _LEFT}
        for key, text in folder.texts(plain, place, told).items():
            params[f"{prefix}.{key}"] = text
        version = content.get("transformers_version") or content.get("peft_version")
        if isinstance(version, str):
            package = "transformers" if "transformers_version" in content else "peft"
            lineage.append(Lineage("environment", package, version))
        origin = content.get("_name_or_path") or content.get("base_model_name_or_path")
        if isinstance(origin, str) and origin:
            lineage.append(Lineage("model", origin))
    return params, tuple(dict.fromkeys(lineage))


def _last_checkpoint(folder: RunFolder, name: str) -> list[str]:
    found = [
        (int(match[1]), place)
        for place in folder.files
        if place.endswith(f"/{name}")
        and place.count("/") == 1
        and (match := CHECKPOINT.fullmatch(place.split("/")[0]))
    ]
    return [place for _, place in sorted(found, reverse=True)[:1]]


def _params(folder: RunFolder, state: Mapping[str, Any], told: Complaints) -> dict[str, str]:
    found = {
        key: written(state[key]) for key in _STATE_PARAMS if number(state.get(key)) is not None
    }
    trial = state.get("trial_params")
    if isinstance(trial, Mapping):
        found |= folder.texts(trial, STATE, told)
    card = folder.data(CARD, 1_000_000, told)
    if card is not None:
        found |= hyperparameters(card.decode("utf-8", "replace"))
    return found


def _ended(state: Mapping[str, Any]) -> float | None:
    """Seconds of training, which the row says that the Trainer logs at its end."""
    rows = state.get("log_history")
    if not isinstance(rows, list):
        return None
    for row in reversed(rows[-20:]):
        if isinstance(row, Mapping) and (found := number(row.get("train_runtime"))) is not None:
            return found if math.isfinite(found) and found >= 0 else None
    return None


def _at(step: float, value: float) -> Points:
    return Points(np.array([step]), np.array([value]))


def _base(name: str) -> str:
    return name.rpartition("/")[2]
