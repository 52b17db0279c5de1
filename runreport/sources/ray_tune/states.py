"""What Ray Tune's experiment state says of its trials."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem
from runreport.sources.ray_tune.detect import STATES
from runreport.sources.runfolders import RunFolder, number
from runreport.sources.trees import Tree, TreeFile, read_file
from runreport.tables import Status

MAX_STATE = 256_000_000
_STATUSES: Mapping[str, Status] = {
    "TERMINATED": "finished",
    "ERROR": "failed",
    "RUNNING": "running",
    "PAUSED": "running",
}
"""Of trials; one that is still pending has not begun."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the state says of one trial."""

    id: str
    folder: str
    """Its name; empty when it has none yet."""
    status: Status
    trainable: str | None
    failures: float | None
    started: float | None
    """Seconds since 1970."""
    ended: float | None

    @property
    def name(self) -> str | None:
        """As Ray shows it: what is trained, and the id."""
        return f"{self.trainable}_{self.id}" if self.trainable and self.id else None


@dataclass(eq=False)
class States:
    """The newest state of each experiment below a location, parsed when somebody asks."""

    files: Mapping[str, TreeFile]
    """Folder of the experiment to its newest state."""

    @staticmethod
    def of(tree: Tree) -> States:
        """Those of a tree; their names hold the time of the session."""
        found: dict[str, TreeFile] = {}
        for file in tree.files:
            if fnmatch.fnmatchcase(file.base, STATES):
                found[file.folder] = file
        return States(found)

    def beside(self, run: RunFolder) -> Sequence[TreeFile]:
        """The state that tells of a trial."""
        found = self.files.get(run.place.rpartition("/")[0]) if run.place else None
        return () if found is None else (found,)

    def trial(self, run: RunFolder, trial_id: str | None) -> Trial | None:
        """What is known of a trial, by its folder or its id."""
        trials, _ = self._read.get(run.place.rpartition("/")[0], ([], None))
        for trial in trials:
            if trial.folder == run.name or (not trial.folder and trial.id == trial_id):
                return trial
        return next((trial for trial in trials if trial.id and trial.id == trial_id), None)

    def problem(self, run: RunFolder) -> Problem | None:
        """Why the state that tells of a trial is not read."""
        return self._read.get(run.place.rpartition("/")[0], ([], None))[1]

    @cached_property
    def _read(self) -> Mapping[str, tuple[Sequence[Trial], Problem | None]]:
        return {folder: _trials(file) for folder, file in self.files.items()}


def _trials(file: TreeFile) -> tuple[Sequence[Trial], Problem | None]:
    try:
        content = json.loads(read_file(file.path, MAX_STATE))
        # older versions call the same list checkpoints
        entries = content.get("trial_data", content.get("checkpoints"))
        if not isinstance(entries, list):
            raise ValueError("it has no list of trials")
        return [trial for entry in entries if (trial := _trial(entry)) is not None], None
    except (OSError, ValueError, RecursionError, AttributeError) as error:
        words = str(error).splitlines()[0][:120].lower() if str(error) else "it cannot be read"
        message = f"the experiment's state is not read, trials have no status from it: {words}"
        return [], Problem("RR371", message, None, None, "warning", clean_text(file.name))


def _trial(entry: Any) -> Trial | None:
    """One entry: an object or its JSON text, since 2.4 with a second one of what happened."""
    parts = entry if isinstance(entry, list) else [entry]
    state, happened = (*(_object(part) for part in parts[:2]), {}, {})[:2]
    if not state:
        return None
    merged = {**state, **happened}
    folder = state.get("relative_logdir") or state.get("logdir") or state.get("local_path") or ""
    ended = number(merged.get("last_result_time")) or number(merged.get("last_update_time"))
    started = number(merged.get("start_time"))
    trainable = state.get("trainable_name")
    return Trial(
        id=str(state.get("trial_id") or ""),
        folder=str(folder).rstrip("/").rpartition("/")[2],
        status=_STATUSES.get(str(state.get("status")), "unknown"),
        trainable=trainable if isinstance(trainable, str) else None,
        failures=number(merged.get("num_failures")),
        started=started if started and started > 0 else None,
        ended=ended if ended and ended > 0 else None,
    )


def _object(part: Any) -> Mapping[str, Any]:
    if isinstance(part, str):
        try:
            part = json.loads(part)
        except (ValueError, RecursionError):
            return {}
    return part if isinstance(part, Mapping) else {}
