"""`runreport init`: a commented spec for what is found at a path or address."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runreport.commands.discovery import Store
    from runreport.tables import Run


@click.command(name="init")
@click.argument("where", metavar="[PATH]", default=".")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="runreport.yaml",
    show_default=True,
    help="The spec to write.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(where: str, output: Path, force: bool) -> int:
    """Look at PATH and write a commented spec for the runs found there.

    PATH is a store, a folder with stores in it or below it (default: this folder), a file or
    pattern of plain files, or the address of a tracking server. The spec builds as it stands.
    """
    from runreport.commands.discovery import chosen, discover, read_stores
    from runreport.commands.drafting import Study, draft
    from runreport.commands.messages import show_problems
    from runreport.commands.strangers import strangers
    from runreport.errors import Problem, SpecError

    if output.exists() and not force:
        hint = "write to another file with `-o`, or replace it with --force"
        raise SpecError(Problem("RR366", f"{output} is already there", hint=hint))
    here = Path.cwd()
    stores = discover(where, here)
    reading = read_stores(chosen(stores), os.environ)
    facts, read = reading.facts, reading.stores
    others = [store for store in stores if store not in chosen(stores)]
    base = Path(os.path.abspath(output)).parent
    runs = facts.tables.rows
    study = Study(
        title=_title(read, runs, (here / where).resolve()),
        entries=[(store.entry(base), store.found.summary) for store in read],
        others=[
            *((store.entry(base), problems[0].message) for store, problems in reading.failed),
            *((store.entry(base), "") for store in others),
        ],
        runs=runs,
        redacted=facts.redacted,
    )
    _write(output, draft(study))
    unread = [replace(p, severity="warning") for _, own in reading.failed for p in own]
    show_problems([*unread, *(p for p in facts.tables.problems if p.severity != "note")])
    show_problems(strangers(here / where, [store.place() for store in stores]))
    for store in (*(store for store, _ in reading.failed), *others):
        click.echo(f"also found: {_printable(store)}; it stands in the spec as a comment", err=True)
    found = "; ".join(store.found.summary for store in read)
    words = f"{found}; {len(runs)} run{'s' * (len(runs) != 1)} read"
    click.echo(f"{output}: written for {_clean(words)}")
    click.echo(f"next: runreport build {output}" if str(output) != "runreport.yaml" else _NEXT)
    return 0


_NEXT = "next: runreport build"


def _write(output: Path, text: str) -> None:
    from runreport.errors import Problem, PublishError

    try:
        output.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise PublishError(Problem("RR602", f"cannot write {output}: {reason}")) from None


def _title(stores: tuple[Store, ...], runs: tuple[Run, ...], root: Path) -> str:
    """What the report is called: the experiment when there is one, else where the store is."""
    experiments = {run.experiment for run in runs} - {"", "Default"}
    if len(experiments) == 1:
        (name,) = experiments
        return f"Runs of {name[:100]}"
    store = stores[0]
    if len(stores) > 1:
        return f"Runs of {root.name}" if root.name else "Runs"
    if store.location.lower().startswith(("http://", "https://")):
        return "Runs of a tracking server"
    folder = store.folder
    place = folder.parent if folder.name in ("mlruns", "") else folder
    return f"Runs of {place.name}" if place.name else "Runs"


def _printable(store: Store) -> str:
    return _clean(f"{store.found.source}: {store.found.summary}")


def _clean(text: str) -> str:
    from runreport.commands.messages import printable

    return printable(text)
