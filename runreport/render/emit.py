"""The one encoder: how text from runs enters a page, a file name or a file, position by position.

Denied by default: every `str` is data. Only templates and `Trusted` carry markup.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from runreport.cleaning import clean_text

HTML_CODES = {ord(char): f"&#{ord(char)};" for char in "&<>\"'{}\r\n\t"}
"""The minimal set for one-line raw HTML blocks (measured: no structure changed, no text lost)."""

EMPTY = "&#8203;"
"""Where nothing is written Markdown drops the element; a zero-width space keeps it."""

LABEL_LENGTH = 80
SHORT = 80
"""Texts up to so many characters recur from row to row and page to page."""
HEADING_LENGTH = 1_000
"""Characters; the engine's time grows faster than a heading."""

SCHEMES = frozenset({"https", "http", "mailto"})


@dataclass(frozen=True, slots=True)
class Trusted:
    """Markup that this package made. Not a `str`: a marked string loses its mark when joined."""

    markup: str

    def __html__(self) -> str:
        return self.markup


def html(text: str) -> str:
    """Text for element content inside a one-line raw HTML block."""
    return _encoded(text) if len(text) <= SHORT else clean_text(text).translate(HTML_CODES)


@lru_cache(maxsize=20_000)
def _encoded(text: str) -> str:
    return clean_text(text).translate(HTML_CODES)


def attr(text: str) -> str:
    """Text for a quoted attribute value."""
    return html(text)


def md(text: str) -> str:
    """Text for any inline position of Markdown: every character but letters and digits coded."""
    cleaned = clean_text(text)
    coded = "".join(
        char if char.isascii() and char.isalnum() else f"&#{ord(char)};" for char in cleaned
    )
    return coded or EMPTY


def heading(text: str) -> str:
    """Text for a heading in Markdown."""
    return md(text if len(text) <= HEADING_LENGTH else f"{text[: HEADING_LENGTH - 1]}\u2026")


def title(text: str) -> str:
    """Text for front matter and navigation, which MkDocs' templates do not escape."""
    return heading(" ".join(clean_text(text).split()))


def href(url: str) -> str | None:
    """An address fit for a link, attribute-encoded; None when it is not."""
    found = address(url)
    return None if found is None else attr(found)


def address(url: str) -> str | None:
    """An address of the web or of mail, without user info; None for everything else."""
    try:
        parts = urlsplit(clean_text(url).strip())
        if parts.scheme not in SCHEMES or "\ufffd" in url:
            return None
        if parts.scheme == "mailto":
            return urlunsplit(parts) if "@" in parts.path else None
        host = _host(parts)
    except ValueError:
        return None
    if not host:
        return None
    return urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))


def _host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    shown = f"[{name}]" if ":" in name else name
    return f"{shown}:{parts.port}" if parts.port is not None else shown


def shown_address(location: str) -> str:
    """A source's location as pages name it: no credentials, no folders of this machine."""
    if "://" in location and not location.startswith(("sqlite:", "file:")):
        try:
            parts = urlsplit(location)
            return urlunsplit((parts.scheme, _host(parts), parts.path, "", ""))
        except ValueError:
            return "(address)"
    return re.split(r"[/\\]", location.rstrip("/\\"))[-1] or location


def json(value: Any) -> str:
    """A value for a JSON script tag; non-finite numbers become null."""
    import orjson

    text = orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS).decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def csv(value: float | str | None) -> str:
    """One CSV cell. Text that a spreadsheet would run as a formula is prefixed with `'`."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return repr(value)
    text = clean_text(value)
    if text.startswith(("=", "+", "-", "@", "\t", "\r")):
        text = f"'{text}"
    if any(char in text for char in '",\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "\u2212": "$-$",
    "\u202f": r"\,",
    "\n": " ",
    "\r": " ",
    "\t": " ",
}


_ROW_OPTION = re.compile(r"^(\s*)([\[*])")
"""What LaTeX would take for an option of the row that ended before."""


def latex(text: str) -> str:
    """Text for running LaTeX and for the cells of a table."""
    written = "".join(_LATEX.get(char, char) for char in clean_text(text))
    return _ROW_OPTION.sub(r"\1{\2}", written)


def label(text: str) -> str:
    """Text for a chart: one line, at most 80 characters, no control characters."""
    line = " ".join(clean_text(text).split())
    if len(line) > LABEL_LENGTH:
        line = f"{line[: LABEL_LENGTH - 1]}\u2026"
    # matplotlib leaves artists out whose label begins with an underscore
    return f"\u200b{line}" if line.startswith("_") else line


def identifier(kind: str, key: str) -> str:
    """An id or anchor: generated, so that no data reach it."""
    return f"rr-{kind}-{_short(key)}"


def run_token(run_id: str) -> str:
    """What stands for a run in ids, file names and `data-run`."""
    return f"r{_short(run_id)}"


def run_tokens(run_ids: Sequence[str]) -> str:
    """The `data-run` value of something that stands for several runs."""
    return " ".join(run_token(run_id) for run_id in run_ids)


# a run is named by every mark and row of it
@lru_cache(maxsize=65_536)
def _short(key: str) -> str:
    # 48 bits: 10,000 runs collide with a chance of 2e-7, and the verifier would refuse the page
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
