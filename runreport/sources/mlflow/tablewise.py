"""MLflow's SQL tables in one question each: columns joined to one text inside SQLite.

Texts leave SQLite joined by a character that none of them may hold, and only where every row holds
what MLflow writes; anything else is `Unfit`, and is asked for row by row.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from runreport.sources.database import Database
from runreport.sources.mlflow.facts import LARGEST
from runreport.sources.mlflow.stored import Stored
from runreport.sources.mlflow.wholesale import Floats, ManyRuns, Named, Unfit

BETWEEN = "\x1f"
"""Between joined texts: the unit separator of ASCII."""
_TEXTS = frozenset({str})
_TEXTS_OR_NONE = frozenset({str, type(None)})
_TIMES = frozenset({int, type(None)})
_EXACT = 2.0**53


class Tablewise:
    """Reads the tables of a store, inside a snapshot.

    Args:
        database: the store.
        stored: the same, for the runs that are asked for.
    """

    def __init__(self, database: Database, stored: Stored) -> None:
        self._db = database
        self._stored = stored
        self.is_whole = False
        """Whether every row of every table was seen: then none is of a run that is not there."""

    def runs(self, experiments: Mapping[Any, str]) -> tuple[ManyRuns, Sequence[str | None]]:
        """The runs of these experiments, and the addresses of their artifacts.

        Raises:
            Unfit: some row is not as MLflow writes it.
        """
        rows = self._stored.run_rows()
        if not rows:
            raise Unfit("no runs")
        ids, numbers, names, statuses, started, ended, users, addresses = zip(*rows, strict=True)
        for values, kinds in (
            (ids, _TEXTS),
            (names, _TEXTS_OR_NONE),
            (statuses, _TEXTS_OR_NONE),
            (started, _TIMES),
            (ended, _TIMES),
            (users, _TEXTS_OR_NONE),
            (addresses, _TEXTS_OR_NONE),
        ):
            if not kinds.issuperset(map(type, values)):
                raise Unfit("a run of odd types")
        count = int(self._db.ask("SELECT count(*) FROM runs").fetchone()[0])
        self.is_whole = count == len(ids)
        places = {own: place for place, own in enumerate(ids)}
        made = self._stored.made()
        many = ManyRuns(
            ids=ids,
            experiments=[experiments.get(number, str(number)) for number in numbers],
            names=names,
            statuses=statuses,
            started=started,
            ended=ended,
            users=users,
            params=self._texts("params", places),
            tags=self._texts("tags", places),
            metrics=self._last_values(places),
            datasets=made.datasets,
            versions=made.versions,
            models=made.models,
        )
        return many, addresses

    def _texts(self, table: str, places: Mapping[str, int]) -> Named:
        count, runs, names, values = self._joined(table, ("run_uuid", "key", "value"))
        run = _places(runs, places)
        if not len(run) == len(names) == len(values) == count:
            raise Unfit("a text that is none, or holds the character between")
        return Named(run, names, values)

    def _last_values(self, places: Mapping[str, int]) -> Named:
        table = self._stored.last_table()
        if table != "latest_metrics" or not self._db.has(table, "step", "is_nan"):
            raise Unfit("last values have to be looked for")
        count, highest, lowest, runs, names = self._joined(
            table, ("run_uuid", "key"), "max(is_nan)", "min(is_nan)"
        )
        run = _places(runs, places)
        if not len(run) == len(names) == count:
            raise Unfit("a text that is none, or holds the character between")
        where, values = self._where
        # the same rows in the same order: both times the table is gone through, not an index
        wanted = "value, step" if highest == lowest == 0 else "value, step, is_nan"
        query = f"SELECT {wanted} FROM {table} NOT INDEXED{where}"  # noqa: S608  # our own words
        found = self._db.ask(query, values).fetchall()
        try:
            packed = np.frombuffer(array("d", chain.from_iterable(found))).reshape(count, -1)
        except (TypeError, ValueError):
            raise Unfit("a last value that is no number") from None
        value, step, *flags = packed.T
        if not (np.abs(step) < _EXACT).all():
            raise Unfit("a step that is no whole number")
        return Named(run, names, (), _mended(value, flags[0] if flags else np.zeros(1)), step)

    def _joined(self, table: str, columns: Sequence[str], *more: str) -> list[Any]:
        """How many rows there are, more about them, and their texts by column."""
        if not self._db.holds_texts(table, columns):
            raise Unfit("columns that may hold numbers")
        joined = ", ".join([*more, *(f"group_concat({name}, ?1)" for name in columns)])
        where, values = self._where
        query = f"SELECT count(*), {joined} FROM {table} NOT INDEXED{where}"  # noqa: S608  # our own words
        try:
            count, *found = self._db.ask(query, (BETWEEN, *values)).fetchone()
        except sqlite3.DataError:
            raise Unfit("more text than SQLite hands out at once") from None
        texts = found[len(more) :]
        joined_texts = ([] if text is None else text.split(BETWEEN) for text in texts)
        return [count, *found[: len(more)], *joined_texts]

    @property
    def _where(self) -> tuple[str, Sequence[str]]:
        if self.is_whole:
            return "", ()
        return f" WHERE run_uuid IN {self._stored.chosen}", self._stored.values


def _places(runs: Sequence[str], places: Mapping[str, int]) -> Any:
    try:
        return np.fromiter(map(places.__getitem__, runs), np.int64, len(runs))
    except KeyError:
        raise Unfit("a row of a run that is not there") from None


def _mended(value: Floats, flag: Floats) -> Floats:
    """Values as logged: MLflow writes NaN as zero with a flag, infinity as the largest double."""
    if flag.any():
        value = np.where(flag != 0, np.nan, value)
    huge = np.abs(value) >= LARGEST
    return np.where(huge, np.copysign(np.inf, value), value) if huge.any() else value
