"""Reference cases: published numbers and what other software says, read where they are kept."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.shared import SHARED, needs_shared

FOLDER = SHARED / "statistics"
needs_oracles = needs_shared("statistics", "oracles.json")

Floats = NDArray[np.float64]

# Fisher (1935), The Design of Experiments, section 17: Darwin's maize, eighths of an inch
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=np.float64)

# Student (1908): hours of sleep gained under two drugs, the same ten patients
SLEEP_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def oracle(name: str) -> dict[str, Any]:
    """One case with its data and expected values."""
    cases = json.loads((FOLDER / "oracles.json").read_text())
    return next(case for case in cases if case["id"] == name)


def behaviour(name: str) -> dict[str, Any]:
    """One sample, and what a report must and must not say of it."""
    cases = json.loads((FOLDER / "behaviours.json").read_text())
    return next(case for case in cases if case["id"] == name)


def floats(values: Any) -> Floats:
    return np.array(values, dtype=np.float64)
