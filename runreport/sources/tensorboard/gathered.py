"""What the records of one event file come to: points by tag, and the places of everything else."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from runreport.sources.loaded import UNKNOWN_TIME, Points
from runreport.sources.tensorboard.events import Event, Payload, Value, parts
from runreport.sources.tensorboard.written import tells_params

MOST_TAGS = 100_000
"""Of one file."""
MOST_ITEMS = 20_000
"""Images, histograms and the like that are held of one file before the oldest are let go."""
HASHED = 1 << 16
"""Bytes of an image or text whose digest is taken."""
MOST_TEXT = 1 << 20
"""Bytes of a text that is held."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_HPARAMS = "_hparams_/"
_LATEST_S = 7_258_118_400.0
"""2200-01-01."""


@dataclass(slots=True)
class Item:
    """An image, a histogram, a text, ...: something logged that is no number."""

    tag: str
    kind: str
    """As `Value.kind`."""
    step: int
    size: int
    digest: str | None
    extension: str = ""


@dataclass(slots=True, eq=False)
class Chunk:
    """Points that were read together, in the order of the file."""

    begin: int
    """The place of the first in the file."""
    end: int
    """The place of the last."""
    steps: Floats
    times: Ints
    """Microseconds since 1970, `UNKNOWN_TIME` where it is not known."""
    values: Floats
    first: float
    """The earliest time in seconds; NaN where none is known."""
    last: float
    places: Ints
    """Of each, from `base` on."""
    base: int = 0


@dataclass(slots=True, eq=False)
class Series:
    """The points of one tag."""

    chunks: list[Chunk] = field(default_factory=list)
    singles: list[tuple[int, int, float, float]] = field(default_factory=list)
    """Place, step, time, value."""
    tensor: bool = False
    """Whether they lie in tensors, so that the plugin decides what they are."""

    def ordered(self) -> list[Chunk]:
        """All points, in the order of the file."""
        chunks = self.chunks.copy()
        if self.singles:
            place, step, wall, value = zip(*self.singles, strict=True)
            chunks.append(
                _chunk(
                    np.array(place, np.int64),
                    np.array(step, np.float64),
                    *microseconds(np.array(wall)),
                    np.array(value, np.float64),
                )
            )
        chunks.sort(key=_BEGIN)
        end = -1
        for chunk in chunks:
            if chunk.begin < end:
                return [_merged(chunks)]
            end = chunk.end
        return chunks


_BEGIN = attrgetter("begin")


def _chunk(
    places: Ints, steps: Floats, times: Ints, first: float, last: float, values: Floats
) -> Chunk:
    return Chunk(int(places[0]), int(places[-1]), steps, times, values, first, last, places)


def _merged(chunks: list[Chunk]) -> Chunk:
    """Chunks that lie between each other as one."""
    places = np.concatenate([chunk.places + chunk.base for chunk in chunks])
    order = np.argsort(places, kind="stable")
    # NaN is no time, and no minimum either
    return _chunk(
        places[order],
        np.concatenate([chunk.steps for chunk in chunks])[order],
        np.concatenate([chunk.times for chunk in chunks])[order],
        float(np.fmin.reduce([chunk.first for chunk in chunks])),
        float(np.fmax.reduce([chunk.last for chunk in chunks])),
        np.concatenate([chunk.values for chunk in chunks])[order],
    )


def microseconds(walls: Floats) -> tuple[Ints, float, float]:
    """Seconds as microseconds, `UNKNOWN_TIME` where they are no time; the first and the last."""
    low, high = float(walls.min()), float(walls.max())
    if low > 0.0 and high < _LATEST_S:
        return np.rint(walls * 1e6).astype(np.int64), low, high
    known = (walls > 0.0) & (walls < _LATEST_S)
    time = np.full(walls.size, UNKNOWN_TIME)
    time[known] = np.rint(walls[known] * 1e6).astype(np.int64)
    if not known.any():
        return time, math.nan, math.nan
    return time, float(walls[known].min()), float(walls[known].max())


@dataclass(eq=False)
class Gathered:
    """What one file holds."""

    plugins: dict[str, str] = field(default_factory=dict)
    """Of each tag, as the first record with it says."""
    series: dict[str, Series] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    """Tag to how many items of it were let go."""
    texts: dict[str, bytes] = field(default_factory=dict)
    """Tag to the last text, of tags under which loggers write params."""
    sessions: list[bytes] = field(default_factory=list)
    """What the hparams plugin wrote, in order."""
    unread: dict[str, int] = field(default_factory=dict)
    """Tag to how many values have no single number."""
    left_out: int = 0
    """Values of tags beyond the limit."""
    first: float = math.nan
    """The earliest time of a record, in seconds."""
    last: float = math.nan

    def of(self, tag: str, tensor: bool) -> Series | None:
        """Where points of a tag go; None beyond the limit."""
        found = self.series.get(tag)
        if found is None:
            if len(self.series) >= MOST_TAGS:
                return None
            found = self.series[tag] = Series()
        found.tensor |= tensor
        return found

    def add(self, value: Value, chunk: Chunk) -> None:
        """Take points that lie in values like this one."""
        if value.plugin:
            self.plugins.setdefault(value.tag, value.plugin)
        series = self.of(value.tag, value.kind == "tensor")
        if series is None:
            self.left_out += chunk.steps.size
            return
        series.chunks.append(chunk)

    def take(self, event: Event, data: Payload, base: int) -> None:
        """Take one event.

        Args:
            event: as it was decoded.
            data: where its places are.
            base: where `data` begins in the file.
        """
        self.timed(event.wall)
        if event.graph is not None:
            self._item(Item("graph", "graph", event.step, event.graph[1] - event.graph[0], None))
        for value in event.values:
            self._value(event, value, data, base)

    def timed(self, wall: float) -> None:
        """Take note of the time of a record."""
        if 0.0 < wall < _LATEST_S:
            # comparisons with NaN are false
            self.first = self.first if self.first <= wall else wall
            self.last = self.last if self.last >= wall else wall

    def _value(self, event: Event, value: Value, data: Payload, base: int) -> None:
        if value.plugin:
            self.plugins.setdefault(value.tag, value.plugin)
        plugin = self.plugins.get(value.tag, "")
        if value.number is not None:
            series = self.of(value.tag, value.kind == "tensor")
            if series is None:
                self.left_out += 1
            else:
                place = base + max(value.at, value.start, event.wall_at, 0)
                series.singles.append((place, event.step, event.wall, value.number))
        elif plugin == "hparams" or value.tag.startswith(_HPARAMS):
            self.sessions.append(value.content)
        elif value.kind == "tensor" and plugin == "scalars":
            self.unread[value.tag] = self.unread.get(value.tag, 0) + 1
        elif value.kind:
            self._blob(event, value, plugin, data)

    def _blob(self, event: Event, value: Value, plugin: str, data: Payload) -> None:
        """Take note of something that is no number."""
        kind = _KINDS.get(plugin, value.kind) if value.kind == "tensor" else value.kind
        start, end = value.start, value.end
        extension = ""
        digest = None
        if value.kind == "tensor" and value.strings and kind in ("image", "text", "audio"):
            # of images width and height come first, as texts
            texts = parts(data, start, end, 8)
            place = 2 if kind == "image" and len(texts) > 2 else 0
            if place < len(texts):
                start, end = texts[place]
        elif value.kind in ("image", "audio"):
            start, end = _encoded(data, start, end)
        if kind == "image":
            head = data[start : min(end, start + 16)]
            extension = next((name for magic, name in _MAGIC if magic in head), "")
        if kind == "text" and end - start <= MOST_TEXT and tells_params(value.tag):
            self.texts[value.tag] = data[start:end]
        if end - start <= HASHED:
            digest = f"sha256:{hashlib.sha256(data[start:end]).hexdigest()}"
        self._item(Item(value.tag, kind, event.step, end - start, digest, extension))

    def _item(self, item: Item) -> None:
        self.items.append(item)
        if len(self.items) > MOST_ITEMS:
            keep = MOST_ITEMS // 2
            for old in self.items[:-keep]:
                self.dropped[old.tag] = self.dropped.get(old.tag, 0) + 1
            del self.items[:-keep]

    def metrics(self) -> Iterator[tuple[str, Points, float, float]]:
        """Tag, points, lowest and highest step of everything that is a scalar."""
        tags: list[str] = []
        sizes: list[int] = []
        chunks: list[Chunk] = []
        for tag, series in self.series.items():
            if series.tensor and self.plugins.get(tag, "scalars") != "scalars":
                continue
            own = series.chunks
            if series.singles or len(own) > 1:
                own = series.ordered()
            tags.append(tag)
            sizes.append(sum([chunk.values.size for chunk in own]))
            chunks += own
        if not chunks:
            return
        # NaN is no time, and no minimum either
        self.timed(float(np.fmin.reduce([chunk.first for chunk in chunks])))
        self.timed(float(np.fmax.reduce([chunk.last for chunk in chunks])))
        steps = np.concatenate([chunk.steps for chunk in chunks])
        times = np.concatenate([chunk.times for chunk in chunks])
        values = np.concatenate([chunk.values for chunk in chunks])
        ends = np.cumsum(np.array(sizes, np.int64))
        starts = ends - sizes
        lowest = np.minimum.reduceat(steps, starts).tolist()
        highest = np.maximum.reduceat(steps, starts).tolist()
        for tag, start, end, low, high in zip(
            tags, starts.tolist(), ends.tolist(), lowest, highest, strict=True
        ):
            yield tag, Points(steps[start:end], values[start:end], times[start:end]), low, high


_KINDS = {
    "images": "image",
    "histograms": "histogram",
    "text": "text",
    "pr_curves": "curve",
    "audio": "audio",
    "mesh": "mesh",
}
_MAGIC = (
    (b"\x89PNG", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"WEBP", ".webp"),
    (b"BM", ".bmp"),
)


def _encoded(data: Payload, start: int, end: int) -> tuple[int, int]:
    """Where the encoded file of an image or sound lies."""
    found = parts(data, start, end, 4)
    return found[-1] if found else (start, start)
