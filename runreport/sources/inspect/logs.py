"""A log of Inspect as it lies on disk: what the evaluation was, and its samples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runreport.errors import Problem, SourceError
from runreport.sources.archive import Archive
from runreport.sources.complaints import Complaints
from runreport.sources.scored import loose_json
from runreport.sources.texts import parse_json
from runreport.sources.trees import read_file

MAX_HEADER = 64_000_000
"""Bytes of what says how an evaluation was made and ended."""
MAX_SAMPLES = 256_000_000
"""Bytes of the list of samples, and of a log in JSON."""
MAX_LISTED = 1_000_000
"""Samples of one log."""
MAX_READ = 1_000_000_000
"""Bytes of samples that are read one by one, where nothing sums them up."""

HEADER, START, SUMMARIES = "header.json", "_journal/start.json", "summaries.json"
_JOURNAL = re.compile(r"_journal/summaries/(\d{1,9})\.json")
_SAMPLE = re.compile(r"samples/.+\.json")

Facts = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Log:
    """What was read of one log."""

    header: Facts
    """Status, eval, plan, results, stats, error."""
    samples: tuple[Facts, ...]
    """In the order of the log; empty where they were not asked for."""
    ended: bool = True
    """Whether the log says how the evaluation ended."""


def read_log(path: Path, name: str, *, samples: bool, told: Complaints) -> Log:
    """One log.

    Args:
        path: of the file.
        name: how messages call it.
        samples: whether they are wanted; those of a log without an end are read in any case.
        told: receives what could not be read.

    Raises:
        SourceError: RR371 when it is no log, or nothing of it can be read.
        OSError: it cannot be opened.
    """
    if path.suffix.lower() == ".eval":
        return _of_archive(path, name, samples, told)
    try:
        data = read_file(path, MAX_SAMPLES)
    except ValueError as error:
        raise _lost(name, str(error)) from None
    return _of_json(data, name, told)


# ---- archives ------------------------------------------------------------------------------------


def _of_archive(path: Path, name: str, wanted: bool, told: Complaints) -> Log:
    try:
        archive = Archive(path)
    except ValueError as error:
        raise _lost(name, str(error)) from None
    with archive:
        if archive.cut is not None:
            message = (
                f"the list of its members, which ends a log, is lost; the "
                f"{len(archive.members):,} up to byte {archive.cut:,} are read"
            )
            told.add("RR372", name, message)
        header = _header(archive, HEADER, name, told)
        ended = header is not None
        if header is None:
            header = _header(archive, START, name, told)
            if header is None:
                raise _lost(name, f"it holds neither {HEADER} nor {START}")
            header = {**header, "status": "started"}
            message = "it does not say how the evaluation ended, so that it counts as running"
            told.add("RR379", name, message, severity="note")
        found: tuple[Facts, ...] = ()
        if wanted or not ended:
            found = tuple(_once(_samples(archive, name, told), name, told))
        return Log(header, found, ended)


def _header(archive: Archive, member: str, name: str, told: Complaints) -> Facts | None:
    """The object in a member; None when it is not there or, aloud, cannot be read."""
    if member not in archive:
        return None
    try:
        found = parse_json(archive.read(member, MAX_HEADER))
    except ValueError as error:
        told.add("RR373", name, f"{member}: {error}")
        return None
    if not isinstance(found, Mapping) or not isinstance(found.get("eval"), Mapping):
        told.add("RR373", name, f"{member} does not say what was evaluated")
        return None
    return found


def _samples(archive: Archive, name: str, told: Complaints) -> Iterator[Any]:
    """What sums up each sample; a later one of the same sample replaces an earlier one."""
    if SUMMARIES in archive:
        listed = _list(archive, SUMMARIES, name, told)
        if listed is not None:
            yield from listed
            return
    parts = sorted(
        (int(match[1]), member)
        for member in archive.members
        if (match := _JOURNAL.fullmatch(member))
    )
    for _, member in parts:
        yield from _list(archive, member, name, told) or ()
    if parts:
        return
    left = MAX_READ
    for member, about in archive.members.items():
        if not _SAMPLE.fullmatch(member):
            continue
        left -= about.size
        if left < 0:
            told.add("RR374", name, f"{member} and later samples are left out: too much to read")
            return
        try:
            yield loose_json(archive.read(member, MAX_SAMPLES))
        except ValueError as error:
            told.add("RR373", name, f"{member}: {error}")


def _list(archive: Archive, member: str, name: str, told: Complaints) -> list[Any] | None:
    try:
        found = loose_json(archive.read(member, MAX_SAMPLES))
    except ValueError as error:
        told.add("RR373", name, f"{member}: {error}")
        return None
    if not isinstance(found, list):
        told.add("RR373", name, f"{member} is no list of samples")
        return None
    return found


def _once(samples: Iterable[Any], name: str, told: Complaints) -> Iterator[Facts]:
    """Each sample and epoch once, at its first place, as it was told last."""
    found: dict[tuple[str, str], Facts] = {}
    for sample in samples:
        if not isinstance(sample, Mapping) or sample.get("id") is None:
            told.add("RR375", name, "an entry of the list of samples has no id; it is left out")
            continue
        if len(found) >= MAX_LISTED:
            told.add("RR374", name, f"the first {MAX_LISTED:,} samples are read")
            break
        found[str(sample["id"]), str(sample.get("epoch", 1))] = sample
    yield from found.values()


# ---- JSON ----------------------------------------------------------------------------------------


def _of_json(data: bytes, name: str, told: Complaints) -> Log:
    try:
        # small documents keep their numbers as they were written
        found = parse_json(data) if len(data) < 1_000_000 else loose_json(data)
    except ValueError as error:
        raise _lost(name, f"this is no JSON: {error}") from None
    if not isinstance(found, Mapping) or not isinstance(found.get("eval"), Mapping):
        raise _lost(name, "this is no log of Inspect: it does not say what was evaluated")
    samples = found.get("samples")
    header = {key: value for key, value in found.items() if key not in ("samples", "reductions")}
    own = tuple(_once(samples, name, told)) if isinstance(samples, list) else ()
    return Log(header, own, header.get("status") != "started")


def _lost(name: str, message: str) -> SourceError:
    return SourceError(Problem("RR371", message, place=name))
