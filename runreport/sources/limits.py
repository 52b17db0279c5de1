"""How much of one source is read before its reader stops and says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a store is read before a reader stops and says so."""

    runs: int = 100_000
    """Of one source."""
    params: int = 2_000
    """Of one run."""
    tags: int = 2_000
    """Of one run."""
    metrics: int = 5_000
    """Names of one run."""
    key: int = 500
    """Characters of the name of a param, tag or metric."""
    value: int = 20_000
    """Characters of the value of a param or tag."""
    inputs: int = 200
    """Datasets, and model versions, of one run."""
    files: int = 1_000
    """Artifacts of one run."""
    hashed_file: int = 16_000_000
    """Bytes; the digest of a larger artifact is not taken."""
    hashed_run: int = 64_000_000
    """Bytes of the artifacts of one run that are read for digests."""
    hashed_store: int = 1_000_000_000
    """Bytes of all artifacts that are read for digests."""
    seconds: float = 120.0
    """For all tables of a source."""


LIMITS = Limits()
