"""`runreport list`: the runs, params, metrics and tags of a store or spec, with counts."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from runreport.commands.inventory import Listing
    from runreport.understand import Facts

WORDS = ("runs", "params", "metrics", "tags")
NARROWEST = 8
"""Columns that a text is cut to at least."""
WIDEST = 60
"""Columns of one text where the width is unknown."""


@click.command(name="list")
@click.argument("where", metavar="[WHERE]", required=False)
@click.argument("what", metavar="[runs|params|metrics|tags]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "csv", "json")),
    default="table",
    show_default=True,
    help="For people, for spreadsheets (one of the four), or for programs.",
)
@click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Replace a spec's value.")
@click.option("--profile", help="Use a profile of the spec.")
def command(
    where: str | None,
    what: str | None,
    form: Literal["table", "csv", "json"],
    sets: tuple[str, ...],
    profile: str | None,
) -> int:
    """List what WHERE holds: runs, params, metrics and tags, with counts.

    WHERE is a spec, a store, a folder, a file or pattern of plain files, or an address; by default
    runreport.yaml, else what is found in this folder. Of a spec, all runs of its sources are
    listed, whatever it selects. Values that look like secrets are replaced, as in a report.
    """
    from runreport.commands.inventory import LISTINGS
    from runreport.commands.messages import show_problems

    if what is None and where in WORDS and not Path(where).exists():
        where, what = None, where
    if what is not None and what not in WORDS:
        raise click.UsageError(f"{what!r} is none of {', '.join(WORDS)}")
    facts = _facts(where, sets, profile)
    rows = facts.tables.rows
    if form == "json":
        click.echo(_json(facts, [what] if what else list(WORDS)))
    elif form == "csv":
        click.echo(_csv(LISTINGS[what or "runs"](rows)), nl=False)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        listings = [LISTINGS[name](rows) for name in ([what] if what else WORDS)]
        click.echo("\n\n".join(_table(listing, width) for listing in listings))
        if facts.redacted:
            words = f"{facts.redacted} value{'s' * (facts.redacted != 1)} that look like secrets"
            click.echo(f"{words} are replaced", err=True)
    show_problems(facts.tables.problems)
    return 0


def _facts(where: str | None, sets: tuple[str, ...], profile: str | None) -> Facts:
    """Everything there, secrets redacted."""
    from runreport import registry
    from runreport.commands.discovery import discover, read_store
    from runreport.spec.load import load_spec
    from runreport.understand import read

    if where is None:
        where = "runreport.yaml" if Path("runreport.yaml").exists() else "."
    if not _is_spec(Path(where)):
        if sets or profile:
            raise click.UsageError("--set and --profile change a spec, and this is none")
        return read_store(discover(where, Path.cwd())[0], os.environ)
    spec = load_spec(
        Path(where),
        sections=registry.SECTIONS,
        sources=registry.SOURCES,
        sets=sets,
        profile=profile,
        environ=os.environ,
    )
    return read(spec, os.environ)


def _is_spec(path: Path) -> bool:
    """Whether a YAML file is a spec rather than a file of results."""
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return False
    if path.name in ("runreport.yaml", "runreport.yml"):
        return True
    with path.open("rb") as file:
        lines = file.read(1_000_000).splitlines()
    return any(line.startswith((b"sources:", b"extends:", b"pages:")) for line in lines)


# ---- forms ---------------------------------------------------------------------------------------


def _json(facts: Facts, names: Sequence[str]) -> str:
    import orjson

    from runreport.commands.inventory import LISTINGS, full_runs

    found: dict[str, Any] = {}
    for name in names:
        if name == "runs":
            found["runs"] = full_runs(facts.tables.rows)
        else:
            listing = LISTINGS[name](facts.tables.rows)
            keys = [column.name.replace(" ", "_").replace("-", "_") for column in listing.columns]
            found[name] = [dict(zip(keys, row, strict=True)) for row in listing.rows]
    found["redacted"] = facts.redacted
    found["problems"] = [
        {"code": p.code, "severity": p.severity, "message": p.message, "place": p.place}
        for p in facts.tables.problems
    ]
    return orjson.dumps(_finite(found), option=orjson.OPT_INDENT_2).decode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def _csv(listing: Listing) -> str:
    from runreport.render import emit

    lines = [",".join(emit.csv(column.name) for column in listing.columns)]
    lines += [",".join(emit.csv(cell) for cell in row) for row in listing.rows]
    return "".join(f"{line}\n" for line in lines)


def _table(listing: Listing, width: int | None) -> str:
    """Aligned columns under a heading with the count; texts are cut to the terminal."""
    from runreport.commands.messages import columns, printable

    heading = f"{len(listing.rows)} {listing.name if len(listing.rows) != 1 else listing.name[:-1]}"
    if not listing.rows:
        return f"no {listing.name}"
    cells = [[column.name for column in listing.columns]]
    cells += [[printable(_text(cell)) for cell in row] for row in listing.rows]
    widths = [max(columns(row[i]) for row in cells) for i in range(len(listing.columns))]
    widths = _fitted(widths, [column.number for column in listing.columns], width)
    lines = [heading]
    for row in cells:
        parts = []
        for text, wide, column in zip(row, widths, listing.columns, strict=True):
            shown = _cut(text, wide)
            space = " " * (wide - columns(shown))
            parts.append(space + shown if column.number else shown + space)
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def _text(cell: str | float | None) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    return f"{cell:d}" if isinstance(cell, int) else f"{cell:.6g}"


def _fitted(widths: Sequence[int], fixed: Sequence[bool], width: int | None) -> list[int]:
    """Widths of columns: the widest texts give way until the line fits."""
    if width is None:
        return [
            wide if stays else min(wide, WIDEST) for wide, stays in zip(widths, fixed, strict=True)
        ]
    found = list(widths)
    free = [index for index, stays in enumerate(fixed) if not stays]
    while sum(found) + 2 * (len(found) - 1) > width:
        widest = max(free, key=lambda index: found[index])
        if found[widest] <= NARROWEST:
            break
        found[widest] -= 1
    return found


def _cut(text: str, wide: int) -> str:
    from runreport.commands.messages import columns

    if columns(text) <= wide:
        return text
    while text and columns(text) > wide - 1:
        text = text[:-1]
    return f"{text}\u2026"
