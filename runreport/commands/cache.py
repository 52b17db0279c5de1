"""`runreport cache`: what builds of a spec keep for the next one, and its removal."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runreport.cache import bounds, place
from runreport.errors import BusyError, Problem, PublishError

if TYPE_CHECKING:
    from runreport.commands.inventory import Listing

LARGEST_LIST = 1_000_000_000
"""Bytes of a source's list that are read."""


@click.command(name="cache")
@click.argument("spec", type=click.Path(path_type=Path), default="runreport.yaml")
@click.option("--clear", is_flag=True, help="Remove all of it; the next build reads everything.")
def command(spec: Path, clear: bool) -> int:
    """Show what builds of SPEC keep in .runreport beside it (default: runreport.yaml).

    Sources with what was read of them, charts, and receipts by which a build sees that nothing
    changed. What was used longest ago goes first when all of it is more than 2 GB, or than
    RUNREPORT_CACHE_LIMIT bytes. No report depends on it.
    """
    root = place.folder_of(spec)
    if not root.exists():
        click.echo(f"{root}: nothing is kept")
        return 0
    if clear:
        click.echo(f"{root}: {_size(_cleared(root))} removed")
        return 0
    if not place.is_ours(root):
        click.echo(f"{root}: it was not made by runreport, so nothing is kept there")
        return 0
    from runreport.commands.listings import as_table

    held = list(bounds.pieces(root))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(as_table(listing(held, root), width))
    limit = bounds.limit_of(os.environ)
    click.echo(f"\n{root}: {_size(sum(p.bytes for p in held))} of at most {_size(limit)}")
    return 0


def _cleared(root: Path) -> int:
    """Remove the folder; bytes that were in it."""
    if not place.is_ours(root):
        hint = f"it has no {place.TAG} of ours; remove it yourself if nobody needs it"
        raise PublishError(Problem("RR601", f"{root} was not made by runreport", hint=hint))
    with place.alone(root) as is_alone:
        if not is_alone:
            hint = "wait for it, then try again"
            raise BusyError(Problem("RR610", f"a build uses {root}", hint=hint))
        try:
            return bounds.clear(root)
        except (OSError, ValueError) as error:
            message = f"{root} cannot be removed: {error}"
            raise PublishError(Problem("RR602", message)) from None


@dataclass(frozen=True, slots=True)
class _Source:
    """What is kept of one source."""

    where: str
    runs: int
    points: int


def listing(held: Iterable[bounds.Piece], root: Path) -> Listing:
    """One row per source of what is held in a folder; charts and receipts are counted."""
    from runreport.commands.inventory import Column, Listing

    columns = (
        Column("part"),
        Column("of"),
        Column("runs", number=True),
        Column("points", number=True),
        Column("size", number=True),
        Column("last used"),
    )
    rows: list[tuple[str | float | None, ...]] = []
    others: dict[str, list[bounds.Piece]] = {}
    for piece in sorted(held, key=lambda piece: -piece.used):
        if piece.kind != "sources":
            others.setdefault(piece.kind, []).append(piece)
            continue
        found = _source(piece.path, root.parent)
        name = piece.path.name.rpartition("-")[0] or piece.path.name
        rows.append(
            (name, "damaged", None, None, _size(piece.bytes), _time(piece.used))
            if found is None
            else (name, found.where, found.runs, found.points, *_facts([piece]))
        )
    for kind, pieces in sorted(others.items()):
        rows.append((kind, str(len(pieces)), None, None, *_facts(pieces)))
    return Listing("parts", columns, tuple(rows))


def _facts(pieces: list[bounds.Piece]) -> tuple[str, str]:
    total = sum(piece.bytes for piece in pieces)
    return _size(total), _time(max(piece.used for piece in pieces))


def _source(folder: Path, beside: Path) -> _Source | None:
    """What the list of a shelf says; None where it is damaged."""
    try:
        with (folder / "shelf.json").open("rb") as file:
            digest, _, body = file.read(LARGEST_LIST).partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        partitions = json.loads(body)["partitions"].values()
        files = [file for entry in partitions for file in entry["signs"]]
        runs = sum(len(entry["runs"]) for entry in partitions)
        points = sum(count for entry in partitions for count in entry["points"].values())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    try:
        where = os.path.commonpath(files)
        if Path(where).is_relative_to(beside):
            where = os.path.relpath(where, beside)
    except ValueError:
        # none, or some that are no paths
        where = ""
    return _Source(where, runs, points)


def _size(count: int) -> str:
    from runreport.formats import file_size

    return file_size(count)


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
