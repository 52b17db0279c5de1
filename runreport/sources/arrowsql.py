"""SQLite read straight into Arrow, where the ADBC driver is installed: no Python object per value.

The driver brings a SQLite of its own. It is asked the same questions as the standard library's,
on a connection that is read-only as well and has the same safety switches; whatever it cannot do
is done by the standard library.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

ROWS = 65_536
"""Of one batch."""
_SWITCHES = ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON")


class Unanswered(Exception):  # noqa: N818  control flow between this file and its callers
    """The driver is not there, or could not answer: the standard library is asked instead."""


class ArrowSql:
    """One read-only connection, inside one transaction."""

    def __init__(self, driver: ModuleType, link: Any) -> None:
        self._driver = driver
        self._link = link

    def batches(self, query: str) -> Generator[pa.RecordBatch, None, None]:
        """Rows of a query, in batches.

        Raises:
            Unanswered: the file is locked or damaged, or a column mixes types.
        """
        with _failures(self._driver), self._driver.AdbcStatement(self._link) as statement:
            statement.set_options(**{"adbc.sqlite.query.batch_rows": str(ROWS)})
            statement.set_sql_query(query)
            handle, _ = statement.execute_query()
            with pa.RecordBatchReader._import_from_c(handle.address) as reader:
                yield from reader


def installed() -> bool:
    """Whether the driver can be imported."""
    try:
        _modules()
    except ImportError:
        return False
    return True


@contextmanager
def connected(path: Path) -> Iterator[ArrowSql]:
    """A connection to a database file; everything asked on it sees one state of the file.

    Raises:
        Unanswered: the driver is not installed, or cannot open the file.
    """
    try:
        driver, location = _modules()
    except ImportError as error:
        raise Unanswered(str(error)) from error
    # never `immutable`: it would miss what a writer has not checkpointed yet
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with _failures(driver):
        database = driver.AdbcDatabase(driver=location, uri=uri)
    try:
        with _failures(driver):
            link = driver.AdbcConnection(database)
        try:
            own = ArrowSql(driver, link)
            for switch in _SWITCHES:
                for _ in own.batches(f"PRAGMA {switch}"):
                    pass
            with _failures(driver):
                link.set_autocommit(False)
            yield own
        finally:
            link.close()
    finally:
        database.close()


def _modules() -> tuple[ModuleType, str]:
    import adbc_driver_manager
    import adbc_driver_sqlite

    return adbc_driver_manager, adbc_driver_sqlite._driver_path()


@contextmanager
def _failures(driver: ModuleType) -> Iterator[None]:
    try:
        yield
    except (driver.Error, pa.ArrowException, OSError) as error:
        raise Unanswered(str(error)[:200]) from error
