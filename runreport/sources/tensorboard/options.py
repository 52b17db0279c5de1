"""What an author may write about a TensorBoard source."""

from __future__ import annotations

from dataclasses import dataclass

SPLITS = ("train", "training", "validation", "valid", "val", "test", "eval", "evaluation")


@dataclass(frozen=True, slots=True)
class Options:
    """`- {tensorboard: LOCATION, join_folders: [train, validation]}`."""

    location: str
    """A folder with event files at any depth, or one event file."""
    join_folders: tuple[str, ...] = SPLITS
    """Names of folders that are parts of the run they lie in, unless other runs lie beside them;
    `[]`: each is a run."""
