"""The encoder switched off, which only a test can do: every text becomes markup."""

from __future__ import annotations

import pytest

from runreport.render import emit
from runreport.render import page as pages

ENCODERS = ("html", "attr", "md", "title", "href", "label", "clean_text")


def switch_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every encoder hands its text through, and so does the sanitiser of Markdown."""

    def through(text: str) -> str:
        return text

    for name in ENCODERS:
        monkeypatch.setattr(emit, name, through)
    monkeypatch.setattr(pages, "note_html", through)
