"""The configurations of a report: its runs, told apart by the params that say how they were set up.

Every section that counts configurations counts these. Replicates, names, places and whatever else
the author leaves out tell none apart (`identities`). `1e-3` and `0.001` are one value, numbers with
a fraction that agree to seven digits too, and a param that holds a mapping is read as the params
inside of it. What is empty is not set; not being set is a value of its own.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from runreport.design import Design
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import charting, identities
from runreport.sections.identities import LeftOut
from runreport.stats.changes import Codes, Flags, Floats
from runreport.stats.space import Level
from runreport.tables import Run, level

NOT_SET = "(not set)"

LONGEST_MAPPING = 10_000
"""Characters of a param that is read as a mapping."""

LABEL_PARAMS = 4
"""A configuration that differs in more is called by its first run."""


@dataclass(frozen=True, eq=False)
class Settings:
    """Configurations and the params in which they differ."""

    names: tuple[str, ...]
    """Params with more than one value, sorted."""
    groups: tuple[Group, ...]
    """One per configuration, in report order of its first run."""
    texts: tuple[tuple[str, ...], ...]
    """texts[configuration][param], as the first run with that value logged it."""
    codes: Codes
    """Shape (configurations, params): equal integers are equal values."""
    absent: Flags
    """Where a param is not set, same shape."""
    numbers: Floats
    """The values as numbers, NaN where they are none."""
    of_run: NDArray[np.intp]
    """The configuration of each run of the report, shape (runs,)."""
    constant: int
    """Params with one value in all runs."""
    left_out: tuple[LeftOut, ...]
    runs: int

    @cached_property
    def levels(self) -> tuple[tuple[Level | None, ...], ...]:
        """levels[configuration][param]: numbers, or words as logged; None where not set."""
        return tuple(
            tuple(
                None if gone else number if np.isfinite(number) else text
                for text, number, gone in zip(*row, strict=True)
            )
            for row in zip(self.texts, self.numbers.tolist(), self.absent.tolist(), strict=True)
        )

    def text(self, configuration: int, param: int, length: int = 28) -> str:
        """A value, short enough for a line."""
        return short(self.texts[configuration][param], length)

    def count(self, param: int) -> int:
        """How many values a param has, not being set among them."""
        return int(np.unique(self.codes[:, param]).size)

    def is_number(self, param: int) -> bool:
        """Whether every value is a number."""
        return bool(np.isfinite(self.numbers[:, param]).all())


def short(text: str, length: int = 28) -> str:
    """One value of a param for people: 0.001 for 1e-3, words cut in their middle."""
    value = same(text)
    if isinstance(value, float):
        return charting.short(value, 7)
    return charting.fit(text, length) or '""'


def read(context: Context, ignore: Sequence[str] = (), keep: Sequence[str] = ()) -> Settings:
    """The configurations of a report's runs.

    Args:
        context: of the report.
        ignore: patterns of params that tell no configurations apart.
        keep: patterns of params that do, whatever else is said of them.
    """
    return read_groups(context.groups, context.design, context.runs, ignore, keep)


def read_groups(
    groups: Sequence[Group],
    design: Design,
    runs: Sequence[Run],
    ignore: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Settings:
    """The configurations of some groups' runs.

    Args:
        groups: hold the runs and know their replicates.
        design: as declared.
        runs: in report order.
        ignore: patterns of params that tell no configurations apart.
        keep: patterns of params that do.
    """
    params = [flat(run) for run in runs]
    every = {name: text for own in params for name, text in own.items()}
    # most params have one text in all runs
    open_ = [name for name, text in every.items() if any(own.get(name) != text for own in params)]
    values = [{name: same(own[name]) for name in open_ if name in own} for own in params]
    varying = sorted(name for name in open_ if len({own.get(name) for own in values}) > 1)
    left_out = identities.left_out(groups, design, runs, params, varying, ignore, keep)
    gone = {name for part in left_out for name in part.names}
    kept = [name for name in varying if name not in gone]
    found = _Found.of(values, kept)
    lacking = identities.cut_off(runs, kept, found.of_run, found.absent, found.codes, keep)
    if lacking is not None:
        left_out = (*left_out, lacking)
        kept = [name for name in kept if name not in lacking.names]
        found = _Found.of(values, kept)
    texts = _texts(kept, params, found)
    numbers = [[v if isinstance(v, float) else np.nan for v in row] for row in found.rows]
    return Settings(
        names=tuple(kept),
        groups=_groups(groups, runs, kept, texts, found.members),
        texts=texts,
        codes=found.codes,
        absent=found.absent,
        numbers=np.array(numbers, dtype=np.float64).reshape(found.codes.shape),
        of_run=found.of_run,
        constant=len(every) - len(varying),
        left_out=left_out,
        runs=len(runs),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """Runs with equal values, told apart by some params."""

    rows: tuple[tuple[Level | None, ...], ...]
    """One per configuration, in order of its first run."""
    members: tuple[tuple[int, ...], ...]
    of_run: NDArray[np.intp]
    codes: Codes
    absent: Flags

    @classmethod
    def of(cls, values: Sequence[Mapping[str, Level]], names: Sequence[str]) -> _Found:
        """Configurations over these params."""
        members: dict[tuple[Level | None, ...], list[int]] = {}
        for place, own in enumerate(values):
            members.setdefault(tuple(own.get(name) for name in names), []).append(place)
        of_run = np.zeros(len(values), dtype=np.intp)
        for row, places in enumerate(members.values()):
            of_run[places] = row
        shape = (len(members), len(names))
        codes, absent = np.zeros(shape, dtype=np.intp), np.zeros(shape, dtype=np.bool_)
        for column in range(len(names)):
            order: dict[Level | None, int] = {}
            held = [row[column] for row in members]
            codes[:, column] = [order.setdefault(value, len(order)) for value in held]
            absent[:, column] = [value is None for value in held]
        return cls(tuple(members), tuple(map(tuple, members.values())), of_run, codes, absent)


def _texts(
    names: Sequence[str], params: Sequence[Mapping[str, str]], found: _Found
) -> tuple[tuple[str, ...], ...]:
    """texts[configuration][param]; equal values are written alike."""
    firsts = [params[places[0]] for places in found.members]
    columns = []
    for column, name in enumerate(names):
        told: dict[int, str] = {}
        pairs = zip(found.codes[:, column].tolist(), firsts, strict=True)
        columns.append([told.setdefault(code, own.get(name, NOT_SET)) for code, own in pairs])
    return tuple(zip(*columns, strict=True)) if names else ((),) * len(firsts)


def together(codes: NDArray[np.intp], chosen: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Runs, by index, that are replicates of one configuration.

    Args:
        codes: the configuration of each run.
        chosen: indices of runs.
    """
    found: dict[int, list[int]] = {}
    for index, code in zip(chosen, codes[list(chosen)].tolist(), strict=True):
        found.setdefault(code, []).append(index)
    return tuple(tuple(members) for members in found.values())


def means_of(
    codes: NDArray[np.intp], chosen: NDArray[np.intp], *columns: Floats
) -> tuple[Floats, ...]:
    """The mean of each column over the runs of one configuration, in the order of codes.

    Args:
        codes: the configuration of each run.
        chosen: indices of runs.
        columns: one value per run of the report, finite where chosen.
    """
    _, member, counts = np.unique(codes[chosen], return_inverse=True, return_counts=True)
    return tuple(np.bincount(member, column[chosen], counts.size) / counts for column in columns)


def none_differs(settings: Settings) -> str:
    """That no param tells configurations apart, and which differ all the same."""
    said = "No param differs between the configurations."
    return " ".join((said, *identities.words(settings.left_out)))


# ---- values --------------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def same(text: str) -> float | str:
    """What a text is as a value, so that equal settings are equal.

    Numbers with a fraction agree to seven digits: some trackers store 32 bits.
    """
    value = level(text)
    if isinstance(value, str):
        words = value.strip()
        return words.lower() if words.lower() in ("true", "false", "none", "null") else words
    return value if value == int(value) else float(f"{value:.7g}")


def flat(run: Run) -> dict[str, str]:
    """A run's params as logged, those in mappings by their paths, without empty ones."""
    found: dict[str, str] = {}
    for name, param in run.params.items():
        nested = _nested(param.text) if param.text.lstrip()[:1] == "{" else None
        if nested:
            found |= {f"{name}.{key}": text for key, text in nested.items() if text.strip()}
        elif param.text.strip():
            found[name] = param.text
    return found


def text_of(run: Run, name: str) -> str | None:
    """One param as logged, or from the mapping that holds it; None where it is not set."""
    if (param := run.params.get(name)) is not None:
        return param.text
    for end, letter in enumerate(name):
        if letter == "." and (outer := run.params.get(name[:end])) is not None:
            return _nested(outer.text).get(name[end + 1 :])
    return None


@lru_cache(maxsize=4096)
def _nested(text: str) -> Mapping[str, str]:
    """A mapping's values by their paths; empty for what is no mapping."""
    if len(text) > LONGEST_MAPPING:
        return {}
    try:
        value = _parsed(text)
        return dict(_leaves(value, "")) if isinstance(value, dict) and value else {}
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return {}


def _parsed(text: str) -> object:
    """JSON, or a mapping as Python writes it."""
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text.strip())


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, value if isinstance(value, str) else str(value)


# ---- groups --------------------------------------------------------------------------------------


def _groups(
    groups: Sequence[Group],
    every: Sequence[Run],
    names: Sequence[str],
    texts: Sequence[Sequence[str]],
    members: Sequence[Sequence[int]],
) -> tuple[Group, ...]:
    """Configurations as groups, with the replicates that the design knows of."""
    facts: dict[str, tuple[str | None, str | None, str | None]] = {}
    for group in groups:
        blank = (None,) * len(group.runs)
        columns = (group.replicate_of, group.across_of or blank, group.cluster_of or blank)
        for run, replicate, task, shared in zip(group.runs, *columns, strict=True):
            facts[run.id] = (replicate, task, shared)
    across = any(group.across_of for group in groups)
    cluster = any(group.cluster_of for group in groups)
    found = []
    for place, (own, places) in enumerate(zip(texts, members, strict=True)):
        runs = tuple(every[index] for index in places)
        known = [facts.get(run.id, (None, None, None)) for run in runs]
        found.append(
            Group(
                id=f"c{place}",
                label=_label(names, own, runs[0]),
                key=tuple(zip(names, own, strict=True)),
                runs=runs,
                replicate_of=tuple(replicate for replicate, _, _ in known),
                is_baseline=False,
                color="accent",
                across_of=tuple(task for _, task, _ in known) if across else (),
                cluster_of=tuple(shared for _, _, shared in known) if cluster else (),
            )
        )
    return tuple(found)


def _label(names: Sequence[str], texts: Sequence[str], first: Run) -> str:
    if not names:
        return "all runs"
    if len(names) > LABEL_PARAMS:
        return f"the configuration of {charting.fit(first.name or first.id, 40)}"
    return ", ".join(f"{n}={short(t)}" for n, t in zip(names, texts, strict=True))
