"""Read W&B logs by one reader, from open to typed columns, and print what that took as JSON.

python -P benchmarks/wandbreaders.py READER LOGS

Run with `-P`, since a script called `wandb.py` lies beside it. Imports are not timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

Found = tuple[float, int, float]
"""Seconds, points, sum of the values."""


def ours(logs: Path) -> Found:
    """runreport: tables and every history, by as many processes as there are cores."""
    # what a build has loaded anyway
    import pyarrow.parquet  # noqa: F401

    from runreport.columns import numbers
    from runreport.kinds import SourceContext
    from runreport.sources.wandb import SOURCE, Options, reader  # noqa: F401

    started = time.perf_counter()
    opened = SOURCE.open(Options(str(logs)), SourceContext(logs.parent, {}))
    tables = opened.tables()
    runs = tables.runs["run_id"].to_pylist()
    names = set(tables.metrics["metric"].to_pylist())
    count, total = 0, 0.0
    for table in opened.histories(runs, names):
        count += table.num_rows
        total += float(numbers(table["value"]).sum())
    return time.perf_counter() - started, count, total


def alone(logs: Path) -> Found:
    """runreport's reading of one log after the other, in this process."""
    from runreport.sources.wandb.log import read_log

    count, total = 0, 0.0
    started = time.perf_counter()
    for path in sorted(logs.glob("*/*.wandb")):
        log = read_log(path)
        points, _ = log.columns.points(log.step_metrics(log.columns.names()))
        for series in points.values():
            count += series.value.size
            total += float(series.value.sum())
    return time.perf_counter() - started, count, total


def peer(logs: Path) -> Found:
    """The reader that wandb shipped last, its protocol buffers, and JSON."""
    import wandb

    wandb._assert_is_internal_process = True
    from wandb.proto.wandb_internal_pb2 import Record
    from wandb.sdk.internal.datastore import DataStore

    count, total = 0, 0.0
    started = time.perf_counter()
    for path in sorted(logs.glob("*/*.wandb")):
        store = DataStore()
        store.open_for_scan(str(path))
        columns: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
        while (data := store.scan_data()) is not None:
            record = Record()
            record.ParseFromString(data)
            if record.WhichOneof("record_type") != "history":
                continue
            row: dict[str, Any] = {}
            for item in record.history.item:
                name = item.key or ".".join(item.nested_key)
                row[name] = json.loads(item.value_json)
            step, when = row.pop("_step"), row.pop("_timestamp")
            row.pop("_runtime")
            for name, value in row.items():
                columns[name].append((step, when, value))
        for points in columns.values():
            table = np.array(points, np.float64)
            count += len(table)
            total += float(table[:, 2].sum())
        store.close()
    return time.perf_counter() - started, count, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=("ours", "alone", "peer"))
    parser.add_argument("logs", type=Path)
    args = parser.parse_args()
    for file in args.logs.glob("*/*.wandb"):
        file.read_bytes()
    seconds, points, total = {"ours": ours, "alone": alone, "peer": peer}[args.reader](args.logs)
    peak = max(
        resource.getrusage(who).ru_maxrss / 1e3
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    found = {"seconds": seconds, "points": points, "sum": total, "peak_mb": peak}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
