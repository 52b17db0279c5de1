"""Text from runs, made fit to be shown anywhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def clean_text(text: str) -> str:
    """Text without control characters, lone surrogates and non-characters (each becomes U+FFFD).

    Line feed, carriage return and tab stay: encoders deal with them by position.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if _is_unfit(char) else char for char in text)


def clean_texts(texts: Sequence[str | None]) -> Sequence[str | None]:
    """Each text cleaned; None stays None."""
    whole = "".join(filter(None, texts))
    if whole.isascii() and whole.isprintable():
        return texts
    return [None if text is None else clean_text(text) for text in texts]


def _is_unfit(char: str) -> bool:
    code = ord(char)
    if char in "\n\r\t":
        return False
    if unicodedata.category(char) in ("Cc", "Cs"):
        return True
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
