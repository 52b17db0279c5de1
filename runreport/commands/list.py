"""`runreport list`: the runs, params, metrics and tags of a store or spec, with counts."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from runreport.understand import Facts

WORDS = ("runs", "params", "metrics", "tags")


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
    from runreport.commands.listings import as_csv, as_json, as_table
    from runreport.commands.messages import show_problems

    if what is None and where in WORDS and not os.path.exists(where):
        where, what = None, where
    if what is not None and what not in WORDS:
        raise click.UsageError(f"{what!r} is none of {', '.join(WORDS)}")
    facts = _facts(where, sets, profile)
    rows = facts.tables.rows
    if form == "json":
        click.echo(as_json(facts, [what] if what else list(WORDS)))
    elif form == "csv":
        click.echo(as_csv(LISTINGS[what or "runs"](rows)), nl=False)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        listings = [LISTINGS[name](rows) for name in ([what] if what else WORDS)]
        click.echo("\n\n".join(as_table(listing, width) for listing in listings))
        if facts.redacted:
            words = f"{facts.redacted} value{'s' * (facts.redacted != 1)} that look like secrets"
            click.echo(f"{words} are replaced", err=True)
    show_problems(facts.tables.problems)
    return 0


def _facts(where: str | None, sets: tuple[str, ...], profile: str | None) -> Facts:
    """Everything there, secrets redacted."""
    from runreport import registry
    from runreport.commands.discovery import chosen, discover, read_stores
    from runreport.commands.messages import show_problems
    from runreport.commands.strangers import strangers
    from runreport.spec.load import load_spec
    from runreport.understand import read

    if where is None:
        where = "runreport.yaml" if os.path.exists("runreport.yaml") else "."
    if not is_spec(Path(where)):
        if sets or profile:
            raise click.UsageError("--set and --profile change a spec, and this is none")
        stores = discover(where, Path.cwd())
        reading = read_stores(chosen(stores), os.environ)
        unread = [replace(p, severity="warning") for _, own in reading.failed for p in own]
        show_problems(
            [*unread, *strangers(Path.cwd() / where, [store.place() for store in stores])]
        )
        return reading.facts
    spec = load_spec(
        Path(where),
        sections=registry.SECTIONS,
        sources=registry.SOURCES,
        sets=sets,
        profile=profile,
        environ=os.environ,
    )
    return read(spec, os.environ)


def is_spec(path: Path) -> bool:
    """Whether a YAML file is a spec rather than a file of results."""
    if path.suffix.lower() not in (".yaml", ".yml") or not os.path.isfile(path):
        return False
    if path.name in ("runreport.yaml", "runreport.yml"):
        return True
    with path.open("rb") as file:
        lines = file.read(1_000_000).splitlines()
    return any(line.startswith((b"sources:", b"extends:", b"pages:")) for line in lines)
