"""CRC-32C as event files use it: of one record in Python, of many at once in numpy.

The checksum is linear: the bytes of a message contribute independently of each other, each by its
value and its distance from the end. So equally long records that differ in a few bytes need only
those looked up, and records of any length go through one table of distance and byte.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Sums = NDArray[np.uint32]

LONGEST = 4_096
"""Bytes of a message that are looked up by distance; longer ones are folded from pieces."""
_PIECE = 256
_LEVELS = 12
_SEGMENT = _PIECE << _LEVELS
_SHORT = 64
_AT_ONCE = 1 << 20
_SIZES = (64, 256, 1_024, LONGEST)
_DELTA = 0xA282EAD8
_MASK = 0xFFFFFFFF


def _first_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _first_table()


def masked(data: bytes | bytearray) -> int:
    """The masked checksum of one short message, as it is stored."""
    crc, table = _MASK, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= _MASK
    return ((crc >> 15 | crc << 17) + _DELTA) & _MASK


def mask(crc: Sums) -> Sums:
    """Checksums as they are stored."""
    turned: Sums = ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(_DELTA)
    return turned


def contributions(length: int) -> Sums:
    """What a byte contributes, by distance from the end times 256 plus the byte; flat.

    The 256 entries after the last distance are zero. `length` distances are there at least.
    """
    return _contributions(next(size for size in _SIZES if size >= length))


@lru_cache(maxsize=len(_SIZES))
def _contributions(size: int) -> Sums:
    found = np.zeros((size + 1, 256), np.uint32)
    found[0] = _TABLE
    for distance in range(1, size):
        before = found[distance - 1]
        found[distance] = (before >> np.uint32(8)) ^ found[0][before & 0xFF]
    return found.ravel()


def raw_rows(rows: Bytes) -> Sums:
    """Checksums from zero, without the final inversion, of each row; at most `LONGEST` columns."""
    if not rows.size:
        return np.zeros(len(rows), np.uint32)
    places = np.arange(rows.shape[1] - 1, -1, -1, dtype=np.intp) << 8
    found: Sums = np.bitwise_xor.reduce(
        np.take(contributions(rows.shape[1]), rows + places, mode="clip"), axis=1
    )
    return found


def long_message(data: Any) -> int:
    """The masked checksum of a message of any length."""
    message = np.frombuffer(data, np.uint8)
    if message.size < _SHORT:
        return masked(bytes(data))
    message = message.copy()
    message[:4] ^= np.uint8(0xFF)
    first = message.size % _SEGMENT
    found = _folded(message[:first]) if first else np.zeros(1, np.uint32)
    for start in range(first, message.size, _SEGMENT):
        whole = _folded(message[start : start + _SEGMENT])
        found = _shifted(found, _LEVELS) ^ whole
    return int(mask(found ^ np.uint32(_MASK))[0])


def many(data: Bytes, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Sums:
    """Checksums of messages in a buffer, each of 4 to `LONGEST` bytes; `mask` gives the stored."""
    found = np.zeros(len(starts), np.uint32)
    widths = np.maximum(_SHORT, 1 << np.ceil(np.log2(np.maximum(lengths, 1))).astype(np.int64))
    for width in np.unique(widths).tolist():
        rows = np.flatnonzero(widths == width)
        at_once = _AT_ONCE // width
        for some in (rows[first : first + at_once] for first in range(0, rows.size, at_once)):
            begin = width - lengths[some]
            columns = np.arange(width)
            inside = columns >= begin[:, None]
            places = np.where(inside, (starts[some] - begin)[:, None] + columns, 0)
            matrix = np.where(inside, data[places], 0).astype(np.uint8)
            each = np.arange(some.size)
            for place in range(4):
                matrix[each, begin + place] ^= np.uint8(0xFF)
            found[some] = raw_rows(matrix) ^ np.uint32(_MASK)
    return found


def _folded(message: Bytes) -> Sums:
    """The register after a message of at most a segment, from zero, shape (1,)."""
    # leading zeros leave a register of zero as it is
    pieces = 1 << max(0, -(-message.size // _PIECE) - 1).bit_length()
    padded = np.zeros(pieces * _PIECE, np.uint8)
    padded[padded.size - message.size :] = message
    found = raw_rows(padded.reshape(pieces, _PIECE))
    level = 0
    while found.size > 1:
        found = _shifted(found[0::2], level) ^ found[1::2]
        level += 1
    return found


def _shifted(crc: Sums, level: int) -> Sums:
    """Registers after so many zero bytes more: a piece's length times two to the level."""
    table = _shifts(level)
    found: Sums = table[0][crc & 0xFF]
    for place in range(1, 4):
        found = found ^ table[place][(crc >> np.uint32(8 * place)) & 0xFF]
    return found


@lru_cache(maxsize=64)
def _shifts(level: int) -> Sums:
    """By byte of the register and its value, what it becomes."""
    values = np.arange(256, dtype=np.uint32)
    starts = np.stack([values << np.uint32(8 * place) for place in range(4)])
    if level:
        half = level - 1
        return np.stack([_shifted(_shifted(row, half), half) for row in starts])
    table = np.array(_TABLE, np.uint32)
    for _ in range(_PIECE):
        starts = table[starts & 0xFF] ^ (starts >> np.uint32(8))
    return starts
