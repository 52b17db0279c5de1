"""Whether what was found agrees with what is expected, number by number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def disagreements(found: Any, expected: Any, tolerance: Any, where: str = "") -> list[str]:
    """Where the two differ, in words; empty when they agree.

    Args:
        found: numbers, truth values, texts, lists and mappings of them.
        expected: the same shape; what only `found` has is not looked at.
        tolerance: the largest absolute difference, one for all or one for each key.
        where: path to this part.
    """
    if isinstance(expected, Mapping):
        wrong = []
        for key, part in expected.items():
            if key not in found:
                wrong.append(f"{where}{key}: missing")
                continue
            allowed = tolerance[key] if isinstance(tolerance, Mapping) else tolerance
            wrong += disagreements(found[key], part, allowed, f"{where}{key}.")
        return wrong
    if isinstance(expected, str | bool):
        return [] if found == expected else [f"{where} {found!r} instead of {expected!r}"]
    if isinstance(expected, Sequence):
        if len(found) != len(expected):
            return [f"{where} {len(found)} values instead of {len(expected)}"]
        parts = enumerate(zip(found, expected, strict=True))
        return [
            text
            for index, (one, other) in parts
            for text in disagreements(one, other, tolerance, f"{where}{index}.")
        ]
    apart = abs(float(found) - float(expected))
    if math.isnan(apart) or apart > float(tolerance):
        return [f"{where} {found!r} instead of {expected!r}, allowed {tolerance}"]
    return []
