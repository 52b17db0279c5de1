"""What is said of one code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """The long form of a code."""

    title: str
    """One line, lower case."""
    text: str
    """Why it happens and what to do, in plain text paragraphs."""
