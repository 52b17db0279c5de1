"""TensorBoard event files: what is read, as TensorBoard reads it and as it was written."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.columns import numbers, values
from runreport.kinds import SourceContext
from runreport.sources.tensorboard import SOURCE, Options, checksums
from runreport.tables import RunTables
from tests.shared import SHARED, needs_shared
from tests.sources import event_logs as logs
from tests.sources.event_logs import WALL, Log, event, scalar, summary

Points = Mapping[tuple[str, str], list[tuple[float, float, float]]]
"""Run and metric to step, time in seconds and value of each point."""


def read(location: Path, cache: Path | None = None, **options: Any) -> tuple[RunTables, Points]:
    reader = SOURCE.open(
        Options(str(location), **options), SourceContext(location.parent, {}, cache=cache)
    )
    tables = reader.tables()
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    runs = values(tables.runs["run_id"])
    for part in reader.histories(runs, set(values(tables.metrics["metric"]))):
        rows = zip(
            values(part["run_id"]),
            values(part["metric"]),
            numbers(part["step"]).tolist(),
            part["time"].cast("int64").to_pylist(),
            numbers(part["value"]).tolist(),
            strict=True,
        )
        for run, metric, step, time, value in rows:
            seconds = math.nan if time is None else time / 1e6
            key = (run.removeprefix("tensorboard:"), metric)
            found.setdefault(key, []).append((step, seconds, value))
    return tables, found


def same(first: list[Any], second: list[Any]) -> bool:
    """Whether points are equal: NaN is itself, times to the microsecond."""
    if len(first) != len(second):
        return False
    one, other = np.array(first, float), np.array(second, float)
    return bool(
        np.array_equal(one[:, 0], other[:, 0])
        and np.allclose(one[:, 1], other[:, 1], rtol=0, atol=2e-6, equal_nan=True)
        and np.array_equal(one[:, 2], other[:, 2], equal_nan=True)
    )


def codes(tables: RunTables) -> list[str]:
    return [problem.code for problem in tables.problems]


def params(tables: RunTables, run: str) -> dict[str, str]:
    rows = tables.params.to_pylist()
    return {row["param"]: row["value"] for row in rows if row["run_id"] == f"tensorboard:{run}"}


def official(file: Path) -> dict[str, list[tuple[float, float, float]]]:
    """What TensorBoard's own accumulator says of a file, with no limit."""
    module = "tensorboard.backend.event_processing.event_accumulator"
    reason = "the package tensorboard is not installed"
    accumulators = pytest.importorskip(module, reason=reason)
    tensors = pytest.importorskip("tensorboard.util.tensor_util", reason=reason)
    guidance = dict.fromkeys(accumulators.DEFAULT_SIZE_GUIDANCE, 0)
    found = accumulators.EventAccumulator(
        str(file), size_guidance=guidance, purge_orphaned_data=False
    )
    found.Reload()
    points = {
        tag: [(point.step, point.wall_time, point.value) for point in found.Scalars(tag)]
        for tag in found.Tags()["scalars"]
    }
    for tag in found.Tags()["tensors"]:
        if found.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
            points[tag] = [
                (p.step, p.wall_time, float(tensors.make_ndarray(p.tensor_proto)))
                for p in found.Tensors(tag)
            ]
    return points


def stored_files() -> list[Path]:
    stores = ("samples/tensorboard", "samples/tensorboard_torch", "samples/ray_tune")
    roots = [SHARED / name for name in (*stores, "wild/tensorboard")]
    return sorted(file for root in roots for file in root.rglob("*tfevents*"))


@needs_shared("samples", "tensorboard")
@pytest.mark.parametrize("file", stored_files(), ids=lambda file: file.parent.name)
def test_scalars_of_stored_files_are_those_that_tensorboard_reads(file: Path) -> None:
    expected = official(file)
    _, found = read(file)
    assert {metric for _, metric in found} == set(expected)
    for tag, points in expected.items():
        assert same(found[file.name, tag], points)


def test_checksums_are_those_of_the_definition() -> None:
    # "123456789" has the check value of the Rocksoft catalogue
    assert logs.crc32c(b"123456789") == 0xE3069283
    rng = random.Random(1)
    for length in (*range(70), 255, 256, 257, 511, 512, 4_095, 4_096, 4_097, 70_000):
        data = rng.randbytes(length)
        expected = int.from_bytes(logs.masked(data), "little")
        assert checksums.long_message(data) == expected
        assert checksums.masked(data) == expected
    messages = [rng.randbytes(rng.randint(4, 1_500)) for _ in range(40)]
    lengths = np.array([len(data) for data in messages])
    found = checksums.many(
        np.frombuffer(b"".join(messages), np.uint8), np.cumsum(lengths) - lengths, lengths
    )
    assert checksums.mask(found).tolist() == [
        int.from_bytes(logs.masked(data), "little") for data in messages
    ]


def test_long_messages_are_folded_from_pieces() -> None:
    data = random.Random(2).randbytes((1 << 20) + 77)
    assert checksums.long_message(data) == int.from_bytes(logs.masked(data), "little")


# ---- mixtures of records ---------------------------------------------------------------------

NAMES = st.sampled_from(["loss", "acc", "train/loss", "a" * 40, "β/é", "metric_00", "metric_01"])
FLOATS = st.floats(width=32)
STEPS = st.one_of(
    st.integers(0, 300),
    st.sampled_from([-1, 127, 128, 16_383, 16_384, 2_097_152, 2**53, -(2**62)]),
)


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[bytes, list[tuple[str, int, float, float]]]]:
    """Records, each with the points it holds."""
    found: list[tuple[bytes, list[tuple[str, int, float, float]]]] = []
    rng = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(
            st.sampled_from(
                ["rounds", "rounds", "loose", "many", "tensors", "histograms", "images", "texts"]
            )
        )
        start = draw(STEPS)
        tags = draw(st.lists(NAMES, min_size=1, max_size=4))
        for turn in range(draw(st.sampled_from([1, 3, 20, 90, 300]))):
            step, wall = start + turn, WALL + rng.random() * 1e5
            special = [math.nan, math.inf, -math.inf, 0.0, -0.0]
            value = rng.choice(special) if rng.random() < 0.02 else rng.gauss(0, 1)
            value = struct.unpack("<f", struct.pack("<f", value))[0]
            if kind == "rounds":
                for tag in tags:
                    payload = event(wall, step, summary(scalar(tag, value)))
                    found.append((payload, [(tag, step, wall, value)]))
            elif kind == "loose":
                tag = rng.choice(tags)
                payload = event(wall, rng.choice([step, 0, start]), summary(scalar(tag, value)))
                found.append((payload, [(tag, step_of(payload), wall, value)]))
            elif kind == "many":
                parts = [scalar(tag, value) for tag in tags]
                points = [(tag, step, wall, value) for tag in tags]
                found.append((event(wall, step, summary(*parts)), points))
            elif kind == "tensors":
                tag = f"tensor/{tags[0]}"
                shown = logs.plugin("scalars") if turn == 0 else b""
                part = logs.tensor_value(tag, logs.float_tensor(value), shown)
                found.append((event(wall, step, summary(part)), [(tag, step, wall, value)]))
            elif kind == "histograms":
                edges = [rng.random() for _ in range(rng.randint(1, 30))]
                found.append((event(wall, step, summary(logs.histogram("h", edges))), []))
            elif kind == "images":
                data = b"\x89PNG" + rng.randbytes(rng.choice([10, 70_000]) if turn == 0 else 10)
                parts = [logs.image("picture", data), scalar(tags[0], value)]
                if turn % 2:
                    found.append(
                        (event(wall, step, summary(*parts)), [(tags[0], step, wall, value)])
                    )
                else:
                    found.append((event(wall, step, summary(parts[0])), []))
            else:
                found.append((event(wall, step, summary(logs.text("note", "words"))), []))
    return found


def step_of(payload: bytes) -> int:
    """The step of an event as it is written."""
    if payload[9] != 0x10:
        return 0
    value, shift = 0, 0
    for byte in payload[10:20]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value - (1 << 64) if value >> 63 else value


def expected_points(
    program: list[tuple[bytes, list[tuple[str, int, float, float]]]],
) -> dict[str, list[tuple[float, float, float]]]:
    found: dict[str, list[tuple[float, float, float]]] = {}
    for _, points in program:
        for tag, step, wall, value in points:
            found.setdefault(tag, []).append((float(step), wall, value))
    return found


@settings(max_examples=50, deadline=None)
@given(programs())
def test_any_mixture_of_records_is_read_point_for_point(
    tmp_path_factory: pytest.TempPathFactory,
    program: list[tuple[bytes, list[tuple[str, int, float, float]]]],
) -> None:
    path = Log(tmp_path_factory.mktemp("log")).write(payload for payload, _ in program)
    tables, found = read(path)
    expected = expected_points(program)
    assert {metric for _, metric in found} == set(expected)
    for tag, points in expected.items():
        assert same(found[path.name, tag], points)
    assert not codes(tables) or set(codes(tables)) == {"RR374"}


@settings(max_examples=30, deadline=None)
@given(programs())
def test_any_mixture_of_records_is_read_as_tensorboard_reads_it(
    tmp_path_factory: pytest.TempPathFactory,
    program: list[tuple[bytes, list[tuple[str, int, float, float]]]],
) -> None:
    path = Log(tmp_path_factory.mktemp("log")).write(payload for payload, _ in program)
    expected = official(path)
    _, found = read(path)
    assert {metric for _, metric in found} == set(expected)
    for tag, points in expected.items():
        assert same(found[path.name, tag], points)
