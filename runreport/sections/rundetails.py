"""What is known of each run's origin, run by run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from runreport import formats
from runreport.blocks import Block, Cell, Code, Column, Fold, Inline, Row, RunRef, Table
from runreport.kinds import Context
from runreport.sections import ancestry, charting, steps, variation
from runreport.sections.origins import origins
from runreport.sections.packages import packages_of
from runreport.tables import Artifact, Run

ROWS = 300
"""Runs of the table."""

DIFFS = ("diff.patch", "git.diff", "git.patch", "uncommitted.diff", "uncommitted.patch")
"""Names that trackers give to the changes that were not committed."""

DIFF_TAGS = ("mlflow.git.diff", "mlflow.source.git.diff", "git.diff")


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run's origin in short."""

    run_id: str
    name: str
    commit: str
    branch: str
    uncommitted: str
    """`yes`, `no`, the size of the logged change, or nothing."""
    data: tuple[str, ...]
    python: str
    packages: int
    machine: str
    command: str
    seed: str
    parents: tuple[str, ...]
    models: tuple[str, ...]


def details(context: Context) -> tuple[RunDetail, ...]:
    """Every run of the report, in its order."""
    names = {run.id: run.name or run.id for run in context.runs}
    return tuple(_detail(context, run, names) for run in context.runs[:ROWS])


def _detail(context: Context, run: Run, names: Mapping[str, str]) -> RunDetail:
    found = origins(run)
    by_label = {origin.label: origin.text for origin in found}
    machine = [o.text for o in found if o.topic == "hardware"]
    commits = [f.digest for f in run.lineage if f.kind == "code" and f.digest]
    branches = [f.version for f in run.lineage if f.kind == "code" and f.version]
    return RunDetail(
        run_id=run.id,
        name=run.name or run.id,
        commit=", ".join(dict.fromkeys(commits)),
        branch=", ".join(dict.fromkeys(branches)),
        uncommitted=_uncommitted(run),
        data=tuple(
            f"{steps.data_name(fact)} {variation.brief(fact.digest) if fact.digest else ''}".strip()
            for fact in ancestry.data_of(run)
        ),
        python=by_label.get("python", ""),
        packages=len(packages_of(run)),
        machine=", ".join(machine),
        command=by_label.get("command", ""),
        seed=", ".join(
            text if name == "seed" else f"{name} {text}"
            for name, text in ancestry.seeds(run, context.design)
        ),
        parents=tuple(names.get(parent, parent) for parent in ancestry.parents(run)),
        models=tuple(
            f"{model.label} ({', '.join(model.aliases)})" if model.aliases else model.label
            for model in ancestry.made(run)
        ),
    )


def _uncommitted(run: Run) -> str:
    known = [fact.dirty for fact in run.lineage if fact.kind == "code" and fact.dirty is not None]
    logged = logged_diff(run)
    if logged is not None:
        size = "" if logged.bytes is None else f", {formats.file_size(logged.bytes)}"
        return f"yes, logged ({logged.path}{size})"
    if text := next((run.tags[tag] for tag in DIFF_TAGS if run.tags.get(tag)), ""):
        return f"yes, logged ({len(text):,} characters in a tag)"
    if not known:
        return ""
    return "yes" if any(known) else "no"


def logged_diff(run: Run) -> Artifact | None:
    """The artifact that holds the changes that were not committed, where the run logged one."""
    return next((a for a in run.artifacts if a.path.rpartition("/")[2] in DIFFS), None)


TextOf: TypeAlias = Callable[[RunDetail], str]
CellOf: TypeAlias = Callable[[RunDetail], Cell]


def blocks(found: Sequence[RunDetail], runs: int) -> list[Block]:
    """A folded table, columns that no run fills left out."""
    if not found:
        return []
    columns: list[tuple[Column, CellOf]] = [(Column("Run"), _run)]
    named: tuple[tuple[str, TextOf, bool], ...] = (
        ("Commit", lambda d: d.commit, True),
        ("Branch", lambda d: d.branch, False),
        ("Uncommitted changes", lambda d: d.uncommitted, False),
        ("Data", lambda d: "; ".join(d.data), False),
        ("Command", lambda d: d.command, True),
        ("Seed", lambda d: d.seed, False),
        ("Python", lambda d: d.python, False),
        ("Packages", lambda d: str(d.packages) if d.packages else "", False),
        ("Machine", lambda d: d.machine, False),
        ("Parent", lambda d: "; ".join(d.parents), False),
        ("Models", lambda d: "; ".join(d.models), False),
    )
    for title, text_of, is_code in named:
        if any(text_of(detail) for detail in found):
            columns.append((Column(title), _maker(text_of, is_code)))
    rows = tuple(
        Row(tuple(make(detail) for _, make in columns), run_id=detail.run_id) for detail in found
    )
    rest = runs - len(found)
    note = (f"{formats.count(rest, 'further run')} not listed.",) if rest > 0 else ()
    caption = "What was logged of each run's origin"
    table = Table(tuple(c for c, _ in columns), rows, caption, note=note, export="origins")
    return [Fold("Run by run", (table,))]


def _run(detail: RunDetail) -> Cell:
    return Cell((RunRef(detail.run_id, charting.fit(detail.name)),), detail.name)


def _maker(text_of: TextOf, is_code: bool) -> CellOf:
    def make(detail: RunDetail) -> Cell:
        text = text_of(detail)
        if not text:
            return Cell((formats.MISSING,), None, frozenset({"missing"}))
        shown = variation.brief(text, 60)
        word: Inline = Code(shown) if is_code else shown
        return Cell((word,), text[:1000])

    return make
