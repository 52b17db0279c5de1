"""Damaged stores of every format, 10,000 of each: no crash, no hang, no flood of memory.

`python benchmarks/fuzz.py [FORMAT ...] [--count 10000] [--seed 2]` prints a line per format with
the number of cases, the slowest of them and every fault; it ends with 1 when there is a fault.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.sources.fuzzing import STORES, damaged, store_of


def main() -> int:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", help="stores to damage; all by default")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=2)
    asked = parser.parse_args()
    faults = 0
    for name in asked.formats or sorted(STORES):
        if not store_of(name).exists():
            print(f"{name}: no ../shared/{'/'.join(STORES[name])} here")
            continue
        started, slowest, cases = time.monotonic(), 0.0, 0
        with tempfile.TemporaryDirectory() as folder:
            for outcome in damaged(name, asked.count, asked.seed, Path(folder)):
                cases += 1
                slowest = max(slowest, outcome.seconds)
                if outcome.fault:
                    faults += 1
                    print(f"  {outcome.case}: {outcome.fault}", flush=True)
        seconds = time.monotonic() - started
        print(f"{name}: {cases:,} cases, slowest {slowest:.2f} s, {seconds:.0f} s", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
