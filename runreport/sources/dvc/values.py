"""Params and metrics of one run, out of the files that DVC's own name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runreport.sources.complaints import Complaints
from runreport.sources.dvc import documents
from runreport.sources.dvc.cache import PULL, AbsentError
from runreport.sources.dvc.contents import Contents
from runreport.sources.dvc.curves import curves
from runreport.sources.dvc.live import Live
from runreport.sources.dvc.projectfiles import UnreadError
from runreport.sources.dvc.templates import look_up
from runreport.sources.loaded import Points
from runreport.sources.texts import MAX_DEPTH, Written, flatten, written
from runreport.tables import level, parse_number

_SPECIAL = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})


def params_of(contents: Contents, told: Complaints, *, ran: bool = True) -> dict[str, str]:
    """Texts by name; where files differ, `params.yaml` has the name and others `file:name`.

    Args:
        contents: of the run.
        told: takes what was not read.
        ran: whether `dvc.lock` tells what this run ran with.
    """
    project = contents.project
    found: list[tuple[str, dict[str, str]]] = []
    files = set(project.params) | set(project.locked)
    for file in sorted(files, key=lambda file: (file != "params.yaml", file)):
        keys = project.params.get(file, set())
        texts = _file_params(contents, file, keys, told)
        if texts is None:
            continue
        if ran:
            _compare(file, texts, _flat(project.locked.get(file, {}), file, told), told)
        found.append((file, texts))
    return _first(found)


def metrics_of(
    contents: Contents, folders: Iterable[Live], told: Complaints
) -> tuple[dict[str, float | Points], dict[str, str]]:
    """Metrics by name, and by name what stands in metrics files and is no number."""
    lives = tuple(folders)
    points: list[tuple[str, dict[str, Points]]] = []
    for live in lives:
        points.append((live.summary, _curves(contents, live, told)))
    drawn = {file: set(found) for file, found in points}
    numbers: list[tuple[str, dict[str, float]]] = []
    texts: list[tuple[str, dict[str, str]]] = []
    by_file = {live.summary: live for live in lives}
    for file in dict.fromkeys([*contents.project.metrics, *by_file]):
        for name in _files(contents, file, told):
            value = _value(contents, name, told, optional=name not in contents.project.metrics)
            if value is None:
                continue
            live_here = by_file.get(name)
            mark = "/" if live_here is not None else "."
            own: dict[str, float] = {}
            words: dict[str, str] = {}
            for key, item in _leaves(value, mark, name, told):
                number = _number(item)
                if number is not None:
                    own[key] = number
                elif isinstance(item, list):
                    message = f"{key[:80]!r} is a list, and no metric"
                    told.add("RR375", name, message, kind="list")
                else:
                    words[key] = written(item)
            if live_here is not None:
                # the counter of steps, not something that was measured
                own.pop("step", None)
                own = _beyond(name, own, dict(points).get(name, {}), told)
            numbers.append((name, own))
            texts.append((name, words))
    metrics: dict[str, float | Points] = {}
    metrics.update(_apart(points))
    taken = {key for names in drawn.values() for key in names}
    for key, number in _apart(numbers, taken).items():
        metrics.setdefault(key, number)
    return metrics, _apart(texts)


# ---- params --------------------------------------------------------------------------------------


def _file_params(
    contents: Contents, file: str, keys: set[str], told: Complaints
) -> dict[str, str] | None:
    """What one file gives: its own values, or those that `dvc.lock` says stages ran with."""
    locked = contents.project.locked.get(file)
    try:
        value = documents.parse(contents.read(file), file)
    except (UnreadError, ValueError) as error:
        if locked is None and isinstance(error, documents.UnknownFormatError):
            told.add("RR379", file, f"its params are not read: {error}", severity="note")
            return None
        if locked is None:
            hint = PULL if isinstance(error, AbsentError) else None
            told.add("RR371", file, f"its params cannot be read: {error}", hint=hint)
            return None
        message = f"its params are those of `dvc.lock`: {error}"
        told.add("RR379", file, message, severity="note")
        return _flat(locked, file, told)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        told.add("RR371", file, "it holds no params by name")
        return None
    if keys:
        chosen = {key: value[key] if key in value else look_up(value, key) for key in sorted(keys)}
        return _flat(chosen, file, told)
    return _flat(value, file, told)


def _flat(value: Mapping[str, Any], file: str, told: Complaints) -> dict[str, str]:
    deep: list[str] = []
    found = flatten(value, written, deep)
    for key in deep:
        told.add("RR374", file, f"{key!r} is nested more than {MAX_DEPTH} deep; it is left out")
    return found


def _compare(
    file: str, texts: Mapping[str, str], locked: Mapping[str, str], told: Complaints
) -> None:
    """Say where the metrics were made with other params than the file holds now."""
    for name, then in locked.items():
        now = texts.get(name)
        if now is not None and level(now) != level(then) and not now.startswith(("[", "{")):
            message = (
                f"stages ran with {name[:80]} = {then[:40]}, and the file says {now[:40]}: "
                "the metrics may be of other params"
            )
            told.add("RR379", file, message, hint="`dvc repro` runs what changed", kind="stale")


# ---- metrics -------------------------------------------------------------------------------------


def _curves(contents: Contents, live: Live, told: Complaints) -> dict[str, Points]:
    found: dict[str, Points] = {}
    contents.files.expect([*live.curves, live.summary])
    for file, name in live.curves.items():
        try:
            found.update(curves(contents.read(file), file, name, told))
        except AbsentError as error:
            told.add("RR371", file, f"its points cannot be read: {error}", hint=PULL)
        except UnreadError as error:
            told.add("RR371", file, f"its points cannot be read: {error}")
    return found


def _files(contents: Contents, file: str, told: Complaints) -> list[str]:
    try:
        return contents.below(file) or [file]
    except UnreadError as error:
        hint = PULL if isinstance(error, AbsentError) else None
        told.add("RR371", file, f"its metrics cannot be read: {error}", hint=hint)
        return []


def _value(contents: Contents, file: str, told: Complaints, *, optional: bool) -> Any:
    try:
        if optional and not contents.has(file):
            return None
        return documents.parse(contents.read(file), file)
    except (UnreadError, ValueError) as error:
        hint = PULL if isinstance(error, AbsentError) else None
        told.add("RR371", file, f"its metrics cannot be read: {error}", hint=hint)
        return None


def _leaves(value: Any, mark: str, file: str, told: Complaints) -> Iterator[tuple[str, Any]]:
    """Everything that is no object, by its keys from the top; of a lone value by its file."""
    if not isinstance(value, Mapping):
        base = file.rpartition("/")[2]
        yield base.rpartition(".")[0] or base, value
        return
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack:
        prefix, item, depth = stack.pop()
        if not isinstance(item, Mapping):
            if item is not None and prefix:
                yield prefix, item
            continue
        if depth >= MAX_DEPTH:
            message = f"{prefix[:80]!r} is nested more than {MAX_DEPTH} deep; it is left out"
            told.add("RR374", file, message)
            continue
        inner = [(f"{prefix}{mark}{key}" if prefix else key, one) for key, one in item.items()]
        stack += [(key, one, depth + 1) for key, one in reversed(inner)]


def _number(value: Any) -> float | None:
    """The number that a value is or spells; DVCLive writes NaN and infinities as texts."""
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if text in _SPECIAL:
        return float(text)
    number = parse_number(text)
    if not math.isnan(number):
        return number
    # a number beyond float64
    return float(text) if isinstance(value, Written) else None


def _beyond(
    file: str, numbers: Mapping[str, float], drawn: Mapping[str, Points], told: Complaints
) -> dict[str, float]:
    """What a summary of DVCLive's says that its curves do not."""
    found: dict[str, float] = {}
    for name, number in numbers.items():
        points = drawn.get(name)
        if points is None:
            found[name] = number
            continue
        last = float(points.value[-1])
        if last == number or (math.isnan(last) and math.isnan(number)):
            continue
        found[f"{file}:{name}"] = number
        message = (
            f"{name[:80]} is {number!r} here, and its curve ends with {last!r}: both are shown"
        )
        told.add("RR379", file, message, severity="note", kind="summary")
    return found


# ---- names ---------------------------------------------------------------------------------------


def _apart(
    parts: Iterable[tuple[str, Mapping[str, Any]]], taken: Iterable[str] = ()
) -> dict[str, Any]:
    """Values by name; what several files hold under one name is `file:name` in each.

    Whether two values are equal does not matter: a name must mean the same in every run.
    """
    by_name: dict[str, dict[str, Any]] = {}
    for file, values in parts:
        for name, value in values.items():
            by_name.setdefault(name, {}).setdefault(file, value)
    found: dict[str, Any] = {}
    others = set(taken)
    for name, given in by_name.items():
        alone = len(given) == 1 and name not in others
        for file, value in given.items():
            found[name if alone else f"{file}:{name}"] = value
    return found


def _first(parts: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Params by name: the first file has the plain name, another that differs `file:name`."""
    found: dict[str, str] = {}
    for file, values in parts:
        for name, text in values.items():
            if found.setdefault(name, text) != text:
                found[f"{file}:{name}"] = text
    return found
