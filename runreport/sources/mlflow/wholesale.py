"""The tables of many runs at once, column by column, where nothing has to be mended or told.

Stores as MLflow writes them need neither. Whatever is not plain (a name twice, a text beyond the
limits, a clock that was wrong) raises `Unfit` before anything is taken; the runs are then taken
one by one, by a `Collector`, which mends what can be mended and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import mul

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from runreport.cleaning import clean_text, clean_texts
from runreport.columns import column, masked
from runreport.sources.limits import Limits
from runreport.sources.mlflow.facts import (
    LATEST_MS,
    LINEAGE_TAGS,
    DatasetInput,
    LoggedModel,
    ModelVersion,
    RunFacts,
    lineage_of,
    status_of,
)
from runreport.tables import SCHEMAS, TIME, Artifact, Lineage, RunTables, parse_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Artifacts = Mapping[str, Sequence[Artifact]]
"""By MLflow's own run id; runs that have none may be missing."""

_NOBODY = RunFacts("", "", None, None, None, None)


class Unfit(Exception):  # noqa: N818  control flow between this file and its callers
    """Something has to be mended or told: the runs are to be taken one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Params, tags or last values of many runs, in any order."""

    run: Ints
    """Place of the run of each row."""
    name: Sequence[str]
    value: Sequence[str] = ()
    """Texts; none of metrics."""
    number: Floats = field(default_factory=lambda: np.empty(0))
    """Last values of metrics, NaN and infinities real."""
    step: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class ManyRuns:
    """Runs in the order of the tables, as their store tells them; ids are MLflow's own."""

    ids: Sequence[str]
    experiments: Sequence[str]
    names: Sequence[str | None]
    statuses: Sequence[str | int | None]
    started: Sequence[int | None]
    """Milliseconds."""
    ended: Sequence[int | None]
    users: Sequence[str | None]
    params: Named
    tags: Named
    metrics: Named
    datasets: Mapping[str, Sequence[DatasetInput]] = field(default_factory=dict)
    versions: Mapping[str, Sequence[ModelVersion]] = field(default_factory=dict)
    models: Mapping[str, Sequence[LoggedModel]] = field(default_factory=dict)


class Wholesale:
    """Columns of many runs.

    Args:
        many: the runs.
        qualifier: of the source.
        limits: of what is taken of a run.

    Raises:
        Unfit: something has to be mended or told.
    """

    def __init__(self, many: ManyRuns, qualifier: str, limits: Limits) -> None:
        self._many = many
        self._qualifier = qualifier
        self._limits = limits
        self._ids = [f"{qualifier}:{own}" for own in many.ids]
        self.run_ids = dict(zip(self._ids, many.ids, strict=True))
        """Run id of the tables to MLflow's own."""
        if not many.ids or len(many.ids) > limits.runs:
            raise Unfit("no runs, or more than are taken")
        if not all(many.ids) or len(self.run_ids) < len(many.ids) or not _are_fit(self._ids):
            raise Unfit("an id that is empty, or there twice, or not fit to be shown")
        self._started, self._ended = _times(many.started), _times(many.ended)
        known = (self._started > 0) & (self._ended > 0)
        if (known & (self._ended < self._started)).any():
            raise Unfit("a run that ends before it starts")
        self._params = _Rows(many.params, self._ids, limits.params, limits)
        self._tags = _Rows(many.tags, self._ids, limits.tags, limits)
        self._metrics = _Rows(many.metrics, self._ids, limits.metrics, limits)
        self.metric_names = self._metrics.names

    def tables(self, artifacts: Artifacts) -> RunTables:
        """The canonical tables, without problems."""
        files = [
            (known, file.path, file.kind, file.bytes, file.digest, file.opener)
            for known, own in self.run_ids.items()
            for file in artifacts.get(own, ())
        ]
        params, tags = self._params, self._tags
        numbers = {text: parse_number(text) for text in set(params.texts)}
        found = np.fromiter(map(numbers.__getitem__, params.texts), np.float64, len(params.texts))
        nothing = _table("artifacts", *(pa.nulls(0, kind) for kind in SCHEMAS["artifacts"].types))
        listed = RunTables.from_rows(artifacts=files).artifacts if files else nothing
        return RunTables(
            artifacts=listed,
            runs=self._runs(),
            params=_table("params", *params.keys(), _texts(params.texts), _floats(found)),
            tags=_table("tags", *tags.keys(), _texts(tags.texts)),
            metrics=self._last_values(),
            lineage=self._lineage(artifacts),
        )

    def _runs(self) -> pa.Table:
        many, count = self._many, len(self._ids)
        names, users = list(many.names), list(many.users)
        for found, tag in ((names, "mlflow.runName"), (users, "mlflow.user")):
            if not all(found):
                known = self._tags.of(tag)
                found[:] = [text or known.get(place) for place, text in enumerate(found)]
        parents: list[str | None] = [None] * count
        for place, parent in self._tags.of("mlflow.parentRunId").items():
            parents[place] = f"{self._qualifier}:{parent}" if parent else None
        words = {status: status_of(status) for status in set(many.statuses)}
        started, ended = self._started, self._ended
        return _table(
            "runs",
            _texts(self._ids),
            _texts([self._qualifier] * count),
            _texts(many.experiments),
            _texts([name or own[:8] for name, own in zip(names, many.ids, strict=True)]),
            _texts([words[status] for status in many.statuses]),
            masked(started * 1000, started == 0, TIME),
            masked(ended * 1000, ended == 0, TIME),
            masked((ended - started) * 1000 / 1e6, (started == 0) | (ended == 0), pa.float64()),
            _texts([user or None for user in users]),
            _texts(parents),
            pa.nulls(count, pa.string()),
        )

    def _last_values(self) -> pa.Table:
        order, metrics = self._metrics.order, self._many.metrics
        unread, none = (pa.nulls(len(order), kind) for kind in (pa.float64(), pa.int64()))
        return _table(
            "metrics",
            *self._metrics.keys(),
            _strings(b"", np.zeros(len(order), np.int64)),
            none,
            unread,
            _floats(metrics.number[order]),
            *[unread] * 4,
            _floats(metrics.step[order]),
            none,
        )

    def _lineage(self, artifacts: Artifacts) -> pa.Table:
        many, tagged = self._many, self._tags.of_lineage()
        # most runs come from the same code
        known: dict[tuple[tuple[str, str], ...], range] = {}
        alone = many.datasets.keys() | many.versions.keys() | many.models.keys() | artifacts.keys()
        facts: list[Lineage] = []
        places: list[int] = []
        counts: list[int] = []
        for place, own in enumerate(many.ids):
            tags = tuple(tagged.get(place, ()))
            these = None if own in alone else known.get(tags)
            if these is None:
                run = replace(
                    _NOBODY,
                    datasets=many.datasets.get(own, ()),
                    versions=many.versions.get(own, ()),
                    models=many.models.get(own, ()),
                    artifacts=artifacts.get(own, ()),
                )
                made = list(lineage_of(run, dict(tags), self._limits.inputs))
                these = range(len(facts), len(facts) + len(made))
                facts += made
            if own not in alone:
                known[tags] = these
            places += these
            counts.append(len(these))
        at = np.array(places, np.int64)
        dirty = [fact.dirty for fact in facts]
        return _table(
            "lineage",
            _stretched(self._ids, np.array(counts)),
            _picked([fact.kind for fact in facts], at),
            _picked([fact.name for fact in facts], at),
            _picked([fact.version for fact in facts], at),
            _picked([fact.digest for fact in facts], at),
            column([dirty[place] for place in places], pa.bool_()),
            _picked([fact.url for fact in facts], at),
        )


class _Rows:
    """Rows by run, then by name; no run has a name twice.

    Raises:
        Unfit: a name is there twice or not fit to be shown, or there is more than is taken.
    """

    def __init__(self, rows: Named, ids: Sequence[str], most: int, limits: Limits) -> None:
        self._ids = ids
        self.names = sorted(set(rows.name))
        """Different ones."""
        if not _are_fit(self.names) or max(map(len, self.names), default=0) > limits.key:
            raise Unfit("a name that is cut, or not fit to be shown")
        if max(map(len, rows.value), default=0) > limits.value:
            raise Unfit("a text that is cut")
        self._counts = np.bincount(rows.run, minlength=len(ids))
        if self._counts.max(initial=0) > most:
            raise Unfit("more rows than are taken of a run")
        places = {name: place for place, name in enumerate(self.names)}
        codes = np.fromiter(map(places.__getitem__, rows.name), np.int64, len(rows.name))
        both = rows.run * max(1, len(self.names)) + codes
        self.order: Ints = np.argsort(both, kind="stable")
        """For each row where it stood."""
        both = both[self.order]
        if (both[1:] == both[:-1]).any():
            raise Unfit("a name that is there twice")
        self._codes = codes[self.order]
        self.texts: Sequence[str] = (
            list(map(rows.value.__getitem__, self.order.tolist())) if rows.value else ()
        )
        """Values."""

    def keys(self) -> tuple[pa.Array, pa.Array]:
        """The columns of run ids and names."""
        return _stretched(self._ids, self._counts), _picked(self.names, self._codes)

    def of(self, name: str) -> dict[int, str]:
        """Values of a name, by place of the run."""
        if name not in self.names:
            return {}
        at = np.flatnonzero(self._codes == self.names.index(name))
        values = map(self.texts.__getitem__, at.tolist())
        return dict(zip(self._run_of(at), values, strict=True))

    def of_lineage(self) -> dict[int, list[tuple[str, str]]]:
        """Of the tags that lineage is made of: names and values, by place of the run."""
        wanted = [place for place, name in enumerate(self.names) if name in LINEAGE_TAGS]
        at = np.flatnonzero(np.isin(self._codes, wanted))
        names = map(self.names.__getitem__, self._codes[at].tolist())
        values = map(self.texts.__getitem__, at.tolist())
        found: dict[int, list[tuple[str, str]]] = {}
        for run, name, value in zip(self._run_of(at), names, values, strict=True):
            found.setdefault(run, []).append((name, value))
        return found

    def _run_of(self, at: NDArray[np.intp]) -> list[int]:
        runs: list[int] = np.repeat(np.arange(len(self._ids)), self._counts)[at].tolist()
        return runs


def _are_fit(texts: Sequence[str]) -> bool:
    """Whether none of them would be cleaned."""
    whole = "".join(texts)
    return (whole.isascii() and whole.isprintable()) or clean_text(whole) == whole


def _times(ms: Sequence[int | None]) -> Ints:
    """Milliseconds; zero where nothing is known.

    Raises:
        Unfit: a clock was wrong.
    """
    found = np.array([0 if at is None else at for at in ms])
    if found.dtype != np.int64 or ((found < 0) | (found >= LATEST_MS)).any():
        raise Unfit("a time before 1970 or after 2200")
    return found


def _texts(texts: Sequence[str | None]) -> pa.Array:
    try:
        whole = "".join(texts)  # type: ignore[arg-type]  # None raises
    except TypeError:
        return column(clean_texts(texts), pa.string())
    if not (whole.isascii() and whole.isprintable()):
        return column(clean_texts(texts), pa.string())
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))  # type: ignore[arg-type]  # as above
    return _strings(whole.encode(), lengths)


def _floats(numbers: Floats) -> pa.Array:
    return column(numbers, pa.float64())


def _stretched(texts: Sequence[str], counts: Ints) -> pa.Array:
    """Each text so many times."""
    coded = [text.encode() for text in texts]
    lengths = np.fromiter(map(len, coded), np.int64, len(coded))
    return _strings(b"".join(map(mul, coded, counts.tolist())), np.repeat(lengths, counts))


def _picked(texts: Sequence[str | None], places: Ints) -> pa.Array:
    """The texts at these places."""
    if None in texts:
        return _texts([texts[place] for place in places.tolist()])
    coded = [text.encode() for text in clean_texts(texts) if text is not None]
    lengths = np.fromiter(map(len, coded), np.int64, len(coded))
    return _strings(b"".join(map(coded.__getitem__, places.tolist())), lengths[places])


def _strings(data: bytes, lengths: Ints) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(lengths), buffers, null_count=0)


def _table(name: str, *columns: pa.Array) -> pa.Table:
    return pa.Table.from_arrays(list(columns), schema=SCHEMAS[name])
