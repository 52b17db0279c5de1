"""Loading small specs in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from runreport import registry
from runreport.spec.load import Loaded, read_spec

SOURCES = "sources: [{mlflow: store.db}]\n"


def write(folder: Path, text: str, name: str = "runreport.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), "utf-8")
    return path


def read(
    folder: Path,
    text: str,
    *,
    sets: Sequence[str] = (),
    profile: str | None = None,
    environ: Mapping[str, str] | None = None,
    sections: Mapping[str, Any] = registry.SECTIONS,
) -> Loaded:
    """The spec of a text written to `folder`; a text without `sources` gets a store."""
    text = dedent(text)
    path = write(folder, text if "sources:" in text else SOURCES + text)
    return read_spec(
        path,
        sections=sections,
        sources=registry.SOURCES,
        sets=sets,
        profile=profile,
        environ=environ or {},
    )


def codes(loaded: Loaded) -> list[str]:
    return [problem.code for problem in loaded.problems]


def the(loaded: Loaded, code: str) -> tuple[str, str | None]:
    """Message and hint of the only problem, which has that code."""
    assert codes(loaded) == [code], loaded.problems
    return loaded.problems[0].message, loaded.problems[0].hint


def marked(loaded: Loaded) -> list[str]:
    """The characters that each problem's span covers."""
    found = []
    for problem in loaded.problems:
        span = problem.span
        assert span is not None
        text = span.file if span.file.startswith("--set ") else Path(span.file).read_text("utf-8")
        line = text.split("\n")[span.line - 1]
        found.append(line[span.column - 1 : span.column - 1 + span.length])
    return found
