"""Times that trackers write, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def from_text(text: Any) -> datetime | None:
    """An ISO 8601 time, UTC where it has no zone; None when it is none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def from_seconds(seconds: float | None) -> datetime | None:
    """Seconds since 1970; None when that is no time."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
