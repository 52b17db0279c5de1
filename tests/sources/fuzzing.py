"""Stores of every source, damaged at random: what a reader does with them.

One case is a copy of a store in which one file is cut, flipped, spliced, doubled or overwritten. A
reader may refuse it with a SourceError or read what is left and say what was lost; anything else,
an hour or a gigabyte is a fault.
"""

from __future__ import annotations

import random
import resource
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runreport import registry
from runreport.commands.discovery import discover
from runreport.errors import SourceError
from runreport.kinds import SourceContext
from tests.shared import ROOT, SHARED

SECONDS = 20
"""Of one case; a whole store is read in far less than one."""
MEMORY = 3_000_000_000
"""Address space that reading a damaged store may take beyond what the process has."""
INTERESTING = (
    b"\x00" * 8,
    b"\xff" * 8,
    b"\xff\xff\xff\x7f",
    b"{",
    b'"',
    b"\n",
    b",",
    b"1e999",
    b"NaN",
)

STORES = {
    "clearml": ("samples", "clearml"),
    "dvc": ("samples", "dvc", "worktree"),
    "files": ("examples", "files", "results.csv"),
    "hf_trainer": ("samples", "hf_trainer"),
    "hydra": ("samples", "hydra"),
    "inspect": ("samples", "inspect"),
    "lightning": ("samples", "lightning_csv"),
    "lm_eval": ("samples", "lm_eval_harness"),
    "mlflow": ("samples", "mlflow", "mlruns"),
    "mlflow-sqlite": ("samples", "mlflow", "mlflow.db"),
    "neptune": ("samples", "neptune_exporter"),
    "optuna": ("samples", "optuna", "optuna.db"),
    "optuna-journal": ("samples", "optuna", "journal.log"),
    "ray_tune": ("samples", "ray_tune"),
    "sacred": ("samples", "sacred"),
    "tensorboard": ("samples", "tensorboard"),
    "tensorboard-torch": ("samples", "tensorboard_torch"),
    "trackio": ("samples", "trackio"),
    "wandb": ("samples", "wandb"),
    "wandb-online": ("wild", "wandb"),
}
"""A name for the store of each format, with where it lies in the shared folder, or here."""


class TooSlowError(Exception):
    """A case took longer than it may."""


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    case: str
    fault: str | None
    """None: refused or read, as it should be."""
    seconds: float


def source_of(name: str) -> str:
    """The source that reads a store of that name."""
    return name.partition("-")[0]


def store_of(name: str) -> Path:
    root = ROOT if STORES[name][0] == "examples" else SHARED
    return root.joinpath(*STORES[name])


def damaged(name: str, count: int, seed: int, folder: Path) -> Iterator[Outcome]:
    """So many damaged copies of a store, and what its reader does with each."""
    origin = store_of(name)
    rng = random.Random(f"{name}/{seed}")
    place = folder / origin.name
    _copy(origin, place)
    (store,) = discover(str(place), folder)[:1]
    assert store.found.source == source_of(name)
    kind = registry.SOURCES[store.found.source]
    config = dict(store.found.config)
    options = kind.options(config.pop(store.found.source), **config)
    files = sorted(path for path in place.rglob("*") if path.is_file()) or [place]
    contents = {path: path.read_bytes() for path in files}
    # the larger a file, the more there is to damage in it
    weights = [1 + min(len(contents[path]), 200_000) ** 0.5 for path in files]
    for number in range(count):
        (path,) = rng.choices(files, weights)
        data, how = damage(contents[path], rng, list(contents.values()))
        path.write_bytes(data)
        started = time.monotonic()
        fault = attempt(lambda: _read(kind, options, store.folder))
        case = f"{name} {seed}/{number}: {path.relative_to(folder)} {how}"
        path.write_bytes(contents[path])
        yield Outcome(case, fault, time.monotonic() - started)


def damage(data: bytes, rng: random.Random, others: Sequence[bytes]) -> tuple[bytes, str]:
    """A file's content, damaged in one way, and how."""
    how = rng.choice(("cut", "flip", "flips", "splice", "insert", "overwrite", "double", "zero"))
    if not data:
        return rng.randbytes(rng.choice((1, 100, 5_000))), "filled"
    at = rng.randrange(len(data))
    if how == "cut":
        return data[:at], f"cut at {at}"
    if how in ("flip", "flips"):
        found = bytearray(data)
        for _ in range(1 if how == "flip" else rng.randrange(2, 50)):
            found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
        return bytes(found), how
    if how == "splice":
        other = rng.choice(others) or b"\0"
        start = rng.randrange(len(other))
        return data[:at] + other[start : start + rng.randrange(1, 4_000)] + data[at:], "spliced"
    if how == "insert":
        return data[:at] + rng.choice(INTERESTING) + data[at:], f"inserted at {at}"
    if how == "overwrite":
        piece = rng.choice(INTERESTING)
        return data[:at] + piece + data[at + len(piece) :], f"overwritten at {at}"
    if how == "double":
        return data + data[at:], f"repeated from {at}"
    end = min(len(data), at + rng.randrange(1, 5_000))
    return data[:at] + bytes(end - at) + data[end:], f"zeroed from {at} to {end}"


def attempt(work) -> str | None:
    """What is wrong with how a piece of work ended; None when nothing is."""

    def late(_signal, _frame):
        raise TooSlowError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, limits[1]))
    signal.alarm(SECONDS)
    try:
        work()
    except SourceError as error:
        if not error.problems or not all(p.code.startswith("RR3") for p in error.problems):
            return f"SourceError without a code of sources: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)
    return None


def _read(kind, options, base: Path) -> None:
    reader = kind.open(options, SourceContext(base=base, environ={}))
    tables = reader.tables()
    tables.check()
    runs = tables.runs["run_id"].to_pylist()
    metrics = set(tables.metrics["metric"].to_pylist())
    points = sum(part.num_rows for part in reader.histories(runs, metrics))
    assert points < 10_000_000, "more points than a damaged copy of a small store can hold"


def _copy(origin: Path, place: Path) -> None:
    if origin.is_dir():
        # the original is read-only
        shutil.copytree(origin, place, copy_function=shutil.copyfile)
        for path in (place, *place.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, place)
