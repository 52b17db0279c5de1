"""Write offline runs as the W&B SDK does: one `.wandb` log a run, framing, checksums and all.

python benchmarks/wandblogs.py out --runs 50 --metrics 10 --steps 1000

A step is three records, as SDK 0.31 writes them: the summary that it changes, the history itself,
and the run time; items come in any order. The benchmark has W&B's own reader read it all, so what
it writes is what that takes for a log.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.sources.wandb_logs import START, framed, item, message, record, text, whole

NAMES = (
    "train/loss", "train/accuracy", "val/loss", "val/accuracy", "learning_rate", "grad_norm",
    "epoch", "throughput", "gpu_memory", "weight_norm",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How many runs, and how long."""

    runs: int = 50
    metrics: int = 10
    steps: int = 1_000

    @property
    def name(self) -> str:
        return f"wandb-{self.runs}x{self.metrics}x{self.steps}"

    @property
    def points(self) -> int:
        return self.runs * self.metrics * self.steps


def ensure(size: Size, folder: Path) -> Path:
    """The runs in the folder, written when they are not there yet."""
    path = folder / size.name / "wandb"
    if not path.exists():
        unfinished = folder / f"{size.name}.part" / "wandb"
        for number in range(size.runs):
            name = f"{number:08x}"
            run = unfinished / f"offline-run-20250615_{number:06d}-{name}"
            (run / "files").mkdir(parents=True, exist_ok=True)
            (run / f"run-{name}.wandb").write_bytes(framed(records(size, number, name)))
        unfinished.parent.rename(path.parent)
    return path


def records(size: Size, number: int, name: str) -> Iterator[bytes]:
    """The records of a run."""
    rng = random.Random(number)
    names = [NAMES[i] if i < len(NAMES) else f"extra_{i:03d}" for i in range(size.metrics)]
    lr = 10 ** rng.uniform(-4, -1)
    config = [item(("lr",), lr, 1), item(("seed",), number % 5, 1)]
    run = text(1, name) + text(3, "bench") + message(4, b"".join(config)) + text(13, "host")
    counter = itertools.count(1)
    yield record(next(counter), 17, run + message(17, whole(1, START)))
    for step in range(size.steps):
        progress = 1.0 - math.exp(-5.0 * (step + 1) / size.steps)
        values: list[tuple[tuple[str, ...], float]] = [
            ((metric,), (place + 1) * (1.0 - progress) + rng.gauss(0.0, 0.02))
            for place, metric in enumerate(names)
        ]
        values += [
            (("_step",), step),
            (("_runtime",), step * 0.5),
            (("_timestamp",), START + step * 0.5),
        ]
        rng.shuffle(values)
        yield record(next(counter), 3, b"".join(item(path, value, 2) for path, value in values))
        rng.shuffle(values)
        history = b"".join(item(path, value, 2) for path, value in values)
        yield record(next(counter), 2, history + message(2, whole(1, step) if step else b""))
        runtime = item(("_wandb", "runtime"), int(step * 0.5), 2)
        yield record(next(counter), 3, runtime + item(("_runtime",), int(step * 0.5), 1))
    yield record(next(counter), 18, whole(2, int(size.steps * 0.5)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, default in (("runs", 50), ("metrics", 10), ("steps", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    print(ensure(Size(args.runs, args.metrics, args.steps), args.folder))


if __name__ == "__main__":
    main()
