"""W&B logs read beside the last Python reader that wandb shipped; ends with 1 below 4 times faster.

python benchmarks/wandb.py --peer PYTHON

PYTHON is the interpreter of an environment with `pip install 'wandb==0.19.11' numpy`: later
versions have no such reader. Both sides read every point into typed columns; imports are not
timed, checksums are verified by both. The best of some rounds counts, the rounds of both sides
taken in turn.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from wandblogs import Size, ensure

GOAL = 4.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", required=True, help="a Python with wandb 0.19.11")
    parser.add_argument("--stores", type=Path, default=Path(tempfile.gettempdir()) / "rr-stores")
    parser.add_argument("--rounds", type=int, default=5)
    for name, default in (("runs", 50), ("metrics", 10), ("steps", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    size = Size(args.runs, args.metrics, args.steps)
    logs = ensure(size, args.stores)
    mb = sum(file.stat().st_size for file in logs.glob("*/*.wandb")) / 1e6
    print(f"{size.name}: {size.points:,} points in {mb:.0f} MB")
    best: dict[str, dict[str, Any]] = {}
    for _ in range(args.rounds):
        for reader, python in (("ours", sys.executable), ("alone", sys.executable),
                               ("peer", args.peer)):  # fmt: skip
            found = read(python, reader, logs)
            if reader not in best or found["seconds"] < best[reader]["seconds"]:
                best[reader] = found
    for reader, found in best.items():
        print(f"{reader:6} {found['seconds']:.3f} s, {found['peak_mb']:.0f} MB, "
              f"{found['points']:,} points, sum {found['sum']:.6f}")  # fmt: skip
    same = all(
        found["points"] == size.points
        and math.isclose(found["sum"], best["peer"]["sum"], rel_tol=1e-9)
        for found in best.values()
    )
    ratio = best["peer"]["seconds"] / best["ours"]["seconds"]
    alone = best["peer"]["seconds"] / best["alone"]["seconds"]
    print(f"{ratio:.1f} times faster than wandb's reader (goal {GOAL:g}); {alone:.1f} times in one "
          f"process, up to numpy columns; same points: {same}")  # fmt: skip
    return 0 if same and ratio >= GOAL else 1


def read(python: str, reader: str, logs: Path) -> dict[str, Any]:
    """What one reader, in a process of its own, says."""
    script = Path(__file__).with_name("wandbreaders.py")
    done = subprocess.run(
        [python, "-P", "-W", "ignore", str(script), reader, str(logs)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{reader} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
