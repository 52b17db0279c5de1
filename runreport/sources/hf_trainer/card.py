"""Hyperparameters that the Trainer writes into a model card."""

from __future__ import annotations

import re

_HEADING = re.compile(r"^#+\s*Training hyperparameters\s*$", re.I | re.M)
_ITEM = re.compile(r"[-*]\s+([A-Za-z_][\w. ]{0,80}?):\s+(\S.{0,400}?)\s*")
_MOST = 100


def hyperparameters(text: str) -> dict[str, str]:
    """Name to value, as the list below the heading says."""
    heading = _HEADING.search(text)
    if heading is None:
        return {}
    found: dict[str, str] = {}
    for line in text[heading.end() : heading.end() + 20_000].splitlines():
        if line.startswith("#") or len(found) >= _MOST:
            break
        if item := _ITEM.fullmatch(line.strip()[:500]):
            found.setdefault(item[1].replace(" ", "_"), item[2])
    return found
