"""What was read of one source, kept between builds: partitions with their signs.

A shelf is a folder: `shelf.json` says what is held (facts, signs, where reading stopped), and
`points-*.parquet` hold the points. Files of points are never changed, and the list is replaced at
once, so that any number of builds may read while one writes; what a reader has opened stays
readable. Without a folder everything lies in a temporary one, which is removed as soon as its
files are open.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from runreport.cache.place import mark
from runreport.errors import Problem
from runreport.signs import code_version
from runreport.sources.kept import packed, packed_problem, unpacked, unpacked_problem
from runreport.sources.loaded import LoadedRun
from runreport.sources.pointfiles import PASSING, PointFile

NAME = "shelf.json"
FORGOTTEN_S = 3_600
"""After so long a file of points that no list names is no other build's either."""
MOST_PIECES = 16
"""Files that the points of one partition lie in, before it is read anew as a whole."""


@dataclass(frozen=True, eq=False)
class Held:
    """What is known of one partition."""

    signs: Mapping[str, Sequence[int | str]]
    """File to its signs when it was read."""
    runs: tuple[LoadedRun, ...]
    """With summaries, without points."""
    problems: tuple[Problem, ...] = ()
    mark: Mapping[str, Any] | None = None
    """Where reading stopped."""
    points: Mapping[str, int] = field(default_factory=dict)
    """Files of points, oldest first, to the rows in them that belong here."""
    awaited: tuple[str, ...] = ()
    """Files that were missing: once one is there, the partition is read again."""


class Shelf:
    """The partitions of one source."""

    def __init__(self, folder: Path | None) -> None:
        self.note: Problem | None = None
        """What is wrong with the shelf; reading goes on without what it held."""
        self._kept = folder is not None
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                mark(folder.parent.parent)
                if not os.access(folder, os.W_OK):
                    raise PermissionError(13, "permission denied")
            except OSError as error:
                reason = (error.strerror or "it cannot be written").lower()
                message = f"what was read is not kept for the next build: {reason}"
                self.note = Problem("RR386", message, None, None, "note", folder.parent.parent.name)
                self._kept = False
        self.folder = folder if self._kept and folder is not None else Path(tempfile.mkdtemp())
        self._open: dict[str, PointFile] = {}
        self._rows: dict[str, int] = {}
        """Rows of each file when it was written: the more of them are out of date, the emptier."""
        self.held: dict[str, Held] = self._read() if self._kept else {}

    def new_file(self, label: str) -> Path:
        """Where points may be written; nobody knows of it until `keep`."""
        # what nobody keeps need not be small
        suffix = ".parquet" if self._kept else PASSING
        return self.folder / f"points-{os.getpid()}-{time.monotonic_ns()}-{label}{suffix}"

    def keep(self, found: Mapping[str, Held], names: Sequence[str]) -> None:
        """Take partitions in, and forget those that are not named any more."""
        for held in found.values():
            for file in held.points:
                if file not in self._open:
                    self._open[file] = PointFile(self.folder / file)
        if not self._kept:
            known = {**self.held, **found}
            self.held = {name: known[name] for name in names if name in known}
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        with self._alone():
            # another build may have written meanwhile: what it read is as good
            known = {**self.held, **found}
            self.held = {name: known[name] for name in names if name in known}
            if found or set(known) - set(names):
                self._write()
            self._clean()

    def points(self, name: str) -> Iterator[PointFile]:
        """The files that hold a partition's points, in order."""
        for file in self.held[name].points:
            yield self._open[file]

    def files(self) -> Mapping[str, list[str]]:
        """File of points to the partitions that have points in it."""
        found: dict[str, list[str]] = {}
        for name, held in self.held.items():
            for file in held.points:
                found.setdefault(file, []).append(name)
        return found

    def file(self, name: str) -> PointFile:
        """An open file of points."""
        return self._open[name]

    def forget(self, name: str) -> None:
        """Drop a partition whose points cannot be read."""
        self.held.pop(name, None)

    # ---- the list on disk ------------------------------------------------------------------------

    def _read(self) -> dict[str, Held]:
        path = self.folder / NAME
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError:
            return self._broken("its list cannot be read")
        digest, _, body = text.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return self._broken("its list is damaged")
        content = orjson.loads(body)
        if content["code"] != code_version():
            return {}
        with contextlib.suppress(OSError):
            # when it was used last decides what goes first
            os.utime(path)
        rows = content["rows"]
        live: dict[str, int] = dict.fromkeys(rows, 0)
        for entry in content["partitions"].values():
            for file, count in entry["points"].items():
                live[file] += count
        found: dict[str, Held] = {}
        for name, entry in content["partitions"].items():
            # a file of which most is out of date is written anew
            spare = all(2 * live[file] >= rows[file] for file in entry["points"])
            if not spare or len(entry["points"]) > MOST_PIECES:
                continue
            try:
                for file in entry["points"]:
                    if file not in self._open:
                        self._open[file] = PointFile(self.folder / file)
            except (OSError, ValueError):
                self._broken(f"points of {name!r} are damaged or missing")
                continue
            found[name] = Held(
                signs=entry["signs"],
                runs=tuple(unpacked(run) for run in entry["runs"]),
                problems=tuple(unpacked_problem(row) for row in entry["problems"]),
                mark=entry["mark"],
                points=entry["points"],
                awaited=tuple(entry["awaited"]),
            )
        self._rows = rows
        return found

    def _broken(self, words: str) -> dict[str, Held]:
        message = f"what was kept of an earlier build is read again: {words}"
        self.note = Problem("RR385", message, None, None, "note", self.folder.name)
        return {}

    def _write(self) -> None:
        rows: dict[str, int] = {}
        for held in self.held.values():
            for file, count in held.points.items():
                rows[file] = rows.get(file, 0) + count
        content = {
            "code": code_version(),
            "rows": {file: max(count, self._rows.get(file, 0)) for file, count in rows.items()},
            "partitions": {
                name: {
                    "signs": held.signs,
                    "runs": [packed(run) for run in held.runs],
                    "problems": [packed_problem(problem) for problem in held.problems],
                    "mark": held.mark,
                    "points": held.points,
                    "awaited": held.awaited,
                }
                for name, held in self.held.items()
            },
        }
        try:
            body = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
        except (TypeError, orjson.JSONEncodeError):
            # lone surrogates in names are beyond orjson
            body = json.dumps(content).encode()
        fresh = self.folder / f"{NAME}.{os.getpid()}"
        digest = hashlib.sha256(body).hexdigest().encode()
        with contextlib.suppress(OSError):
            fresh.write_bytes(digest + b"\n" + body)
            fresh.replace(self.folder / NAME)

    def _clean(self) -> None:
        """Remove files of points that nobody can know of."""
        named = self.files()
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                stale = entry.name.startswith("points-") and entry.name not in named
                if stale and time.time() - entry.stat().st_mtime > FORGOTTEN_S:
                    os.unlink(entry.path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
