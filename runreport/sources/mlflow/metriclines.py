"""MLflow's metric files, lines of `time value step`: in bulk where they are regular, line by line
where they are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.columns import numbers
from runreport.sources.mlflow.points import NO_TIME, Floats, Ints

SMALL = 4_000
"""Bytes below which Python reads lines sooner than numpy or Arrow start."""
BATCH = 2_000_000
"""Bytes that are parsed together."""
WORD = 8
"""Bytes of a number that holds as many characters."""
_LARGEST_MS = 1 << 62

_COLUMNS = ("ms", "value", "step")


@dataclass(slots=True)
class Oddities:
    """What is not as MLflow writes it, in one metric file."""

    bad: int = 0
    """Lines that were left out."""
    first: int | None = None
    """The number of the first of them."""
    incomplete: bool = False
    """The last line has no end: it was cut while being written, and left out."""
    lines: int = 0
    """Lines looked at so far."""

    unread: bool = False
    """The file could not be read to its end."""

    def __bool__(self) -> bool:
        return bool(self.bad) or self.incomplete or self.unread

    def take(self, other: Oddities) -> None:
        """Become what another process found."""
        self.bad, self.first, self.incomplete = other.bad, other.first, other.incomplete
        self.lines, self.unread = other.lines, other.unread


@dataclass(slots=True)
class Latest:
    """The latest point of a metric: highest step, then time, then value, as MLflow chooses it."""

    odd: Oddities = field(default_factory=Oddities)
    point: tuple[float, int, float] | None = None
    """Step, milliseconds, value."""

    def take(self, block: bytes) -> None:
        """Look at the next lines of the file."""
        if len(block) > SMALL and (count := _ascending(block)):
            start = block.rfind(b"\n", 0, -1) + 1
            trial = Oddities()
            points = parse_lines(block[start:], trial)
            if not trial:
                self.odd.lines += count
                self._best(points)
                return
            # the line that would count is no point: look at all of them
        self._best(parse_lines(block, self.odd))

    def _best(self, points: Iterable[tuple[float, int, float]]) -> None:
        for point in points:
            if self.point is None or _rank(point) > _rank(self.point):
                self.point = point


def _rank(point: tuple[float, int, float]) -> tuple[float, int, float]:
    step, ms, value = point
    # as in MLflow's SQL, where NaN is kept as zero
    return step, ms, 0.0 if math.isnan(value) else value


def parse_lines(block: bytes, odd: Oddities) -> list[tuple[float, int, float]]:
    """Step, milliseconds and value of each line that has them; the others are counted."""
    lines = block.split(b"\n")
    unfinished = lines.pop()
    found: list[tuple[float, int, float]] = []
    for line in lines:
        odd.lines += 1
        fields = line.split()
        try:
            # five fields and more: a dataset's name and digest follow. Its step is the third
            # all the same, which MLflow's own client overlooks.
            if len(fields) not in (2, 3) and len(fields) < 5:
                raise ValueError(line)
            ms, value = int(fields[0]), float(fields[1])
            step = float(int(fields[2])) if len(fields) > 2 else 0.0
        except (ValueError, OverflowError):
            if fields:
                odd.bad += 1
                odd.first = odd.first or odd.lines
            continue
        found.append((step, ms if abs(ms) < _LARGEST_MS else NO_TIME, value))
    odd.incomplete = odd.incomplete or bool(unfinished.strip())
    return found


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one metric of one run."""

    lines: bytes
    odd: Oddities
    place: int = 0
    """Of its series, as who asks for it counts them."""
    is_last: bool = False
    """Of its series, where somebody wants to know."""


Parsed = tuple[Block, Floats, Ints, Floats]
"""A block with its steps, milliseconds and values."""


def parse_blocks(blocks: Iterable[Block]) -> Iterator[Parsed]:
    """The points of many files, a batch at a time, in order."""
    batch: list[Block] = []
    size = 0
    for block in blocks:
        batch.append(block)
        size += len(block.lines)
        if size >= BATCH:
            yield from _parse_batch(batch)
            batch, size = [], 0
    yield from _parse_batch(batch)


def _parse_batch(batch: Sequence[Block]) -> Iterator[Parsed]:
    joined = b"".join(block.lines for block in batch)
    counts = _line_ends_of([len(block.lines) for block in batch], joined)
    broken = any(block.lines and not block.lines.endswith(b"\n") for block in batch)
    columns = None if broken else _read_csv(joined, sum(counts))
    del joined
    if columns is None:
        for block in batch:
            alone = None
            if len(block.lines) > SMALL and block.lines.endswith(b"\n"):
                alone = _read_csv(block.lines, line_ends(block.lines))
            step, ms, value = _by_line(block) if alone is None else alone
            yield block, step, ms, value
        return
    step, ms, value = columns
    start = 0
    for block, lines in zip(batch, counts, strict=True):
        stop = start + lines
        block.odd.lines += lines
        yield block, step[start:stop], ms[start:stop], value[start:stop]
        start = stop


def _by_line(block: Block) -> tuple[Floats, Ints, Floats]:
    points = parse_lines(block.lines, block.odd)
    steps, times, values = zip(*points, strict=True) if points else ((), (), ())
    return (
        np.array(steps, np.float64),
        np.array(times, np.int64),
        np.array(values, np.float64),
    )


def _line_ends_of(sizes: Sequence[int], joined: bytes) -> list[int]:
    """How many lines end in each of the texts that were joined."""
    if not joined:
        return [0] * len(sizes)
    ends = np.frombuffer(joined, np.uint8) == 10
    bounds = accumulate(sizes, initial=0)
    return [int(np.count_nonzero(ends[start:stop])) for start, stop in pairwise(bounds)]


def _read_csv(joined: bytes, lines: int) -> tuple[Floats, Ints, Floats] | None:
    """Three columns of numbers; None when some line is anything else."""
    import pyarrow.csv as pc

    if not joined:
        return None
    try:
        table = pc.read_csv(
            pa.BufferReader(joined),
            read_options=pc.ReadOptions(
                use_threads=False, column_names=_COLUMNS, block_size=1 << 22
            ),
            parse_options=pc.ParseOptions(delimiter=" ", quote_char=False, escape_char=False),
            convert_options=pc.ConvertOptions(
                column_types={"ms": pa.int64(), "value": pa.float64(), "step": pa.int64()},
                null_values=[],
            ),
        )
    except pa.ArrowInvalid:
        return None
    # an empty line or a lone carriage return would shift every file after it
    if table.num_rows != lines:
        return None
    ms, value, step = (numbers(table[name]) for name in _COLUMNS)
    return step.astype(np.float64), ms, value


def line_ends(text: bytes) -> int:
    """How many lines end in it; `bytes.count` takes ten times as long."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == 10))


def _ascending(block: bytes) -> int:
    """How many lines these are, if they have three fields each and their steps ascend strictly,
    and 0 otherwise; exact, and quick.
    """
    data = np.frombuffer(block, np.uint8)
    if data[-1] != 10:
        return 0
    ends = (data == 10).nonzero()[0]
    if np.count_nonzero(data == 32) != 2 * len(ends):
        return 0
    if _is_progression(block, ends):
        return len(ends)
    steps = _digits_before(data, ends)
    return len(ends) if steps is not None and bool((steps[1:] > steps[:-1]).all()) else 0


def _is_progression(block: bytes, ends: NDArray[np.intp]) -> bool:
    """Whether the steps are 0, 1, 2, ... or the like: what nearly every file holds."""
    second_line = block[ends[0] + 1 : ends[1]] if len(ends) > 1 else b""
    try:
        first, second = (int(line.rsplit(b" ", 1)[-1]) for line in (block[: ends[0]], second_line))
    except ValueError:
        return False
    if not 0 <= first < second or ends[0] < WORD:
        return False
    expected = _words(first, second - first, len(ends))
    if expected is None:
        return False
    masks, words = expected
    # the eight characters that end before each line does, as one number: at every place of the text
    every = np.ndarray((len(block) - WORD + 1,), np.dtype("<u8"), block, strides=(1,))
    found = every[ends - WORD]
    found &= masks
    return bool((found == words).all())


@lru_cache(maxsize=8)
def _words(
    first: int, stride: int, count: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]] | None:
    """The steps with the space before them, as the ends of words of eight characters.

    Returns:
        Which bits belong to each, and what they are; None when a step is longer than that.
    """
    texts = [b" %d" % (first + stride * place) for place in range(count)]
    if len(texts[-1]) > WORD:
        return None
    words = np.frombuffer(b"".join(text.rjust(WORD, b"\0") for text in texts), np.dtype("<u8"))
    bits = b"".join((b"\xff" * len(text)).rjust(WORD, b"\0") for text in texts)
    return np.frombuffer(bits, np.dtype("<u8")), words


def _digits_before(data: NDArray[np.uint8], ends: NDArray[np.intp]) -> Ints | None:
    """The whole numbers that end at these places, each after a space; None when some is none."""
    total = np.zeros(len(ends), np.int64)
    alive = np.ones(len(ends), np.bool_)
    for place in range(17):
        at = ends - 1 - place
        if at[0] < 0:
            return None
        digit = data[at] - np.uint8(48)
        ends_here = alive & (data[at] == 32)
        if (alive & ~ends_here & (digit > 9)).any() or (place == 0 and ends_here.any()):
            return None
        alive &= ~ends_here
        if not alive.any():
            return total
        total += np.where(alive, digit.astype(np.int64) * 10**place, 0)
    return None
