"""Which column is what: as the author says, else by a rule that the report repeats."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runreport.errors import Problem, SourceError
from runreport.sources.files import readings, words
from runreport.sources.files.options import Options
from runreport.sources.files.shape import HEAD, Shape, column_of
from runreport.sources.files.sheets import Column, Sheet, TextColumn
from runreport.sources.files.words import Role

_WHOLE = re.compile(r"[-+]?\d+")


@dataclass(frozen=True, slots=True)
class Roles:
    """What each column of some files is."""

    params: Mapping[str, str]
    """Column to the name shown."""
    metrics: Mapping[str, str]
    tags: Mapping[str, str]
    facts: Mapping[str, str]
    """`name`, `status`, `started`, `ended`, `experiment`, `user`, `time`: to their column."""
    guessed: tuple[str, ...] = ()
    """Columns whose role no option and no prefix named."""
    unread: tuple[str, ...] = ()
    """Columns that fit nowhere: text that changes from step to step."""


def of_runs(sheets: Sequence[Sheet], ids: Sequence[str | None], options: Options) -> Roles:
    """The roles of columns where a row is a run, over all files alike.

    Objects called `params`, `config`, `metrics`, `tags`, ... say what they hold. Of the rest: text
    and truth values are params, unless most cells are numbers and the name is an outcome's; then
    the name decides (`lr`, `seed`, `max_depth` against `loss`, `accuracy`, `train_time`); then
    whole numbers are params, and so are other numbers that occur at least twice each on average;
    what remains are metrics.
    """
    names = list(dict.fromkeys(name for sheet in sheets for name in sheet.columns))
    facts = _facts(sheets, names, options)
    taken = {*(column for column in ids if column is not None), *facts.values()}
    chosen: dict[str, Role] = {}
    guessed = []
    texts: dict[str, list[str]] = {}
    for sheet in sheets:
        for name in sheet.columns:
            texts.setdefault(name, []).extend(_texts(sheet, name))
    for name in names:
        if name in taken or _matches(name, options.ignore):
            continue
        role = _declared(name, options)
        if role is None:
            values = texts[name]
            if not values or _is_steps(name, values):
                continue
            role = _by_rule(name, values)
            if not _family(name):
                guessed.append(name)
        chosen[name] = role
    return _roles(chosen, facts, tuple(guessed))


def of_history(sheet: Sheet, shape: Shape, options: Options) -> Roles:
    """The roles of columns where a row is a step: numbers are metrics, text is a param.

    Numbers called `seed`, `fold`, ... are params as well. Judged by the first rows.
    """
    head = sheet.head(HEAD)
    facts = _facts([head], list(head.columns), options)
    if (time := _time_column(head, options)) is not None:
        facts["time"] = time
    taken = {shape.step, shape.id, *facts.values()}
    chosen: dict[str, Role] = {}
    guessed, unread = [], []
    for name in sheet.columns:
        if name in taken or _matches(name, options.ignore):
            continue
        role = _declared(name, options) or _family(name)
        if role is None:
            if not _is_mostly_numbers(head.columns[name]):
                if not _steady(head, shape, name):
                    unread.append(name)
                    continue
                role = "params"
            elif words.replicate_among([name]) and _steady(head, shape, name):
                role = "params"
            else:
                role = "metrics"
            guessed.append(name)
        chosen[name] = role
    return _roles(chosen, facts, tuple(guessed), tuple(unread))


def check_declared(sheets: Sequence[Sheet], options: Options) -> tuple[Problem, ...]:
    """Columns that the author names and no file has.

    Raises:
        SourceError: RR355 when it is one that the reading rests on.
    """
    names = list(dict.fromkeys(name for sheet in sheets for name in sheet.columns))
    if not names:
        return ()
    single = ("id", "name", "step", "time", "status", "started", "ended", "experiment")
    missing = [
        _no_column(option, column, names)
        for option in single
        if (column := getattr(options, option)) is not None and column not in names
    ]
    if missing:
        raise SourceError(missing)
    return tuple(
        _no_column(option, pattern, names, "warning")
        for option in ("params", "metrics", "tags", "ignore")
        for pattern in getattr(options, option)
        if not any(_matches(name, (pattern,)) for name in names)
    )


def _no_column(
    option: str,
    column: str,
    names: Sequence[str],
    severity: Literal["error", "warning"] = "error",
) -> Problem:
    near = difflib.get_close_matches(column, names, n=1)
    shown = ", ".join(names[:12]) + (f", and {len(names) - 12} more" if len(names) > 12 else "")
    hint = f"did you mean {near[0]!r}?" if near else f"there are {shown}"
    return Problem("RR355", f"{option}: no file has a column {column!r}", None, hint, severity)


def _roles(
    chosen: Mapping[str, Role],
    facts: Mapping[str, str],
    guessed: tuple[str, ...],
    unread: tuple[str, ...] = (),
) -> Roles:
    shown: dict[Role, dict[str, str]] = {"params": {}, "metrics": {}, "tags": {}}
    for role, columns in shown.items():
        mine = [name for name, its in chosen.items() if its == role]
        short = {name: _bare(name, role) for name in mine}
        wanted = list(short.values())
        for name in mine:
            # `lr` beside `params.lr`: the longer one keeps its full name
            free = short[name] == name or wanted.count(short[name]) == 1
            columns[name] = short[name] if free else name
    return Roles(shown["params"], shown["metrics"], shown["tags"], facts, guessed, unread)


def _by_rule(name: str, values: Sequence[str]) -> Role:
    if family := _family(name):
        return family
    if _is_series(name, values):
        return "metrics"
    present = [text for text in values if not readings.is_missing(text)]
    heard = words.role_by_name(name)
    if any(readings.number(text) is None for text in present) or not present:
        mostly = _is_mostly_numbers(TextColumn(present))
        return "metrics" if heard == "metrics" and mostly else "params"
    if heard:
        return heard
    if all(_WHOLE.fullmatch(text) for text in present):
        return "params"
    return "params" if len(set(present)) * 2 <= len(present) else "metrics"


def _is_mostly_numbers(column: Column) -> bool:
    """Whether a column is one of numbers in which some cells went wrong."""
    numbers = column.numbers
    return int(numbers.valid.sum()) >= max(1, len(numbers.unreadable))


def _is_steps(name: str, values: Sequence[str]) -> bool:
    """Whether cells hold the steps of the series beside them."""
    return name.lower() in words.STEPS and all(text.startswith("[") for text in values)


def _is_series(name: str, values: Sequence[str]) -> bool:
    """Whether cells of a document hold series of numbers, or the rows of a history."""
    lists = [text for text in values if text.startswith("[")]
    if not lists or name in words.HISTORIES:
        return bool(lists)
    heard = words.role_by_name(name) == "metrics" or _is_history(name.partition(".")[0])
    return heard and all(readings.series(text) for text in lists)


def _family(name: str) -> Role | None:
    prefix, dot, rest = name.partition(".")
    return words.FAMILIES.get(prefix.lower()) if dot and rest else None


def _bare(name: str, role: Role) -> str:
    prefix, dot, rest = name.partition(".")
    if dot and rest and (words.FAMILIES.get(prefix.lower()) == role or _is_history(prefix)):
        return rest
    return name


def _is_history(prefix: str) -> bool:
    return prefix in words.HISTORIES


def _declared(name: str, options: Options) -> Role | None:
    roles: tuple[Role, ...] = ("params", "metrics", "tags")
    exact = [role for role in roles if name in getattr(options, role)]
    if exact:
        return exact[0]
    return next((role for role in roles if _matches(name, getattr(options, role))), None)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    bare = name.partition(".")[2] if _family(name) else name
    for pattern in patterns:
        if pattern in (name, bare):
            return True
        if ("*" in pattern or "?" in pattern) and fnmatch.fnmatchcase(name, pattern):
            return True
    return False


def _texts(sheet: Sheet, name: str) -> list[str]:
    column = sheet.columns.get(name)
    return [] if column is None else [text for text in column.texts if text is not None]


def _facts(sheets: Sequence[Sheet], names: Sequence[str], options: Options) -> dict[str, str]:
    """Columns of what every run has; a known name counts only when its values fit."""
    named = {*options.params, *options.metrics, *options.tags, *options.ignore}
    by_lower = {name.lower(): name for name in reversed(names) if name not in named}
    found: dict[str, str] = {}
    for fact, known, fits in (
        ("name", words.NAMES, _any_text),
        ("status", words.STATUSES, lambda text: text.lower() in readings.STATUS_WORDS),
        ("started", words.STARTS, lambda text: readings.time(text) is not None),
        ("ended", words.ENDS, lambda text: readings.time(text) is not None),
        ("experiment", words.EXPERIMENTS, _any_text),
        ("user", words.USERS, _any_text),
    ):
        declared = getattr(options, fact, None)
        if declared is not None:
            if declared in names:
                found[fact] = declared
            continue
        for word in known:
            name = by_lower.get(word)
            if name is None or name in found.values():
                continue
            values = [text for sheet in sheets for text in _texts(sheet, name)]
            if values and all(fits(text) for text in values):
                found[fact] = name
                break
    return found


def _any_text(_text: str) -> bool:
    return True


def _time_column(head: Sheet, options: Options) -> str | None:
    """A column of wall times; seconds since the start are a metric like any other."""
    if options.time is not None:
        return options.time if options.time in head.columns else None
    name = column_of(head, None, words.TIMES)
    if name is None or _declared(name, options):
        return None
    first = next(iter(_texts(head, name)), None)
    return name if first is not None and readings.time(first) is not None else None


def _steady(head: Sheet, shape: Shape, name: str) -> bool:
    """Whether a column holds one value within each run."""
    texts = head.columns[name].texts
    runs = [None] * head.size if shape.id is None else head.columns[shape.id].texts
    pairs = {(run, text) for run, text in zip(runs, texts, strict=True) if text is not None}
    return len(pairs) == len({run for run, _ in pairs})
