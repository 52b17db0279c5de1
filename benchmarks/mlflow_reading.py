"""Reading MLflow stores beside MLflow's own client: histories and run tables, SQLite and files.

Each figure is one process's, from opening the store to typed columns. Both sides have read another,
tiny store before, so that imports and first uses are left out. Peers and we take turns. The
client's histories are a sample of (run, metric) pairs, scaled to all of them: its time is the same
for every pair.

python benchmarks/mlflow_reading.py            # 200 runs x 10 metrics x 1,000 steps
python benchmarks/mlflow_reading.py --large    # 1,000 x 20 x 2,000, SQLite alone
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stores import METRICS, Size, ensure, ensure_folder

LARGE = Size(runs=1000, metrics=20, steps=2000)
TINY = Size(runs=3, metrics=3, steps=5)
SMALL_MB, LARGE_MB, GROWTH_MB = 500.0, 2000.0, 64.0


@dataclass(frozen=True)
class Goal:
    """One comparison."""

    title: str
    store: str
    """`database` or `folder`."""
    ours: str
    peer: str
    ratio: float
    adbc: bool = True
    growth_mb: float | None = None


GOALS = (
    Goal("SQLite, all histories, ADBC", "database", "histories", "client-histories", 80),
    Goal(
        "SQLite, all histories, standard library",
        "database",
        "histories",
        "client-histories",
        50,
        adbc=False,
    ),
    Goal("SQLite, one metric of all runs", "database", "one-metric", "client-one-metric", 50),
    Goal("SQLite, run table", "database", "table", "search-runs", 25),
    Goal("files, run table", "folder", "table", "search-runs", 50),
    Goal(
        "files, all histories", "folder", "histories", "client-histories", 20, growth_mb=GROWTH_MB
    ),
)

# ---- in a process of its own ---------------------------------------------------------------------


def ours(store: Path, tiny: Path, what: str) -> Callable[[], dict[str, Any]]:
    """Our reading: of `table`, `histories` or `one-metric`."""
    import numpy as np
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401  # imports are left out of what is measured

    from runreport.columns import numbers
    from runreport.kinds import SourceContext
    from runreport.sources import arrowsql
    from runreport.sources.mlflow import SOURCE, Options, files, sqlite  # noqa: F401  # as above

    arrowsql.installed()

    def work(store: Path = store) -> dict[str, Any]:
        context = SourceContext(base=store.parent, environ={})
        reader = SOURCE.open(Options(store.name), context)
        tables = reader.tables()
        if what == "table":
            return {"runs": tables.runs.num_rows}
        runs = tables.runs["run_id"].to_pylist()
        one = {METRICS[0]}
        metrics = one if what == "one-metric" else set(tables.metrics["metric"].to_pylist())
        count, total = 0, 0.0
        for part in reader.histories(runs, sorted(metrics)):
            count += part.num_rows
            total += float(np.sum(numbers(part["value"])))
        return {"points": count, "sum": total}

    work(tiny)
    return work


def peers(store: Path, tiny: Path, what: str, pairs: int) -> Callable[[], dict[str, Any]]:
    """MLflow's reading: `search-runs`, `client-histories` or `client-one-metric`."""
    os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_DISABLE_TELEMETRY="true")
    import mlflow
    from mlflow import MlflowClient

    def uri(store: Path) -> str:
        return f"sqlite:///{store}" if store.is_file() else store.as_uri()

    if what == "search-runs":
        import pandas  # noqa: F401  # as above

        def table(store: Path = store) -> dict[str, Any]:
            mlflow.set_tracking_uri(uri(store))
            return {"runs": len(mlflow.search_runs(["1"], max_results=50_000))}

        table(tiny)
        return table
    client = MlflowClient(tracking_uri=uri(store))
    first = client.search_runs(["1"], max_results=1)[0].info.run_id
    client.get_metric_history(first, METRICS[0])
    found = client.search_runs(["1"], max_results=50_000)
    names = [METRICS[0]] if what == "client-one-metric" else sorted(found[0].data.metrics)
    every = [(run.info.run_id, name) for run in found for name in names]
    stride = max(1, len(every) // pairs)
    # a stride that shares no factor with the metrics takes all of them in turn
    while stride > 1 and len(names) % stride == 0:
        stride -= 1
    chosen = every[::stride]

    def work() -> dict[str, Any]:
        count = sum(len(client.get_metric_history(run, name)) for run, name in chosen)
        return {"points": count, "scale": len(every) / len(chosen)}

    return work


def alone(store: Path, tiny: Path, what: str, pairs: int, by_cpu: bool) -> None:
    """Measure one reading and print what came of it."""
    mine = what in ("table", "histories", "one-metric")
    work = ours(store, tiny, what) if mine else peers(store, tiny, what, pairs)
    before = high_water_mb()
    clock = cpu_s if by_cpu else time.perf_counter
    started = clock()
    found = work()
    seconds = (clock() - started) * found.get("scale", 1.0)
    other = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    peak = max(high_water_mb(), other)
    print(json.dumps({**found, "seconds": seconds, "peak_mb": peak, "growth_mb": peak - before}))


def cpu_s() -> float:
    """Seconds of processor time, of ended children too."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def high_water_mb() -> float:
    """The most memory this process has held."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3


# ---- the comparison ------------------------------------------------------------------------------


def measured(store: Path, what: str, args: argparse.Namespace, adbc: bool = True) -> dict[str, Any]:
    command = [sys.executable, __file__, "--alone", what, "--store", str(store)]
    command += ["--stores", str(args.stores)]
    command += ["--pairs", str(args.pairs), *([] if adbc else ["--without-adbc"])]
    command += ["--cpu"] if args.cpu else []
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{what} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(goal: Goal, store: Path, args: argparse.Namespace, most_mb: float) -> bool:
    """Both sides in turn, the best of each; whether the goal is reached."""
    mine, theirs = [], []
    for _ in range(args.repeat):
        theirs.append(measured(store, goal.peer, args))
        mine.append(measured(store, goal.ours, args, goal.adbc))
    best = min(one["seconds"] for one in mine)
    peer = min(one["seconds"] for one in theirs)
    peak = max(one["peak_mb"] for one in mine)
    growth = max(one["growth_mb"] for one in mine)
    ratio = peer / best
    points = mine[0].get("points")
    told = f"{points:,} points" if points else f"{mine[0]['runs']:,} runs"
    print(
        f"{goal.title:40} {told:>18} | ours {best:8.3f} s, {goal.peer} {peer:9.2f} s | ratio"
        f" {ratio:6.1f} (goal {goal.ratio:.0f}) | peak {peak:.0f} MB, growth {growth:.0f} MB",
        flush=True,
    )
    good = ratio >= goal.ratio and peak < most_mb
    return good and (goal.growth_mb is None or growth < goal.growth_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, default=Path(tempfile.gettempdir()) / "rr-stores")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=100, help="of the client's histories")
    parser.add_argument(
        "--cpu", action="store_true", help="processor time instead of wall time: on a busy machine"
    )
    parser.add_argument("--only", default="", help="words of the titles to measure")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--without-adbc", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.alone:
        if args.without_adbc:
            # importing it fails, as where it is not installed
            sys.modules["adbc_driver_sqlite"] = None  # type: ignore[assignment]
        tiny = args.stores / (TINY.name if args.store.is_file() else TINY.folder_name)
        alone(args.store, tiny, args.alone, args.pairs, args.cpu)
        return
    size = LARGE if args.large else Size()
    stores = {"database": ensure(size, args.stores)}
    ensure(TINY, args.stores)
    ensure_folder(TINY, args.stores)
    if not args.large:
        stores["folder"] = ensure_folder(size, args.stores)
    for store in stores.values():
        read_once(store)
    good = True
    for goal in GOALS:
        if goal.store in stores and args.only in goal.title:
            most = LARGE_MB if args.large else SMALL_MB
            good = compare(goal, stores[goal.store], args, most) and good
    sys.exit(0 if good else 1)


def read_once(path: Path) -> None:
    """Bring the store into the page cache, so that neither side pays for the disk."""
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        with file.open("rb") as stream:
            while stream.read(1 << 24):
                pass


if __name__ == "__main__":
    main()
