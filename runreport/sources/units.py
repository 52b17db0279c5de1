"""What one run of the tables stands for, where a store holds evaluations with their samples."""

from __future__ import annotations

from typing import Literal

Unit = Literal["run", "sample"]
"""An evaluation, or one sample of one."""
Reduce = Literal["mean", "none"]
"""Several answers to one sample: their mean, or a run each."""
