"""What the site published before says of itself: an input of the next build, and nothing more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 64_000_000
"""Bytes; nothing of ours is larger."""


def results(target: Path, name: str) -> dict[str, Any] | None:
    """The results file of a published site; None where there is none.

    Args:
        target: the folder that readers look at.
        name: of the file in it.

    Raises:
        ValueError: when it cannot be read, or is no JSON object.
    """
    path = target / name
    try:
        if path.is_symlink() or not path.is_file():
            return None
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(error.strerror or "it cannot be read") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(content, dict):
        raise ValueError("it is no JSON object")
    return content
