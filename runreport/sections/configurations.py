"""The configurations of a report: its runs, told apart by the params that say how they were set up.

Replicates, names, places and whatever else the author leaves out tell no configurations apart.
`1e-3` and `0.001` are one value, numbers with a fraction that agree to seven digits too, and a
param that holds a mapping is read as the params inside of it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np

from runreport.budget import bare
from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import charting
from runreport.sections.aligning import replicate_word
from runreport.stats.changes import Codes, Flags, Floats
from runreport.tables import Run, level

NOT_SET = "(not set)"

LONGEST_MAPPING = 10_000
"""Characters of a param that is read as a mapping."""

LABEL_PARAMS = 4
"""A configuration that differs in more is called by its first run."""

_SEED = re.compile(
    r"(?:(?:random|rng|global|torch|numpy|data|train|model|init)_)?seeds?|random_state"
)
_IDENTITY = re.compile(
    r"(?:run|job|exp|experiment|trial|task|process|wandb|mlflow|slurm|sweep)_"
    r"(?:name|id|idx|index|num|number|uuid|time|date|tags?|notes?|group|dir|path|uri|project|url)"
    r"|project|trial|uuid|guid|timestamp|date|datetime|(?:start|end|created|run)_(?:time|at|date)"
    r"|user|username|hosts?|hostname|node|pid|(?:master_)?(?:port|addr)"
    r"|(?:local|global|node)_rank"
    r"|(?:git_)?(?:commit|sha|hash|branch|dirty)(?:_(?:hash|sha|id))?"
    r"|devices?|gpus?|gpu_ids?|cuda_visible_devices|accelerator"
    r"|(?:dataloader_|data_)?(?:num_|n_)?(?:workers|jobs|threads)"
    r"|verbose|verbosity|log_level|log_every|log_interval|notes?|description|comments?|tags?"
)
"""Last part of a param's name: when, where or by whom a run was made."""

_TOP = re.compile(r"name|id|group|experiment|host|out|output|version_id")
"""The same, where nothing stands before it: `name`, but not `optimizer.name`."""

_PLACE = re.compile(
    r"(?:.*_)?(?:outputs?|out|save|saving|logs?|logging|ckpts?|checkpoints?|results?|work|working|"
    r"root|run|cache|tmp|temp|tensorboard|tb|artifacts?|export|dump)_?"
    r"(?:dir|directory|path|folder|file|filename|root|uri|location)s?"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Params that tell no configurations apart."""

    names: tuple[str, ...]
    why: str


@dataclass(frozen=True, eq=False)
class Settings:
    """Configurations and the params in which they differ."""

    names: tuple[str, ...]
    """Params with more than one value, sorted."""
    groups: tuple[Group, ...]
    """One per configuration, in report order of its first run."""
    texts: tuple[tuple[str, ...], ...]
    """texts[configuration][param], as its first run logged it."""
    codes: Codes
    """Shape (configurations, params): equal integers are equal values."""
    absent: Flags
    """Where a param is not set, same shape."""
    numbers: Floats
    """The values as numbers, NaN where they are none."""
    constant: int
    """Params with one value in all runs."""
    left_out: tuple[LeftOut, ...]
    runs: int

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
    runs = context.runs
    params = [_flat(run) for run in runs]
    values = [{name: same(text) for name, text in own.items()} for own in params]
    every = sorted({name for own in params for name in own})
    varying = [name for name in every if len({own.get(name) for own in values}) > 1]
    left_out = _left_out(context, params, varying, ignore, keep)
    gone = {name for part in left_out for name in part.names}
    kept = [name for name in varying if name not in gone]
    members: dict[tuple[float | str | None, ...], list[int]] = {}
    for place, own in enumerate(values):
        members.setdefault(tuple(own.get(name) for name in kept), []).append(place)
    firsts = [places[0] for places in members.values()]
    columns = list(zip(*members, strict=True)) if kept else []
    shape = (len(members), len(kept))
    codes, absent = np.zeros(shape, dtype=np.intp), np.zeros(shape, dtype=np.bool_)
    numbers = np.full(shape, np.nan)
    for column, found in enumerate(columns):
        order: dict[float | str | None, int] = {}
        codes[:, column] = [order.setdefault(value, len(order)) for value in found]
        absent[:, column] = [value is None for value in found]
        numbers[:, column] = [v if isinstance(v, float) else np.nan for v in found]
    texts = tuple(tuple(params[first].get(name, NOT_SET) for name in kept) for first in firsts)
    return Settings(
        names=tuple(kept),
        groups=_groups(context, kept, texts, list(members.values())),
        texts=texts,
        codes=codes,
        absent=absent,
        numbers=numbers,
        constant=len(every) - len(varying),
        left_out=left_out,
        runs=len(runs),
    )


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


# ---- nested params -------------------------------------------------------------------------------


def _flat(run: Run) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, param in run.params.items():
        nested = _nested(param.text) if param.text.lstrip()[:1] == "{" else None
        found |= {f"{name}.{k}": v for k, v in nested.items()} if nested else {name: param.text}
    return found


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


# ---- what tells no configurations apart ----------------------------------------------------------


def _left_out(
    context: Context,
    params: Sequence[Mapping[str, str]],
    varying: Iterable[str],
    ignore: Sequence[str],
    keep: Sequence[str],
) -> tuple[LeftOut, ...]:
    """Params that vary and are ignored, by reason; the first reason that fits."""
    design = context.design
    declared = (design.replicates, design.pair_by, design.across, design.items, design.cluster,
                design.repeat)  # fmt: skip
    identities = {bare(column) for column in declared if column}
    apart = {bare(column) for column in design.by} if design.all_but else set()
    of_unit = _facts_of_units(context, params, varying)
    found: dict[str, list[str]] = {}
    for name in varying:
        if _matches(name, keep):
            continue
        if _matches(name, ignore):
            why = "as asked"
        elif name in identities:
            why = "declared as what tells replicates apart"
        elif name in apart:
            why = "declared as no difference between groups (`by: all_but`)"
        elif name in of_unit:
            why = f"the same in every run of one {replicate_word(design)}: says what that is"
        elif _SEED.fullmatch(_last(name)):
            why = "a guess from the name: tells replicates apart"
        elif _is_about_the_run(name) or _names_the_run(context.runs, params, name):
            why = "a guess: says when, where or by whom a run was made, not how it was set"
        else:
            continue
        found.setdefault(why, []).append(name)
    return tuple(LeftOut(tuple(names), why) for why, names in found.items())


def _facts_of_units(
    context: Context, params: Sequence[Mapping[str, str]], varying: Iterable[str]
) -> frozenset[str]:
    """Params that follow from the item or data set of a run: its label, its number of rows."""
    if not (context.design.items or context.design.across):
        return frozenset()
    unit: dict[str, str | None] = {}
    for group in context.groups:
        own = group.across_of if context.design.across else group.replicate_of
        unit |= zip((run.id for run in group.runs), own, strict=True)
    units = [unit.get(run.id) for run in context.runs]
    if len(set(units)) > len(units) / 2:
        return frozenset()
    return frozenset(
        name
        for name in varying
        if len({(which, own.get(name)) for which, own in zip(units, params, strict=True)})
        == len(set(units))
    )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, p) for text in (name, f"params.{name}") for p in patterns)


def _last(name: str) -> str:
    """The last part of a nested name as `lower_case_words`."""
    part = re.split(r"[./]", name)[-1]
    return re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", part).lower()).strip("_")


@lru_cache(maxsize=4096)
def _is_about_the_run(name: str) -> bool:
    last = _last(name)
    if _IDENTITY.fullmatch(last) or _PLACE.fullmatch(last):
        return True
    return not re.search(r"[./]", name) and _TOP.fullmatch(last) is not None


def _names_the_run(runs: Sequence[Run], params: Sequence[Mapping[str, str]], name: str) -> bool:
    """Whether every value holds the name or the id of its own run, as output paths do."""
    return all(
        any(len(word) >= 4 and word in own[name] for word in (run.name, run.id.rpartition(":")[2]))
        for run, own in zip(runs, params, strict=True)
        if name in own
    )


# ---- groups --------------------------------------------------------------------------------------


def _groups(
    context: Context,
    names: Sequence[str],
    texts: Sequence[Sequence[str]],
    members: Sequence[Sequence[int]],
) -> tuple[Group, ...]:
    """Configurations as groups, with the replicates that the design knows of."""
    facts: dict[str, tuple[str | None, str | None, str | None]] = {}
    for group in context.groups:
        blank = (None,) * len(group.runs)
        columns = (group.replicate_of, group.across_of or blank, group.cluster_of or blank)
        for run, replicate, task, shared in zip(group.runs, *columns, strict=True):
            facts[run.id] = (replicate, task, shared)
    across = any(group.across_of for group in context.groups)
    cluster = any(group.cluster_of for group in context.groups)
    found = []
    for place, (own, places) in enumerate(zip(texts, members, strict=True)):
        runs = tuple(context.runs[index] for index in places)
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
