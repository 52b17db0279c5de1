"""Problems for people and for machines: with the line, a caret below it, and the remedy."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import click

from runreport.errors import Problem, Span

Format = Literal["text", "github", "json"]
FORMATS: tuple[Format, ...] = ("text", "github", "json")

WIDTH = 96
"""Columns of a line of the spec that are shown."""
LONGEST = 2_000
"""Characters of a message that are shown."""
LARGEST_FILE = 1_000_000
SET = "--set "
"""A span in a value of the command line names that value instead of a file."""

COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}
_USERINFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_ANNOTATIONS = {"error": "error", "warning": "warning", "note": "notice"}


def show_problems(problems: Iterable[Problem], format: Format = "text") -> None:  # noqa: A002  as the option is called
    """Write problems: text and GitHub's annotations to stderr, JSON to stdout."""
    found = list(problems)
    if format == "json":
        click.echo(as_json(found))
    elif format == "github":
        for problem in found:
            click.echo(as_github(problem), err=True)
    else:
        files: dict[str, list[str]] = {}
        colored = _colored()
        texts = [as_text(problem, files, colored=colored) for problem in found]
        if texts:
            click.echo("\n\n".join(texts), err=True, color=colored)


def _colored() -> bool:
    return (
        sys.stderr.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") != "dumb"
    )


# ---- for people ----------------------------------------------------------------------------------


def as_text(problem: Problem, files: dict[str, list[str]], *, colored: bool = False) -> str:
    """The problem with the line it stands in.

    Args:
        problem: what to show.
        files: lines of files that were read before; filled in here.
        colored: with the codes of a terminal.
    """

    def paint(text: str, fg: str | None = None, *, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold or None) if colored else text

    color = COLORS[problem.severity]
    head = paint(f"{problem.severity}[{problem.code}]", color, bold=True)
    lines = [f"{head}: {paint(_fit(problem.message), bold=True)}"]
    span = problem.span
    margin = " " * (len(str(span.line)) if span is not None else 1)
    if span is not None:
        where = span.file if span.file.startswith(SET) else str(span)
        lines.append(f"{margin}--> {_fit(where)}")
        framed = _frame(span, files)
        if framed is not None:
            text, before, under = framed
            bar = paint("|", "blue")
            lines.append(f"{paint(str(span.line), 'blue')} {bar} {text}")
            lines.append(f"{margin} {bar} {' ' * before}{paint('^' * under, color)}")
    if problem.place is not None:
        lines.append(f"{margin}--> {_fit(problem.place)}")
    if problem.hint is not None:
        lines.append(f"{margin} = hint: {_fit(problem.hint)}")
    return "\n".join(lines)


def _fit(text: str) -> str:
    safe = printable(text[: LONGEST + 1])
    return safe if len(text) <= LONGEST else f"{safe[:LONGEST]}\u2026"


def printable(text: str) -> str:
    """One line that no terminal obeys: control, format and separator characters as codes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_safe, text))


def _safe(char: str) -> str:
    if char == "\u00ad" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return char if char != "\u00ad" else "\\xad"
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char) or (
        f"\\x{ord(char):02x}"
        if ord(char) < 0x100
        else f"\\u{ord(char):04x}"
        if ord(char) < 0x10000
        else f"\\U{ord(char):08x}"
    )


def _frame(span: Span, files: dict[str, list[str]]) -> tuple[str, int, int] | None:
    """The line as shown, columns before the caret, and how many carets."""
    lines = _lines(span.file, files)
    if not 1 <= span.line <= len(lines):
        return None
    # a log may be read by more people than the spec: no password of an address is repeated
    line = _USERINFO.sub(lambda found: "*" * len(found[0]), lines[span.line - 1])
    start = min(span.column - 1, len(line))
    stop = min(start + span.length, max(len(line), start + 1))
    first, last = 0, len(line)
    if columns(_shown(line)) > WIDTH:
        # a window around the place
        first = max(0, start - WIDTH // 2)
        last = min(len(line), first + WIDTH)
        stop = min(stop, last)
    before, under, after = line[first:start], line[start:stop], line[stop:last]
    left, right = "\u2026" * (first > 0), "\u2026" * (last < len(line))
    shown = left + _shown(before) + _shown(under) + _shown(after) + right
    return shown, columns(left + _shown(before)), max(1, columns(_shown(under)))


def _shown(line: str) -> str:
    """The line with tabs as spaces and nothing that a terminal obeys."""
    return printable(line.replace("\t", "    "))


def columns(text: str) -> int:
    """Columns that a text takes on a terminal: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(c) in ("Mn", "Me")
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def _lines(file: str, files: dict[str, list[str]]) -> list[str]:
    if file not in files:
        files[file] = _read(file)
    return files[file]


def _read(file: str) -> list[str]:
    if file.startswith(SET):
        return [file]
    path = Path(file)
    try:
        if not path.is_file():
            return []
        with path.open("rb") as opened:
            text = opened.read(LARGEST_FILE).decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return []
    return re.split("\r\n|\r|\n", text)


# ---- for machines --------------------------------------------------------------------------------


def as_github(problem: Problem) -> str:
    """A workflow command that annotates the line."""
    properties: list[tuple[str, str]] = []
    span = problem.span
    if span is not None and not span.file.startswith(SET):
        properties += [
            ("file", span.file),
            ("line", str(span.line)),
            ("col", str(span.column)),
            ("endColumn", str(span.column + span.length)),
        ]
    properties.append(("title", problem.code))
    words = problem.message if problem.place is None else f"{problem.place}: {problem.message}"
    if problem.hint is not None:
        words = f"{words}\nhint: {problem.hint}"
    joined = ",".join(f"{key}={_property(value)}" for key, value in properties)
    kind = _ANNOTATIONS[problem.severity]
    return f"::{kind} {joined}::{_data(words[:LONGEST])}"


def _data(text: str) -> str:
    kept = "\n".join(printable(line) for line in text.split("\n"))
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_json(problems: Sequence[Problem]) -> str:
    """All problems as one JSON object."""
    counts = {
        f"{severity}s": sum(problem.severity == severity for problem in problems)
        for severity in COLORS
    }
    return json.dumps({"problems": [_plain(problem) for problem in problems], **counts}, indent=2)


def _plain(problem: Problem) -> dict[str, object]:
    span = problem.span
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "file": None if span is None else span.file,
        "line": None if span is None else span.line,
        "column": None if span is None else span.column,
        "length": None if span is None else span.length,
        "place": problem.place,
    }
