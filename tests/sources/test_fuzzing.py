"""Damaged stores of every format: refused, or read with what was lost said."""

from __future__ import annotations

import os

import pytest

from runreport import registry
from tests.sources.fuzzing import STORES, damaged, source_of, store_of

COUNT = int(os.environ.get("RUNREPORT_FUZZ", "25"))
"""Cases of one format; `benchmarks/fuzz.py` runs 10,000."""


def test_every_source_that_reads_files_is_fuzzed() -> None:
    assert {source_of(name) for name in STORES} >= set(registry.SOURCES) - {"sklearn", "aim"}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(STORES))
def test_no_damage_is_worse_than_a_source_error(tmp_path, name) -> None:
    if not store_of(name).exists():
        pytest.skip(f"no ../shared/{'/'.join(STORES[name])} here")
    faults = [outcome for outcome in damaged(name, COUNT, 1, tmp_path) if outcome.fault]
    assert not faults, "\n".join(f"{o.case}: {o.fault}" for o in faults[:5])
