"""Samples of an evaluation as runs, one each, so that models can be paired item by item."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from runreport.cleaning import clean_text
from runreport.sources.limits import LIMITS
from runreport.sources.loaded import LoadedRun
from runreport.sources.texts import flatten, written
from runreport.sources.trees import TreeFile, open_file
from runreport.sources.units import Reduce
from runreport.tables import Lineage, Status


@dataclass(frozen=True, eq=False)
class Scored:
    """One sample that a model answered."""

    task: str
    id: str
    scores: Mapping[str, float]
    epoch: str | None = None
    """Which of several answers to the same sample."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What its document or metadata say of it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    digest: str | None = None
    """Of what was asked."""
    status: Status = "finished"
    started: datetime | None = None
    ended: datetime | None = None


def item_runs(
    evaluation: LoadedRun, samples: Iterable[Scored], reduce: Reduce = "none"
) -> Iterator[LoadedRun]:
    """A run of each sample: what it has in common with the others, and its own scores.

    Args:
        evaluation: the params and lineage of all.
        samples: in the order of the tables.
        reduce: `mean` makes one run of all epochs of a sample.
    """
    for sample in averaged(samples) if reduce == "mean" else samples:
        item = f"{sample.task}/{sample.id}"
        own = {"task": sample.task, "item": item}
        after = ""
        if sample.epoch is not None and reduce == "none":
            own["epoch"] = sample.epoch
            after = f"@{sample.epoch}"
        # the purpose is its name: two benchmarks' items are the evaluation data of one comparison
        asked = (Lineage("data", sample.task, "evaluation", sample.digest),)
        data = asked if sample.digest else ()
        kept = tuple(fact for fact in evaluation.lineage if fact.kind != "data")
        yield replace(
            evaluation,
            key=f"{evaluation.key}#{item}{after}",
            name=f"{evaluation.name} {item}{after}",
            status=sample.status,
            started=sample.started or evaluation.started,
            ended=sample.ended if sample.started is not None else evaluation.ended,
            seconds=None,
            params={**evaluation.params, **own, **sample.params},
            tags={**evaluation.tags, **sample.tags},
            metrics=sample.scores,
            artifacts=(),
            lineage=(*kept, *data),
        )


def averaged(samples: Iterable[Scored]) -> list[Scored]:
    """One of each sample, its scores the mean over the epochs that have one."""
    epochs: dict[tuple[str, str], list[Scored]] = {}
    for sample in samples:
        epochs.setdefault((sample.task, sample.id), []).append(sample)
    return [own[0] if len(own) == 1 else _mean(own) for own in epochs.values()]


def _mean(own: Sequence[Scored]) -> Scored:
    values: dict[str, list[float]] = {}
    for sample in own:
        for name, score in sample.scores.items():
            values.setdefault(name, []).append(score)
    starts = [sample.started for sample in own if sample.started is not None]
    ends = [sample.ended for sample in own if sample.ended is not None]
    lost = sum(sample.status == "failed" for sample in own)
    tags = {**own[0].tags, "epochs": str(len(own))}
    if lost:
        tags["failed_epochs"] = str(lost)
    return replace(
        own[0],
        epoch=None,
        scores={name: _mean_of(scores) for name, scores in values.items()},
        tags=tags,
        # one answer that was scored is an outcome
        status=next((s.status for s in own if s.status == "finished"), own[0].status),
        started=min(starts, default=None),
        ended=max(ends, default=None),
    )


def _mean_of(scores: Sequence[float]) -> float:
    """NaN marks what was not scored; it takes no part unless nothing was."""
    known = [score for score in scores if not math.isnan(score)]
    if not known:
        return math.nan
    try:
        return math.fsum(known) / len(known)
    except (OverflowError, ValueError):
        # sums of both infinities, or beyond what a float holds
        return sum(known) / len(known)


def chosen(facts: Any, fields: Iterable[str], prefix: str) -> dict[str, str]:
    """The named fields of a sample's document or metadata as params, `prefix.field`."""
    wanted = tuple(fields)
    if not wanted or not isinstance(facts, Mapping):
        return {}
    flat = flatten({str(key): value for key, value in facts.items()}, written, [])
    return {f"{prefix}.{name}": flat[name] for name in wanted if name in flat}


def unknown(fields: Iterable[str], prefix: str, runs: Iterable[LoadedRun]) -> list[str]:
    """Those of the named fields that no sample has."""
    known = {name for run in runs for name in run.params}
    return [name for name in fields if f"{prefix}.{name}" not in known]


def in_folder(run: LoadedRun, file: TreeFile) -> LoadedRun:
    """The run with the folder of its file as a tag: often that alone tells evaluations apart."""
    return (
        replace(run, tags={**run.tags, "folder": clean_text(file.folder)}) if file.folder else run
    )


def number_of(value: Any) -> float | None:
    """A number or a truth value as a number; None for anything else."""
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def loose_json(data: bytes) -> Any:
    """The value of a JSON text as Python writes it, NaN and infinities too.

    Raises:
        ValueError: it is no JSON.
    """
    import orjson

    try:
        return orjson.loads(data)
    except ValueError:
        # it knows no NaN, and no half of a surrogate pair
        pass
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 text from byte {error.start:,} on") from None
    except json.JSONDecodeError as error:
        words = error.msg[0].lower() + error.msg[1:]
        raise ValueError(f"{words} (line {error.lineno}, column {error.colno})") from None


def digest_of(file: TreeFile) -> str | None:
    """SHA-256 of a file that is not too large."""
    if file.size > LIMITS.hashed_file:
        return None
    try:
        with os.fdopen(open_file(file.path), "rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError:
        return None
