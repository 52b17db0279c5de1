"""Metric files, in bulk and line by line, say what a plain reading of each line says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.sources.mlflow.metriclines import (
    SMALL,
    Block,
    Latest,
    Oddities,
    parse_blocks,
    parse_lines,
)
from runreport.sources.mlflow.points import NO_TIME

T0 = 1_700_000_000_000


def latest(*blocks: bytes) -> Latest:
    found = Latest()
    for block in blocks:
        found.take(block)
    return found


def regular(count: int, start: int = 0, stride: int = 1) -> bytes:
    lines = (f"{T0 + i} {1 / (i + 1)!r} {start + i * stride}\n" for i in range(count))
    return "".join(lines).encode()


def parsed(*texts: bytes) -> list[list[tuple[float, int, str]]]:
    """Points per text; values as text, so that NaN equals NaN."""
    blocks = [Block(text, Oddities(), place) for place, text in enumerate(texts)]
    found: list[list[tuple[float, int, str]]] = [[] for _ in texts]
    for block, step, ms, value in parse_blocks(blocks):
        points = zip(step.tolist(), ms.tolist(), map(repr, value.tolist()), strict=True)
        found[block.place] += list(points)
    return found


def plain(text: bytes) -> list[tuple[float, int, str]]:
    """The same by the words of the format, one line after the other."""
    found = []
    for line in text.decode().split("\n"):
        ms, value, step = line.split(" ")[:3] if line else ("", "", "")
        if line:
            found.append((float(int(step)), int(ms), repr(float(value))))
    return found


def test_regular_files_are_read_in_bulk() -> None:
    texts = [regular(3), regular(2000), regular(500, start=7, stride=5), regular(1)]
    assert parsed(*texts) == [plain(text) for text in texts]


def test_values_that_are_not_finite_stay_what_they_are() -> None:
    text = f"{T0} nan 0\n{T0} inf 1\n{T0} -inf 2\n{T0} 1e400 3\n{T0} 5e-324 4\n".encode()
    ((*points,),) = parsed(text)
    assert [value for _, _, value in points] == ["nan", "inf", "-inf", "inf", "5e-324"]


def test_a_metric_logged_with_a_dataset_keeps_its_step() -> None:
    text = f"{T0} 0.5 3 digits 0abc\n{T0} 0.7 9 my long name 0abc\n".encode()
    assert parsed(text) == [[(3.0, T0, "0.5"), (9.0, T0, "0.7")]]


def test_lines_of_the_oldest_stores_have_no_step() -> None:
    assert parsed(f"{T0} 0.5\n".encode()) == [[(0.0, T0, "0.5")]]


def test_windows_line_ends_are_line_ends() -> None:
    text = regular(300)
    assert parsed(text.replace(b"\n", b"\r\n")) == [plain(text)]


@pytest.mark.parametrize(
    "line",
    [
        b"1700000000000 1,5 0",
        b"1700000000000",
        b"1700000000000 1 2 x",
        b"x 1 2",
        b"1700000000000 1 2.5",
        b"\xff\x80",
        b"1700000000000 one 2",
        b"\x00 \x00 \x00",
    ],
)
def test_a_line_that_is_no_point_is_left_out_and_counted(line: bytes) -> None:
    odd = Oddities()
    points = parse_lines(regular(2) + line + b"\n" + regular(1, start=5), odd)
    assert [step for step, _, _ in points] == [0.0, 1.0, 5.0]
    assert (odd.bad, odd.first, odd.incomplete) == (1, 3, False)


def test_one_odd_file_does_not_touch_the_files_read_with_it() -> None:
    good, bad = regular(2000), regular(1000) + b"oops\n" + regular(1000, start=1000)
    before, _, after = parsed(good, bad, good)
    assert before == after == plain(good)


def test_empty_lines_do_not_shift_the_files_behind_them() -> None:
    good = regular(200)
    first, second = parsed(good + b"\n\n", good)
    assert first == second == plain(good)


def test_a_last_line_without_an_end_is_not_trusted() -> None:
    odd = Oddities()
    assert parse_lines(f"{T0} 1.0 0\n{T0} 0.9 1".encode(), odd) == [(0.0, T0, 1.0)]
    assert (odd.bad, odd.incomplete) == (0, True)


def test_a_time_that_no_clock_shows_is_no_time() -> None:
    ((point,),) = [parse_lines(b"99999999999999999999999 1.0 2\n", Oddities())]
    assert point == (2.0, NO_TIME, 1.0)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        (f"{T0} 1.0 5\n{T0 + 1} 2.0 3\n", (5.0, T0, 1.0)),
        (f"{T0} 1.0 5\n{T0 + 1} 2.0 5\n", (5.0, T0 + 1, 2.0)),
        (f"{T0} 2.0 5\n{T0} 1.0 5\n", (5.0, T0, 2.0)),
        (f"{T0} -3.0 -2\n{T0} 1.0 -7\n", (-2.0, T0, -3.0)),
    ],
)
def test_the_latest_point_has_the_highest_step_then_time_then_value(
    text: str, point: tuple[float, int, float]
) -> None:
    assert latest(text.encode()).point == point


@pytest.mark.parametrize("count", [1, 10, 500, 3000])
def test_the_latest_point_of_a_long_ascending_file_is_its_last(count: int) -> None:
    found = latest(regular(count, start=3, stride=2))
    assert found.point == (3.0 + 2 * (count - 1), T0 + count - 1, 1 / count)
    assert found.odd.lines == count


@pytest.mark.parametrize("place", [0, 1, 999, 1998])
def test_a_step_out_of_order_anywhere_in_a_long_file_is_found(place: int) -> None:
    lines = regular(2000).splitlines(keepends=True)
    lines[place] = f"{T0} 42.0 100000\n".encode()
    text = b"".join(lines)
    assert len(text) > SMALL
    assert latest(text).point == (100000.0, T0, 42.0)


def test_the_latest_point_is_the_same_however_the_file_is_cut_into_blocks() -> None:
    first, second = regular(1500, start=5000), regular(1500)
    assert (
        latest(first, second).point == latest(first + second).point == (6499.0, T0 + 1499, 1 / 1500)
    )


def test_a_long_file_whose_last_line_is_no_point_gives_the_one_before() -> None:
    found = latest(regular(1500) + b"1700000000000 oops 1500\n")
    assert found.point == (1499.0, T0 + 1499, 1 / 1500)
    assert (found.odd.bad, found.odd.first) == (1, 1501)


STEPS = st.integers(-5, 10**9) | st.integers(0, 20)
VALUES = st.floats(width=64)
LINES = st.lists(
    st.tuples(st.integers(0, 2**41), VALUES, STEPS).map(lambda p: f"{p[0]} {p[1]!r} {p[2]}"),
    max_size=300,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4), st.booleans())
def test_bulk_reading_is_plain_reading(files: list[list[str]], sort: bool) -> None:
    if sort:
        files = [sorted(lines, key=lambda line: int(line.split()[2])) for lines in files]
    texts = ["".join(f"{line}\n" for line in lines).encode() for lines in files]
    assert parsed(*texts) == [plain(text) for text in texts]
    for text in texts:
        points = [(step, ms, float(value)) for step, ms, value in plain(text)]
        # what MLflow's client does, with NaN as zero as in its SQL store
        ranked = [(step, ms, 0.0 if math.isnan(value) else value) for step, ms, value in points]
        best = latest(text).point
        assert (best is None) == (not ranked)
        if best is not None:
            step, ms, value = best
            assert (step, ms, 0.0 if math.isnan(value) else value) == max(ranked)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    odd = Oddities()
    points = parse_lines(data, odd)
    assert len(points) + odd.bad <= odd.lines
    block = Block(data[: data.rfind(b"\n") + 1], Oddities())
    for _, step, ms, value in parse_blocks([block]):
        assert len(step) == len(ms) == len(value)
        assert step.dtype == value.dtype == np.float64
    latest(data)
