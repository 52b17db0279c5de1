"""A SQLite file that a tracker may have written: opened read-only, its schema looked at, its
faults told as problems.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from runreport.errors import Problem, SourceError

BUSY_S = 5.0
"""How long a writer's lock is waited for."""
LARGEST_VALUE = 64_000_000
"""Bytes of one text or blob that SQLite may hand out."""

_BLOCK = 1 << 20
_TEXT = re.compile("CHAR|CLOB|TEXT")
"""Types of columns to which SQLite gives the affinity of texts."""
_TICK = 50_000
"""Steps of SQLite's machine between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What every database of one program holds."""

    program: str
    """Its name: `MLflow`."""
    usual: str
    """The file name that it takes when nothing is said: `mlflow.db`."""
    needed: Mapping[str, frozenset[str]]
    """Tables and columns without which it is no store of that program's."""


class Undecodable(Exception):  # noqa: N818  control flow between this file and its reader
    """A text of the store is no UTF-8."""


class Database:
    """One read-only connection, and what its schema holds."""

    def __init__(self, path: Path, name: str, schema: Schema) -> None:
        self.path = path
        self.name = name
        self.schema = schema
        self._inside = 0
        self.is_wal = in_wal_mode(path)
        """Whether writers go on while it is read."""
        self._resting = is_resting(path)
        with self._faults():
            if path.stat().st_size == 0:
                hint = f"is it the right file? {self._usual()}"
                raise SourceError(Problem("RR303", f"{name} is empty: 0 bytes", None, hint))
            self._link = self._connect()
            self._process = os.getpid()
            self.keep_bytes()
            with self.snapshot():
                self._check_length()
                self.columns = _Columns(self._tables(), self._table_columns)
                self._version = self._data_version()
            # quicker, and enough for nearly every store
            self._link.text_factory = str
        self._check_schema()

    def _connect(self) -> sqlite3.Connection:
        # `immutable` misses what a writer has not checkpointed yet: only where there is no log
        mode = "mode=ro&immutable=1" if self._resting else "mode=ro"
        link = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?{mode}",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        link.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY"):
            link.execute(f"PRAGMA {pragma}")
        return link

    def _own_connection(self) -> None:
        """A copy of the process opens the file anew: SQLite's connections do not survive a fork."""
        if self._process == os.getpid():
            return
        inherited, self._link = self._link, self._connect()
        self._link.text_factory = inherited.text_factory
        # never closed here: its locks are the other process's
        self._inherited, self._process = inherited, os.getpid()

    @contextmanager
    def snapshot(self, seconds: float | None = None) -> Iterator[None]:
        """All queries inside see one state of the store, and end in time.

        Raises:
            SourceError: RR301 damaged, RR302 locked, RR314 too slow.
        """
        with self._faults():
            self._own_connection()
            # a transaction begins with its first read, and so does waiting for a lock
            if not self._inside:
                self._link.execute("BEGIN")
            self._inside += 1
            try:
                if seconds is not None:
                    self._end_by(time.monotonic() + seconds)
                self._link.execute("SELECT count(*) FROM sqlite_master").fetchone()
                yield
            finally:
                self._link.set_progress_handler(None, 0)
                self._inside -= 1
                if not self._inside and self._link.in_transaction:
                    self._link.execute("ROLLBACK")

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Inside a snapshot: one of its own, in a copy of the process that was made since."""
        if self._process == os.getpid():
            yield
            return
        self._inside = 0
        with self.snapshot():
            yield

    def keep_bytes(self) -> None:
        """From now on bytes that are no UTF-8 become surrogates, and can be asked for again."""
        self._link.text_factory = lambda data: data.decode("utf-8", "surrogateescape")

    def ask(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Rows of a query, inside a snapshot."""
        return self._link.execute(query, values)

    def has(self, table: str, *columns: str) -> bool:
        """Whether a table exists with these columns."""
        return table in self.columns and set(columns) <= self.columns[table].keys()

    def holds_texts(self, table: str, columns: Iterable[str]) -> bool:
        """Whether SQLite stores every number that is written to these columns as a text."""
        declared = (self.columns[table][name].upper() for name in columns)
        return all("INT" not in kind and _TEXT.search(kind) for kind in declared)

    def sql(self, table: str) -> str:
        """The statement that made a table."""
        query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
        with self._names_as_bytes():
            return str(self.ask(query, [table]).fetchone()[0])

    def changed(self) -> bool:
        """Whether somebody wrote to the store since it was opened."""
        return self._data_version() != self._version

    def check_whole(self) -> None:
        """See that what was read is one state: nothing keeps a writer from a database at rest.

        Raises:
            SourceError: RR302 when somebody wrote to it meanwhile.
        """
        if self._resting and self.changed():
            message = f"{self.name} was written to while it was read"
            raise SourceError(Problem("RR302", message, None, "build again", place=self.name))

    def digest(self) -> Mapping[str, str]:
        """SHA-256 of the file and of what lies in its write-ahead log."""
        with self.snapshot():
            note = " (changed while it was read)" if self.changed() else ""
            found = {"database": _sha256(self.path) + note}
            log = self.path.with_name(self.path.name + "-wal")
            if log.is_file() and log.stat().st_size > 0:
                found["database-wal"] = _sha256(log)
            return found

    def _data_version(self) -> int:
        if self._resting:
            # nothing is locked, so that SQLite would not notice a writer
            return hash((self.path.stat().st_mtime_ns, is_resting(self.path)))
        return int(self._link.execute("PRAGMA data_version").fetchone()[0])

    def _end_by(self, deadline: float) -> None:
        self._link.set_progress_handler(lambda: time.monotonic() > deadline, _TICK)

    def _tables(self) -> list[str]:
        """Plain tables only: a view or a virtual table is not a tracker's and may run anything."""
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"
        return [name for (name,) in self._link.execute(query)]

    def _table_columns(self, table: str) -> dict[str, str]:
        with self._faults(), self._names_as_bytes():
            query = "SELECT name, type FROM pragma_table_info(?)"
            return dict(self._link.execute(query, [table]).fetchall())

    @contextmanager
    def _names_as_bytes(self) -> Iterator[None]:
        """Whatever the texts of the store are, a damaged name of the schema reads as some name."""
        factory = self._link.text_factory
        self.keep_bytes()
        try:
            yield
        finally:
            self._link.text_factory = factory

    @cached_property
    def indexes(self) -> frozenset[str]:
        """Names of all indexes; first asked for inside a snapshot."""
        with self._names_as_bytes():
            found = self.ask("SELECT name FROM sqlite_master WHERE type = 'index'")
            return frozenset(name for (name,) in found)

    def _check_length(self) -> None:
        """SQLite reads zeros where a file was cut within a page, and says nothing."""
        log = self.path.with_name(self.path.name + "-wal")
        if log.exists() and log.stat().st_size > 0:
            return
        pages, size = (
            int(self.ask(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size")
        )
        length = self.path.stat().st_size
        if length < pages * size:
            message = f"{self.name} was cut: {length:,} bytes of {pages * size:,} are there"
            hint = "copy the file again, or restore a backup"
            raise SourceError(Problem("RR301", message, None, hint, place=self.name))

    def _check_schema(self) -> None:
        needed = self.schema.needed
        missing = [table for table in needed if table not in self.columns]
        lacking = [
            f"{table}.{column}"
            for table, columns in needed.items()
            if table in self.columns
            for column in sorted(columns - self.columns[table].keys())
        ]
        if missing or lacking:
            what = "table" if len(missing) == 1 else "tables"
            words = f"{what} {', '.join(missing)}" if missing else f"columns {', '.join(lacking)}"
            hint = f"it may belong to another program; {self._usual()}"
            message = f"{self.name} is no {self.schema.program} database: it lacks the {words}"
            raise SourceError(Problem("RR303", message, None, hint, place=self.name))

    def _usual(self) -> str:
        return f"{self.schema.program}'s own default is {self.schema.usual}"

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        # SQLite's own words may hold damaged text, which Python then fails to read
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            if str(error).startswith("Could not decode to UTF-8 column"):
                raise Undecodable(str(error)) from error
            raise SourceError(fault(error, self.name)) from error


class _Columns(Mapping[str, Mapping[str, str]]):
    """Names and declared types of columns, by table: asked for when somebody wants to know."""

    def __init__(self, tables: Iterable[str], ask: Callable[[str], dict[str, str]]) -> None:
        self._known: dict[str, dict[str, str] | None] = dict.fromkeys(tables)
        self._ask = ask

    def __getitem__(self, table: str) -> dict[str, str]:
        known = self._known[table]
        if known is None:
            known = self._known[table] = self._ask(table)
        return known

    def __contains__(self, table: object) -> bool:
        return table in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def is_resting(path: Path) -> bool:
    """Whether a database in WAL mode has no log, as when every writer closed it.

    Opened the usual way, SQLite would make a log and its index beside it, and leave them there.
    """
    return in_wal_mode(path) and not path.with_name(path.name + "-wal").exists()


def in_wal_mode(path: Path) -> bool:
    """Whether a database keeps a write-ahead log."""
    try:
        with path.open("rb") as file:
            return file.read(20)[18:20] == b"\x02\x02"
    except OSError:
        return False


def fault(error: Exception, name: str) -> Problem:
    """What SQLite or the system said, as a problem with a remedy."""
    words = "its text is damaged" if isinstance(error, UnicodeDecodeError) else str(error)[:200]
    if isinstance(error, OSError):
        reason = (error.strerror or type(error).__name__).lower()
        hint = "check the path and who may read it"
        return Problem("RR301", f"cannot read {name}: {reason}", None, hint, place=name)
    primary = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        message = f"{name} is locked: another program was writing for over {BUSY_S:.0f} seconds"
        hint = "build again when it is done, or read a copy made with `sqlite3 DB '.backup COPY'`"
        return Problem("RR302", message, None, hint, place=name)
    if primary == sqlite3.SQLITE_INTERRUPT:
        hint = "name the experiments to read: `experiments: [...]`"
        return Problem("RR314", f"reading {name} took too long", None, hint, place=name)
    if primary == sqlite3.SQLITE_CANTOPEN:
        message = f"cannot open {name}: {words}"
        hint = (
            "a database in WAL mode needs a folder that may be written to;"
            " read a copy made with `sqlite3 DB '.backup COPY'`"
        )
        return Problem("RR301", message, None, hint, place=name)
    if primary == sqlite3.SQLITE_NOTADB:
        message = f"{name} is no SQLite database"
        return Problem("RR301", message, None, "check the path", place=name)
    message = f"{name} is damaged or cannot be read: {words}"
    hint = "try `sqlite3 DB '.recover'`, or restore a backup"
    return Problem("RR301", message, None, hint, place=name)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
