"""The artifacts of all runs of a local store, and what has to be said about those not read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from runreport.errors import Problem, SourceError
from runreport.kinds import SourceContext
from runreport.sources.limits import Limits
from runreport.sources.listing import Listing
from runreport.sources.mlflow.artifacts import ArtifactFolders
from runreport.sources.mlflow.collect import Collector
from runreport.sources.mlflow.options import Options
from runreport.tables import Artifact, RunTables

_SOME = 3
"""Runs that a note names."""


class Shelf:
    """Lists the artifacts of one run after the other."""

    def __init__(self, roots: tuple[Path, ...], limits: Limits) -> None:
        self._folders = ArtifactFolders(roots, limits)
        self._limits = limits
        self._missing: list[str] = []
        self._unhashed = 0

    @property
    def looked_at(self) -> frozenset[Path]:
        """Files and folders of whose state the artifacts are a function."""
        return self._folders.places()

    def of(
        self, run_id: str, address: str | None, told: Collector, *, beside: str | None = None
    ) -> tuple[Artifact, ...]:
        """Artifacts of a run.

        Args:
            run_id: MLflow's own.
            address: where the store says they are.
            told: takes problems.
            beside: where they are when the address leads nowhere: MLflow makes this folder in
                any case, so it says nothing when it is empty.
        """
        return self._take(run_id, address, self._folders.of(run_id, address), told, beside)

    def all_of(
        self,
        runs: Sequence[tuple[str, str | None]],
        told: Collector,
        beside: Sequence[str] | None = None,
    ) -> dict[str, tuple[Artifact, ...]]:
        """Artifacts of the runs that have some, by id.

        Args:
            runs: id and address of each.
            told: takes problems.
            beside: for each run, as `of` says.
        """
        without = self._folders.without(runs)
        found: dict[str, tuple[Artifact, ...]] = {}
        for place, (run_id, address) in enumerate(runs):
            is_known = without.get(run_id)
            if is_known is None or not (is_known or beside is None):
                other = None if beside is None else beside[place]
                if files := self.of(run_id, address, told, beside=other):
                    found[run_id] = files
            elif not is_known:
                self._missing.append(run_id)
        return found

    def _take(
        self,
        run_id: str,
        address: str | None,
        listing: Listing,
        told: Collector,
        beside: str | None,
    ) -> tuple[Artifact, ...]:
        if not listing.found and beside is not None:
            other = self._folders.of(run_id, beside)
            if other.artifacts or not address:
                listing = other
        if not listing.found and address:
            self._missing.append(run_id)
        if listing.cut:
            message = f"showing {len(listing.artifacts):,} artifacts; there are more"
            told.tell("RR307", message, run_id)
        if listing.refused:
            message = f"{listing.refused:,} of its artifacts are links or cannot be read; left out"
            told.tell("RR310", message, run_id)
        self._unhashed += listing.unhashed
        return listing.artifacts

    def tell(self, told: Collector) -> None:
        """Say what holds for the store, once."""
        if self._missing:
            some = ", ".join(run[:32] for run in self._missing[:_SOME])
            more = ", ..." if len(self._missing) > _SOME else ""
            told.tell(
                "RR309",
                f"no artifacts were found for {len(self._missing):,} runs: {some}{more}",
                severity="note",
                hint="they logged none, or their folder is not below the store's own;"
                " `artifact_root: FOLDER` names another",
            )
        if self._unhashed:
            message = f"{self._unhashed:,} large artifacts are listed without a digest"
            told.tell("RR311", message, severity="note")


def roots(own: Path, options: Options, context: SourceContext) -> tuple[Path, ...]:
    """The folders that artifacts may be read from: the store's own, and the one that is named.

    Raises:
        SourceError: RR300 when the named folder is not there.
    """
    if options.artifact_root is None:
        return (own.resolve(),)
    named = context.base / options.artifact_root
    if not named.is_dir():
        message = f"artifact_root {options.artifact_root!r} is no folder"
        hint = "relative paths start at the folder of the spec"
        raise SourceError(Problem("RR300", message, None, hint))
    return (own.resolve(), named.resolve())


def place(cache: Path, store: Path | str) -> Path:
    """Where the histories of a store are kept: a path, or the address of a server."""
    own = store if isinstance(store, str) else os.path.abspath(store)
    name = own.encode("utf-8", "surrogateescape")
    return cache / "sources" / f"mlflow-{hashlib.sha256(name).hexdigest()[:16]}"


def digest(tables: RunTables) -> str | None:
    """SHA-256 over every artifact that was listed; None when there is none."""
    rows = zip(
        *(tables.artifacts[name].to_pylist() for name in ("run_id", "path", "bytes", "digest")),
        strict=True,
    )
    lines = sorted("\0".join(map(str, row)) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else None
