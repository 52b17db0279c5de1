"""Members of a ZIP archive, read within limits: stored, deflated or packed by Zstandard.

The standard library reads Zstandard members from Python 3.14 on; pyarrow brings the decoder along.
An archive whose directory is lost is read from its start, member by member.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from runreport.sources.trees import open_file

MAX_MEMBERS = 500_000
MAX_DIRECTORY = 100_000_000
"""Bytes of the list of members."""
MAX_RATIO = 2_000
"""Bytes that one packed byte may stand for; logs reach some tens."""
_SMALL = 4_000_000
"""Bytes from which on the ratio counts."""
_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONG, _SHORT = 0xFFFFFFFF, 0xFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the archive."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    """Of its own header."""


class Archive:
    """An open archive."""

    def __init__(self, path: Path) -> None:
        """Opens it and lists its members; of equal names the last one counts.

        Raises:
            OSError: it cannot be opened.
            ValueError: it is no archive.
        """
        self._handle = open_file(path)
        try:
            self.size = os.fstat(self._handle).st_size
            self.cut: int | None = None
            """Where reading stopped, when the list of members is lost."""
            try:
                found = self._directory()
            except (ValueError, struct.error):
                found = list(self._scan())
                if not found:
                    raise ValueError("this is no ZIP archive") from None
            self.members = {member.name: member for member in found}
        except BaseException:
            os.close(self._handle)
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._handle)

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def read(self, name: str, most: int) -> bytes:
        """A member's content, its checksum compared.

        Raises:
            ValueError: it is damaged, larger than `most`, or packed in an unknown way.
        """
        member = self.members[name]
        if member.flags & 1:
            raise ValueError("it is encrypted")
        if member.size > most or member.packed > most + _SMALL:
            raise ValueError(f"it is larger than {most // 1_000_000:,} MB, the most that is read")
        if member.size > _SMALL and member.size > MAX_RATIO * member.packed:
            raise ValueError(f"it is packed more than {MAX_RATIO:,} to one, as no log is")
        head = self._bytes(member.offset, _LOCAL.size)
        if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
            raise ValueError("its header is damaged")
        *_, name_length, extra_length = _LOCAL.unpack(head)
        start = member.offset + _LOCAL.size + name_length + extra_length
        if start + member.packed > self.size:
            raise ValueError("the file ends before it does")
        data = _unpacked(self._bytes(start, member.packed), member.method, member.size)
        if len(data) != member.size or zlib.crc32(data) != member.crc:
            raise ValueError("its checksum does not fit its content")
        return data

    def _bytes(self, offset: int, count: int) -> bytes:
        if not 0 <= offset <= self.size:
            raise ValueError("a place outside of the file")
        return os.pread(self._handle, min(count, self.size - offset), offset)

    def _directory(self) -> list[Member]:
        """What the list at the end names."""
        tail_at = max(0, self.size - _END.size - _SHORT)
        tail = self._bytes(tail_at, self.size - tail_at)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0:
            raise ValueError("no end")
        _, _, _, _, count, length, start, _ = _END.unpack_from(tail, at)
        if count == _SHORT or _LONG in (length, start):
            locator = self._bytes(tail_at + at - _LOCATOR64.size, _LOCATOR64.size)
            magic, _, place, _ = _LOCATOR64.unpack(locator)
            if magic == b"PK\x06\x07":
                end = _END64.unpack(self._bytes(place, _END64.size))
                count, length, start = end[-3:]
        if length > MAX_DIRECTORY or count > MAX_MEMBERS or start + length > self.size:
            raise ValueError("an impossible list")
        data = self._bytes(start, length)
        found: list[Member] = []
        place = 0
        while len(found) < count:
            entry = _ENTRY.unpack_from(data, place)
            if entry[0] != b"PK\x01\x02":
                raise ValueError("a damaged list")
            flags, method, crc, packed, size = entry[3], entry[4], entry[7], entry[8], entry[9]
            name_length, extra_length, comment_length, offset = (*entry[10:13], entry[16])
            place += _ENTRY.size
            name = data[place : place + name_length]
            extra = data[place + name_length : place + name_length + extra_length]
            size, packed, offset = _widened(extra, size, packed, offset)
            place += name_length + extra_length + comment_length
            found.append(Member(_text(name), flags, method, crc, packed, size, offset))
        return found

    def _scan(self) -> Iterator[Member]:
        """Members from the start on, as long as each is whole."""
        place = 0
        for _ in range(MAX_MEMBERS):
            self.cut = place
            head = self._bytes(place, _LOCAL.size)
            if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
                return
            _, _, flags, method, _, _, crc, packed, size, *lengths = _LOCAL.unpack(head)
            rest = self._bytes(place + _LOCAL.size, sum(lengths))
            if len(rest) < sum(lengths):
                return
            size, packed, _ = _widened(rest[lengths[0] :], size, packed, 0)
            after = place + _LOCAL.size + sum(lengths) + packed
            # with this flag the sizes stand behind the data
            if flags & 8 or after > self.size:
                return
            yield Member(_text(rest[: lengths[0]]), flags, method, crc, packed, size, place)
            place = after


def _widened(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset, those that need 64 bits taken from the extra field."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        field = extra[place + 4 : place + 4 + length]
        if kind == 1:
            wide = [size, packed, offset]
            at = 0
            for index, value in enumerate(wide):
                if value == _LONG and at + 8 <= len(field):
                    wide[index] = int.from_bytes(field[at : at + 8], "little")
                    at += 8
            return wide[0], wide[1], wide[2]
        place += 4 + length
    return size, packed, offset


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _unpacked(data: bytes, method: int, size: int) -> bytes:
    """Content of at most one byte more than it should have.

    Raises:
        ValueError: it is damaged, or packed in an unknown way.
    """
    if method == _STORED:
        return data
    if method == _DEFLATED:
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
        except zlib.error:
            raise ValueError("its packed content is damaged") from None
    if method != _ZSTANDARD:
        raise ValueError(f"it is packed by method {method}, expected Zstandard or deflate")
    import pyarrow as pa

    if not pa.Codec.is_available("zstd"):
        raise ValueError("this pyarrow was built without Zstandard, by which it is packed")
    pieces: list[bytes] = []
    left = size + 1
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            while left > 0 and (piece := stream.read(min(left, 1 << 22))):
                pieces.append(piece)
                left -= len(piece)
    except (OSError, ValueError, pa.ArrowException):
        raise ValueError("its packed content is damaged") from None
    return b"".join(pieces)
