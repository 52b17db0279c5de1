"""Run folders of MLflow's file store as it writes them: many small files, read in few calls each.

A folder in which something is odd (a link, a line that is no point, a file that cannot be read) is
`Unfit` here, and is read file by file by `RunFolders`, which says what it met.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from runreport.sources.folders import BLOCK, Folder
from runreport.sources.limits import Limits
from runreport.sources.mlflow.facts import DatasetInput, RunFacts
from runreport.sources.mlflow.metalines import Meta
from runreport.sources.mlflow.metriclines import Latest, Oddities
from runreport.sources.mlflow.runfolder import DEPTH, MetricFile, ReadRun, RunFolders, status_in
from runreport.sources.mlflow.wholesale import ManyRuns, Named, Unfit

Digests = list[tuple[str, bytes]]
"""Places of files below the root, and the SHA-256 of what was read of them."""


class PlainRun(NamedTuple):
    """A run whose folder is as MLflow writes it; all of it builtins, so that it travels quickly."""

    run_id: str
    folder: str
    """Below the root of the store."""
    experiment: str
    name: str | None
    status: str | int | None
    started: int | None
    """Milliseconds."""
    ended: int | None
    user: str | None
    address: str | None
    """Of its artifacts, as the store gives it."""
    params: tuple[list[str], list[str]]
    """Names and values."""
    tags: tuple[list[str], list[str]]
    metrics: tuple[list[str], list[float], list[float], list[int]]
    """Names, last values, their steps, and bytes of the files."""
    datasets: list[DatasetInput]
    hashes: bytes
    """Of the files of params and tags, one after the other."""

    @property
    def digests(self) -> Digests:
        """Of all files that were read; those of metrics are taken when somebody asks for them."""
        names = [f"params/{name}" for name in self.params[0]]
        names += [f"tags/{name}" for name in self.tags[0]]
        size = hashlib.sha256().digest_size
        found = [
            (f"{self.folder}/{name}", self.hashes[size * place : size * (place + 1)])
            for place, name in enumerate(names)
        ]
        return found + [(f"{self.folder}/metrics/{name}", b"") for name in self.metrics[0]]

    @property
    def sizes(self) -> dict[str, int]:
        """Place of every metric file, and the bytes of it."""
        names, _, _, sizes = self.metrics
        return {
            f"{self.folder}/metrics/{name}": size for name, size in zip(names, sizes, strict=True)
        }

    def files(self) -> dict[str, MetricFile]:
        """Where the points of each metric are."""
        names, _, _, sizes = self.metrics
        inside = (*self.folder.split("/"), "metrics")
        return {
            name: MetricFile((*inside, *name.split("/")), size, Oddities())
            for name, size in zip(names, sizes, strict=True)
        }

    def read(self) -> ReadRun:
        """The same, to be taken run by run."""
        names, values, steps, _ = self.metrics
        facts = RunFacts(
            run_id=self.run_id,
            experiment=self.experiment,
            name=self.name,
            status=self.status,
            started_ms=self.started,
            ended_ms=self.ended,
            user=self.user,
            params=list(zip(*self.params, strict=True)),
            tags=list(zip(*self.tags, strict=True)),
            metrics=list(zip(names, values, steps, strict=True)),
            datasets=self.datasets,
        )
        return ReadRun(facts, self.folder, self.address, self.files(), self.sizes)


def many_runs(found: Sequence[PlainRun], versions: Any) -> ManyRuns:
    """Runs in the order of the tables as columns."""
    return ManyRuns(
        ids=[run.run_id for run in found],
        experiments=[run.experiment for run in found],
        names=[run.name for run in found],
        statuses=[run.status for run in found],
        started=[run.started for run in found],
        ended=[run.ended for run in found],
        users=[run.user for run in found],
        params=_named([run.params for run in found]),
        tags=_named([run.tags for run in found]),
        metrics=Named(
            _places([run.metrics[0] for run in found]),
            list(chain.from_iterable(run.metrics[0] for run in found)),
            number=np.array(list(chain.from_iterable(run.metrics[1] for run in found)), np.float64),
            step=np.array(list(chain.from_iterable(run.metrics[2] for run in found)), np.float64),
        ),
        datasets={run.run_id: run.datasets for run in found if run.datasets},
        versions={run.run_id: versions[run.run_id] for run in found if run.run_id in versions},
    )


def read_plain(folder: Folder, name: str, experiment: str, meta: Meta, to: RunFolders) -> PlainRun:
    """A run whose `meta.yaml` was read.

    Raises:
        Unfit, OSError: something is odd, or cannot be read.
    """
    limits = to.limits
    started, ended = (_whole(meta.get(key)) for key in ("start_time", "end_time"))
    hashes: list[bytes] = []
    params = _texts(folder, "params", limits.params, limits, hashes)
    tags = _texts(folder, "tags", limits.tags, limits, hashes)
    return PlainRun(
        run_id=name,
        folder=folder.path,
        experiment=experiment,
        name=meta.get("run_name") or meta.get("name"),
        status=status_in(meta),
        started=started,
        ended=ended,
        user=meta.get("user_id"),
        address=meta.get("artifact_uri"),
        params=params,
        tags=tags,
        metrics=_metrics(folder, limits),
        datasets=to.datasets_of(folder, name),
        hashes=b"".join(hashes),
    )


def _texts(
    folder: Folder, what: str, most: int, limits: Limits, hashes: list[bytes]
) -> tuple[list[str], list[str]]:
    keys: list[str] = []
    texts: list[str] = []
    # a character of UTF-8 takes up to four bytes, and one more tells that there was more
    size = 4 * (limits.value + 1)
    for inside, names, own in _folders(folder, what, most):
        keys += own
        for data in inside.starts(names, size):
            hashes.append(hashlib.sha256(data).digest())
            texts.append(data.decode("utf-8", "surrogateescape"))
    return keys, texts


def _metrics(
    folder: Folder, limits: Limits
) -> tuple[list[str], list[float], list[float], list[int]]:
    keys: list[str] = []
    values: list[float] = []
    steps: list[float] = []
    sizes: list[int] = []
    for inside, names, own in _folders(folder, "metrics", limits.metrics):
        keys += own
        for data in inside.starts(names, BLOCK):
            last = Latest()
            last.take(data)
            if last.odd or last.point is None or len(data) == BLOCK:
                raise Unfit("a line that is no point, or more than is held at once")
            step, _, value = last.point
            values.append(value)
            steps.append(step)
            sizes.append(len(data))
    return keys, values, steps, sizes


def _folders(folder: Folder, what: str, most: int) -> Iterator[tuple[Folder, list[str], list[str]]]:
    """Folders of files below one, with the names in them and below it."""
    try:
        first = folder.folder(what)
    except FileNotFoundError:
        return
    with first:
        yield from _inside(first, "", DEPTH, most)


def _inside(
    folder: Folder, prefix: str, depth: int, most: int
) -> Iterator[tuple[Folder, list[str], list[str]]]:
    found = folder.names()
    names = [name for name, kind in found if kind == "file"]
    deeper = [name for name, kind in found if kind == "folder"]
    if len(names) + len(deeper) < len(found) or len(names) > most or (deeper and not depth):
        raise Unfit("a link, or more than is taken")
    yield folder, names, [prefix + name for name in names] if prefix else names
    for name in deeper:
        with folder.folder(name) as one:
            yield from _inside(one, f"{prefix}{name}/", depth - 1, most)


def _named(rows: Sequence[tuple[list[str], list[str]]]) -> Named:
    return Named(
        _places([names for names, _ in rows]),
        list(chain.from_iterable(names for names, _ in rows)),
        list(chain.from_iterable(values for _, values in rows)),
    )


def _places(rows: Sequence[Sequence[str]]) -> Any:
    return np.repeat(np.arange(len(rows)), [len(row) for row in rows])


def _whole(raw: str | None) -> int | None:
    if raw is not None and not (raw.isascii() and raw.isdigit()):
        raise Unfit("a time that is no number")
    return None if raw is None else int(raw)
