"""Files of samples: which belong to which results, and what each document scored."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from runreport.cleaning import clean_text
from runreport.sources.complaints import Complaints
from runreport.sources.lm_eval.results import Facts, bare
from runreport.sources.scored import Scored, chosen, loose_json, number_of
from runreport.sources.trees import TreeFile, open_file

MAX_SAMPLES = 1_000_000_000
"""Bytes of one file of samples; what comes after is left out."""
MAX_LINE = 64_000_000
MAX_LIST = 256_000_000
"""Bytes of a file that is one JSON list."""
_DATE = re.compile(r"_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d{1,9})?)\.json$")
_KNOWN = frozenset(
    {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics",
     "doc_hash", "prompt_hash", "target_hash", "system_prompt_hash"}
)  # fmt: skip
"""What an entry holds beside its values."""


def belonging(results: TreeFile, beside: Iterable[TreeFile]) -> tuple[TreeFile, ...]:
    """The files of samples that may be of a file of results: of the same date, where it has one."""
    match = _DATE.search(results.base)
    if match is None:
        # results of older versions have no date
        return tuple(f for f in beside if f.base.endswith(".jsonl") and not _DATED.search(f.base))
    ends = (f"_{match[1]}.jsonl", f"_{match[1]}.json")
    return tuple(f for f in beside if f.base.startswith("samples_") and f.base.endswith(ends))


_DATED = re.compile(r"_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d{1,9})?\.jsonl$")


def task_of(file: TreeFile, results: TreeFile, tasks: Collection[str]) -> str | None:
    """The task whose samples a file holds; None when it is no file of samples."""
    if match := _DATE.search(results.base):
        middle = file.base.removeprefix("samples_").partition(f"_{match[1]}.json")[0]
    else:
        middle = file.base.removesuffix(".jsonl").removeprefix("samples_")
    if middle in tasks:
        return middle
    # older versions wrote every other character as `_`, and the model's arguments before it
    plain = {task: re.sub(r"\W", "_", task) for task in tasks}
    fit = [task for task, text in plain.items() if middle == text or middle.endswith(f"_{text}")]
    if fit:
        return max(fit, key=len)
    return middle if match else None


def scored(file: TreeFile, task: str, fields: Sequence[str], told: Complaints) -> Iterator[Scored]:
    """Every document of a file, with its values of all filters."""
    place = clean_text(file.name)
    entries: dict[str, list[Facts]] = {}
    for where, entry in _entries(file, place, told):
        doc = entry.get("doc_id")
        if doc is None or isinstance(doc, Mapping | list):
            told.add("RR375", place, "an entry without `doc_id` is left out", line=where)
            continue
        entries.setdefault(str(doc), []).append(entry)
    for doc, own in entries.items():
        scores: dict[str, float] = {}
        for entry in own:
            for name, value in _values(entry, doc, place, told):
                if name in scores:
                    message = f"document {clean_text(doc)[:60]} has {name[:80]!r} twice"
                    told.add("RR376", place, message, kind="twice")
                scores.setdefault(name, value)
        first = own[0]
        tags = {"doc_id": doc}
        for name in ("doc_hash", "prompt_hash", "target_hash"):
            if isinstance(text := first.get(name), str) and text:
                tags[name] = text
        yield Scored(
            task=task,
            id=doc,
            scores=scores,
            params=chosen(first.get("doc"), fields, "doc"),
            tags=tags,
            digest=tags.get("doc_hash"),
        )


def digest(file: TreeFile) -> str | None:
    """A digest over the documents of a file; None when one has none, or something is lost."""
    import hashlib

    told = Complaints()
    hashes = {}
    for _, entry in _entries(file, "", told):
        own = entry.get("doc_hash")
        if not isinstance(own, str):
            return None
        hashes[str(entry.get("doc_id"))] = own
    if not hashes or told.problems():
        return None
    lines = "".join(f"{doc}\0{own}\n" for doc, own in sorted(hashes.items()))
    return f"sha256:{hashlib.sha256(lines.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _values(entry: Facts, doc: str, place: str, told: Complaints) -> Iterator[tuple[str, float]]:
    named = entry.get("metrics")
    listed = isinstance(named, list)
    # older versions do not list what of an entry is a value
    among = named if isinstance(named, list) else [key for key in entry if key not in _KNOWN]
    names = [name for name in among if isinstance(name, str)]
    kind = entry.get("filter")
    for name in names:
        value = entry.get(name)
        number = number_of(value)
        if number is not None:
            yield bare(f"{name},{kind}") if isinstance(kind, str) else name, number
        elif listed and value is not None:
            message = (
                f"document {clean_text(doc)[:60]}: {clean_text(name)[:80]!r} is no number; of all "
                "documents together it is in the results"
            )
            told.add("RR375", place, message, kind=f"value {name[:80]}")


def _entries(file: TreeFile, place: str, told: Complaints) -> Iterator[tuple[int | str, Facts]]:
    """Every entry with its place: of JSON lines, or of one JSON list, as older versions wrote."""
    with os.fdopen(open_file(file.path), "rb") as stream:
        start = stream.read(64).lstrip()[:1]
        stream.seek(0)
        if start == b"[":
            yield from _listed(stream.read(MAX_LIST + 1), place, told)
            return
        number, read = 0, 0
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            read += len(line)
            if len(line) > MAX_LINE or read > MAX_SAMPLES:
                message = f"the first {number - 1:,} lines are read; the rest is too large"
                told.add("RR374", place, message, line=number)
                return
            if not line.strip():
                continue
            try:
                found = loose_json(line)
            except ValueError as error:
                if not line.endswith(b"\n"):
                    told.add("RR372", place, "the last line is not complete", line=number)
                else:
                    told.add("RR373", place, f"this line is no JSON: {error}", line=number)
                continue
            if isinstance(found, Mapping):
                yield number, found
            else:
                told.add("RR375", place, "this line is no object", line=number)


def _listed(data: bytes, place: str, told: Complaints) -> Iterator[tuple[str, Any]]:
    if len(data) > MAX_LIST:
        told.add("RR371", place, f"it is a list of more than {MAX_LIST // 1_000_000:,} MB")
        return
    try:
        found = loose_json(data)
    except ValueError as error:
        told.add("RR371", place, f"this is no JSON: {error}")
        return
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        if isinstance(entry, Mapping):
            yield f"item {index}", entry
        else:
            told.add("RR375", place, "this is no object", line=f"item {index}")
