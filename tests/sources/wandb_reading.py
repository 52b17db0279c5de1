"""What the source `wandb` says of a place, and what its logs hold by an independent reading."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runreport.kinds import SourceContext
from runreport.sources.wandb import SOURCE, Options
from runreport.tables import Run, RunTables


def opened(where: Path | str, cache: Path | None = None) -> Any:
    return SOURCE.open(Options(str(where)), SourceContext(Path(), {}, cache=cache))


def tables_at(where: Path | str) -> RunTables:
    tables: RunTables = opened(where).tables()
    tables.check()
    return tables


def only(where: Path | str) -> Run:
    (found,) = tables_at(where).rows
    return found


def points_of(reader: Any) -> dict[tuple[str, str], list[tuple[float, float, Any]]]:
    runs = reader.tables().rows
    names = {metric for each in runs for metric in each.metrics}
    found: dict[tuple[str, str], list[tuple[float, float, Any]]] = {}
    for table in reader.histories([each.id for each in runs], names):
        for row in table.to_pylist():
            point = (row["step"], row["value"], row["time"])
            found.setdefault((row["run_id"], row["metric"]), []).append(point)
    return found


def series(where: Path, metric: str) -> list[tuple[float, float]]:
    reader = opened(where)
    (found,) = [p for (_, name), p in points_of(reader).items() if name == metric]
    return [(step, value) for step, value, _ in found]


def codes(tables: RunTables) -> list[str]:
    return [problem.code for problem in tables.problems]


def decoded(data: bytes) -> Iterator[tuple[int, Any]]:
    """Fields of a message, by an independent reading of the wire format."""

    def number(pos: int) -> tuple[int, int]:
        value = 0
        for place in range(10):
            value |= (data[pos + place] & 127) << 7 * place
            if data[pos + place] < 128:
                return value, pos + place + 1
        raise AssertionError("a number that does not end")

    pos = 0
    while pos < len(data):
        tag, pos = number(pos)
        if tag & 7 == 0:
            value, pos = number(pos)
            yield tag >> 3, value
        else:
            assert tag & 7 == 2
            length, pos = number(pos)
            yield tag >> 3, data[pos : pos + length]
            pos += length


def logged(path: Path) -> Iterator[tuple[int, bytes]]:
    """Kind and message of the whole records of a log, one after the other."""
    data = path.read_bytes()
    assert data[:7] == b":W&B\xe1\xbe\x00"
    pos, held = 7, b""
    while pos + 7 <= len(data):
        if 32_768 - pos % 32_768 < 7:
            pos += 32_768 - pos % 32_768
            continue
        checksum, length, kind = struct.unpack_from("<IHB", data, pos)
        body = data[pos + 7 : pos + 7 + length]
        if len(body) < length:
            return
        assert zlib.crc32(body, zlib.crc32(bytes([kind]))) == checksum
        pos += 7 + length
        held = body if kind in (1, 2) else held + body
        if kind in (1, 4):
            yield next(f for f in decoded(held) if f[0] not in (1, 16, 19, 200))


def rows_logged(path: Path) -> list[dict[str, Any]]:
    """The rows of the history, keys joined by `.`."""
    rows = []
    for kind, body in logged(path):
        if kind != 2:
            continue
        row = {}
        for number, entry in decoded(body):
            if number == 1:
                parts = list(decoded(entry))
                name = ".".join(part.decode() for n, part in parts if n in (1, 2))
                row[name] = json.loads(next(part for n, part in parts if n == 16))
        rows.append(row)
    return rows


def log_of(where: Path) -> Path:
    (found,) = where.glob("*.wandb")
    return found
