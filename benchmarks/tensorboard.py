"""TensorBoard event files beside EventAccumulator, tbparse and TensorBoard's server in Rust.

python benchmarks/tensorboard.py [--peer PYTHON] [--large]

Each reader is a process of its own that reads a log from open to typed columns; imports are not
timed. `--peer` is an interpreter that has the packages tensorboard and tbparse, if this one has
not. Record checksums are verified here as by TensorBoard's Python reader, but for images over 64 kB
(nobody needs what is skipped); what verifying them costs is printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from eventfiles import Log, ensure
from measure import compile_package, measure

READERS = Path(__file__).with_name("eventreaders.py")
SAMPLED = 10
"""Runs of the large log that the peer reads."""
MOST_MB, MOST_LARGE_MB = 500.0, 2_000.0


@dataclass(frozen=True)
class Goal:
    """How many times faster than a peer."""

    log: Log
    peer: str
    times: float


GOALS = (
    Goal(Log(), "accumulator", 100.0),
    Goal(Log(), "tbparse", 100.0),
    Goal(Log(), "server", 4.0),
    Goal(Log("irregular"), "accumulator", 25.0),
    Goal(Log("irregular"), "server", 1.0),
    Goal(Log("images", runs=1), "accumulator", 200.0),
    Goal(Log("tensors"), "accumulator", 100.0),
)


def seconds(python: str, reader: str, path: Path, points: int, turns: int) -> float:
    """The median time of some turns; every one must find each point."""
    found = []
    for _ in range(turns):
        command = [python, "-P", str(READERS), reader, str(path), "--points", str(points)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{reader} failed:\n{done.stderr[-2_000:]}")
        answer = json.loads(done.stdout.splitlines()[-1])
        if answer["points"] != points:
            raise SystemExit(f"{reader} found {answer['points']:,} of {points:,} points")
        found.append(answer["seconds"])
    return statistics.median(found)


def read_once(path: Path) -> None:
    """Bring a log into the page cache, so that nobody pays for the disk."""
    for file in path.rglob("*tfevents*"):
        file.read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, default=Path(tempfile.gettempdir()) / "rr-stores")
    parser.add_argument("--peer", default=sys.executable, help="interpreter with the peers")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", help="one kind of log: regular, irregular, images, tensors")
    parser.add_argument("--large", action="store_true", help="1,000 runs x 20 tags x 2,000 steps")
    args = parser.parse_args()
    compile_package()
    good = True
    logs = list(dict.fromkeys(goal.log for goal in GOALS))
    for log in logs:
        if args.only and log.kind != args.only:
            continue
        path = ensure(log, args.stores)
        read_once(path)
        ours = seconds(sys.executable, "ours", path, log.points, args.turns)
        plain = seconds(sys.executable, "unverified", path, log.points, args.turns)
        print(f"{log.name}: {log.points:,} points")
        print(f"  ours {ours:.3f} s; without verifying checksums {plain:.3f} s")
        for goal in GOALS:
            if goal.log != log:
                continue
            turns = args.turns if goal.peer == "server" else 1
            peer = seconds(args.peer, goal.peer, path, log.points, turns)
            ratio = peer / ours
            good &= ratio >= goal.times
            print(f"  {goal.peer} {peer:.2f} s: ratio {ratio:.1f} (goal {goal.times:.0f})")
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-P", str(READERS), "ours", str(path)]
            peak = measure(command, Path(folder)).peak_mb
            good &= peak < MOST_MB
            print(f"  peak of ours {peak:.0f} MB (goal {MOST_MB:.0f})")
    if args.large:
        good &= large(args.stores, args.peer)
    sys.exit(0 if good else 1)


def large(stores: Path, peer_python: str) -> bool:
    """40,000,000 points; the peer reads a sample of the runs."""
    log = Log(runs=1_000, tags=20, steps=2_000)
    path = ensure(log, stores)
    ours = seconds(sys.executable, "ours", path, log.points, 1)
    sample = Log(runs=SAMPLED, tags=20, steps=2_000)
    peer = seconds(peer_python, "accumulator", ensure(sample, stores), sample.points, 1)
    ratio = peer * log.runs / SAMPLED / ours
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", str(READERS), "ours", str(path)]
        peak = measure(command, Path(folder)).peak_mb
    print(f"{log.name}: {log.points:,} points")
    print(f"  ours {ours:.2f} s; accumulator by {SAMPLED} runs: ratio {ratio:.1f} (goal 100)")
    print(f"  peak of ours {peak:.0f} MB (goal {MOST_LARGE_MB:.0f})")
    return ratio >= 100.0 and peak < MOST_LARGE_MB


if __name__ == "__main__":
    main()
