"""Output folders of the Hugging Face Trainer: `trainer_state.json`, results, checkpoints.

    - {hf_trainer: results}
    - {hf_trainer: results/run1}

A run is an output folder: one with a `trainer_state.json`, or with checkpoints that hold one; of
several states the one with the highest step is read. Metrics are the rows of its `log_history` at
their steps, `epoch` too. What `all_results.json` and the like say last is `final.NAME` when the
history has such a name, else NAME, at the last step. Params: `num_train_epochs`, `max_steps`,
`train_batch_size` and `trial_params` of the state; "Training hyperparameters" of a model card
(`README.md`); the model's `config.json` as `model.KEY`, without its lists of labels; of an adapter
`adapter_config.json` as `adapter.KEY`. A run is finished when the Trainer logged its closing row
(`train_runtime`); otherwise its status is unknown. Not read: `training_args.bin`, a pickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext

__all__ = ["SOURCE", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What an entry may say."""

    location: str
    """An output folder, or a folder that holds some at any depth."""


def open_outputs(options: Options, context: SourceContext) -> Reader:
    """As `store.open_outputs`, loaded where a report has such folders."""
    from runreport.sources.hf_trainer import store

    return store.open_outputs(options.location, context)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.hf_trainer.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="hf_trainer", options=Options, open=open_outputs, detect=detect)
