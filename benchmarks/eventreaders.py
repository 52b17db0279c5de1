"""Read a log by one reader, from open to typed columns, and print what that took as JSON.

python -P benchmarks/eventreaders.py READER LOG [--points N]

Run with `-P`, since a script called `tensorboard.py` lies beside it. Imports are not timed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Found = tuple[float, int, float]
"""Seconds, points, sum of the finite values."""


def ours(log: Path, points: int) -> Found:
    """runreport: tables and every history."""
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401  # what every build has loaded

    from runreport.columns import numbers
    from runreport.kinds import SourceContext
    from runreport.sources import partitions  # noqa: F401  # imports are not timed
    from runreport.sources.tensorboard import SOURCE, Options
    from runreport.sources.tensorboard import store as _store  # noqa: F401  # imports are not timed

    started = time.perf_counter()
    reader = SOURCE.open(Options(str(log)), SourceContext(log.parent, {}))
    tables = reader.tables()
    runs = tables.runs["run_id"].to_pylist()
    names = set(tables.metrics["metric"].to_pylist())
    count, total = 0, 0.0
    for table in reader.histories(runs, names):
        count += table.num_rows
        value = numbers(table["value"])
        total += float(value[np.isfinite(value)].sum())
    return time.perf_counter() - started, count, total


def unverified(log: Path, points: int) -> Found:
    """The same without comparing checksums, to see what that costs."""
    from runreport.sources.tensorboard import regular

    class Fitting:
        def __ne__(self, stored: Any) -> Any:
            return np.zeros(stored.shape, np.bool_)

    regular.Kind.sums = lambda _kind, _differ, _varying: Fitting()  # type: ignore[method-assign,assignment,return-value]  # to compare times
    return ours(log, points)


def accumulator(log: Path, points: int) -> Found:
    """TensorBoard's EventAccumulator, with no limit."""
    from tensorboard.backend.event_processing import event_accumulator as ea
    from tensorboard.util.tensor_util import make_ndarray

    guidance = dict.fromkeys(ea.DEFAULT_SIZE_GUIDANCE, 0)
    count, total = 0, 0.0
    started = time.perf_counter()
    for run in sorted(log.iterdir()):
        accumulated = ea.EventAccumulator(str(run), size_guidance=guidance)
        accumulated.Reload()
        tags = accumulated.Tags()
        for tag in tags["scalars"]:
            found = accumulated.Scalars(tag)
            np.array([point.step for point in found])
            np.array([point.wall_time for point in found])
            value = np.array([point.value for point in found])
            count, total = count + value.size, total + float(value.sum())
        for tag in tags["tensors"]:
            held = accumulated.Tensors(tag)
            np.array([point.step for point in held])
            value = np.array([make_ndarray(point.tensor_proto) for point in held])
            count, total = count + value.size, total + float(value.sum())
    return time.perf_counter() - started, count, total


def tbparse(log: Path, points: int) -> Found:
    """tbparse's table of scalars."""
    from tbparse import SummaryReader

    started = time.perf_counter()
    table = SummaryReader(str(log), event_types={"scalars"}).scalars
    value = table["value"].to_numpy()
    return time.perf_counter() - started, len(table), float(value.sum())


def server(log: Path, points: int) -> Found:
    """TensorBoard's data server in Rust: from its start until it has served every point."""
    import subprocess
    import tempfile

    import grpc
    import tensorboard_data_server
    from tensorboard.data.proto import data_provider_pb2 as messages
    from tensorboard.data.proto import data_provider_pb2_grpc as services

    with tempfile.TemporaryDirectory() as folder:
        ports = Path(folder, "port")
        started = time.perf_counter()
        process = subprocess.Popen(
            [
                tensorboard_data_server.server_binary(),
                f"--logdir={log}",
                "--port=0",
                f"--port-file={ports}",
                "--reload=once",
                "--samples-per-plugin=scalars=all",
                "--die-after-stdin",
            ],
            stdin=subprocess.PIPE,
        )
        try:
            while not (ports.exists() and ports.read_text().endswith("\n")):
                time.sleep(0.002)
            options = [("grpc.max_receive_message_length", -1)]
            channel = grpc.insecure_channel(f"localhost:{ports.read_text().strip()}", options)
            stub = services.TensorBoardDataProviderStub(channel)
            request = messages.ReadScalarsRequest(experiment_id="")
            request.plugin_filter.plugin_name = "scalars"
            request.downsample.num_points = 100_000_000
            plan = messages.ListScalarsRequest(experiment_id="")
            plan.plugin_filter.plugin_name = "scalars"
            runs = sum(1 for _ in log.iterdir())
            while True:
                # the last step of every run must be there before it is worth asking for all
                listed = stub.ListScalars(plan).runs
                ends = [max(t.metadata.max_step for t in run.tags) for run in listed if run.tags]
                if len(listed) == runs and min(ends) == max(ends):
                    count, total = _served(stub.ReadScalars(request))
                    if count >= points:
                        return time.perf_counter() - started, count, total
                time.sleep(0.01)
        finally:
            process.kill()
            process.wait()


def _served(answer: Any) -> tuple[int, float]:
    count, total = 0, 0.0
    for run in answer.runs:
        for tag in run.tags:
            np.array(tag.data.step)
            np.array(tag.data.wall_time)
            value = np.array(tag.data.value)
            count, total = count + value.size, total + float(value.sum(dtype=np.float64))
    return count, total


READERS: dict[str, Callable[[Path, int], Found]] = {
    "ours": ours,
    "unverified": unverified,
    "accumulator": accumulator,
    "tbparse": tbparse,
    "server": server,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("log", type=Path)
    parser.add_argument("--points", type=int, default=0)
    args = parser.parse_args()
    seconds, points, total = READERS[args.reader](args.log, args.points)
    print(json.dumps({"seconds": seconds, "points": points, "total": total}))


if __name__ == "__main__":
    main()
