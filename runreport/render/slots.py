"""Slots: places in the Markdown that are filled after the engine has made HTML of it.

Data in tables and charts so never meet Python-Markdown. A slot's id is generated and every
character of data is coded, so no data can look like one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SLOT = re.compile(r'<div id="rr-slot-(\d{4,})"></div>')


def slot(number: int) -> str:
    """One line of raw HTML for the Markdown; keep blank lines around it."""
    return f'<div id="rr-slot-{number:04d}"></div>'


def fill(html: str, fragments: Mapping[int, str]) -> str:
    """The page with every slot replaced by its fragment.

    Raises:
        KeyError: a slot without a fragment.
        ValueError: a fragment whose slot is missing or there twice.
    """
    filled: list[int] = []

    def replace(match: re.Match[str]) -> str:
        number = int(match[1])
        filled.append(number)
        return fragments[number]

    page = SLOT.sub(replace, html)
    if sorted(filled) != sorted(fragments):
        raise ValueError(f"slots {sorted(filled)} do not match fragments {sorted(fragments)}")
    return page
