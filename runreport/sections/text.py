"""The author's own words in Markdown: headings, lists, links, emphasis; sanitised.

`${run.name}` and the like stand for the page's subject.

    - text: |
        We trained each configuration with **six seeds**.
"""

from __future__ import annotations

from dataclasses import dataclass

from runreport.blocks import Block, Markdown
from runreport.kinds import Context, Section


@dataclass(frozen=True, slots=True)
class Options:
    """What the author may write."""

    text: str
    """Markdown; `text: "..."` is enough."""


@dataclass(frozen=True, slots=True)
class TextData:
    """The author's words."""

    text: str


def compute(context: Context, options: Options) -> TextData:
    """The text, its placeholders already filled."""
    return TextData(options.text.strip())


def present(data: TextData, options: Options) -> tuple[Block, ...]:
    """One block of Markdown; nothing for an empty text."""
    return (Markdown(data.text),) if data.text else ()


SECTION = Section(name="text", options=Options, compute=compute, present=present, short="text")
