"""Params that tell no configurations apart, and why: replicates, names, places, what was declared.

What a name or a value suggests is a guess and called one on the page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np

from runreport import formats
from runreport.budget import bare
from runreport.design import Design
from runreport.samples import Group
from runreport.sections import charting
from runreport.sections.aligning import replicate_word
from runreport.sections.checks import check_of
from runreport.stats.changes import Codes, Flags, carried
from runreport.tables import Run, level

OWN_NAMES, OWN_SHARE = 12, 0.5
"""A param with so many different words, and in more than this share of the runs another one, names
the runs."""

LONGEST_NAME = 40
"""Characters of such a word."""

FEW, AT_ONCE = 0.1, 3
"""So many params at once that lack in at most this share of the configurations tell of a log that
was cut, not of a switch."""

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
_MACHINE = re.compile(r"(?:gpu|accelerator|device|cpu)_(?:name|type|model)|instance_type|hardware")
_DIGEST = re.compile(r"(?:.*_)?(?:hash|digest|checksum|md5|sha(?:1|256)?|fingerprint|etag)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Params that tell no configurations apart."""

    names: tuple[str, ...]
    why: str


def words(left_out: Iterable[LeftOut]) -> Iterator[str]:
    """One sentence per reason, the same on every page."""
    for part in left_out:
        verb = "tells" if len(part.names) == 1 else "tell"
        yield f"{charting.named(part.names, 12)} {verb} no configurations apart ({part.why})."


def declared(design: Design) -> frozenset[str]:
    """Params that the design says tell replicates apart."""
    columns = (design.replicates, design.pair_by, design.across, design.items, design.cluster,
               design.repeat)  # fmt: skip
    return frozenset(bare(column) for column in columns if column)


def left_out(
    groups: Sequence[Group],
    design: Design,
    runs: Sequence[Run],
    params: Sequence[Mapping[str, str]],
    varying: Collection[str],
    ignore: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> tuple[LeftOut, ...]:
    """Params that vary and tell no configurations apart, by the first reason that fits.

    Args:
        groups: hold the runs.
        design: as declared.
        runs: to be told apart.
        params: the texts of each run's params, by name.
        varying: names to judge, in order.
        ignore: patterns of params left out whatever else is said of them.
        keep: patterns of params kept.
    """
    own = declared(design)
    grouped = {bare(column) for column in design.by}
    apart = grouped if design.all_but else set()
    asked = set() if design.all_but else grouped
    of_unit = _facts_of_units(groups, design, runs, params, varying)
    found: dict[str, list[str]] = {}
    for name in varying:
        if _matches(name, keep):
            continue
        if _matches(name, ignore):
            why = "as asked"
        elif name in own:
            why = "declared as what tells replicates apart"
        elif name in apart:
            why = "declared as no difference between groups (`by: all_but`)"
        elif name in asked:
            continue
        elif name in of_unit:
            why = f"the same in every run of one {replicate_word(design)}: says what that is"
        elif is_seed(name):
            why = "a guess from the name: tells replicates apart"
        elif _is_digest_of_evaluation(name):
            why = (
                "a guess from the name: the digest of what was evaluated, not of how a run was set"
            )
        elif is_about_the_run(name) or names_the_run(runs, params, name):
            why = "a guess: says when, where or by whom a run was made, not how it was set"
        elif names_every_run(params, name):
            why = "a guess: nearly every run has a word of its own, as names do"
        else:
            continue
        found.setdefault(why, []).append(name)
    return tuple(LeftOut(tuple(names), why) for why, names in found.items())


def cut_off(
    runs: Sequence[Run],
    names: Sequence[str],
    of_run: Codes,
    absent: Flags,
    codes: Codes,
    keep: Sequence[str] = (),
) -> LeftOut | None:
    """Params that every configuration has with one value, but for the few that lack them all.

    Args:
        runs: of the report.
        names: of the params, one per column.
        of_run: the configuration of each run.
        absent: where a configuration lacks a param, shape (configurations, params).
        codes: its values, same shape.
        keep: patterns of params that stay.
    """
    hanging = carried(codes, absent)
    by_rows: dict[tuple[int, ...], list[str]] = {}
    for column, name in enumerate(names):
        rows = tuple(np.flatnonzero(absent[:, column]).tolist())
        few = 0 < len(rows) <= max(1, FEW * absent.shape[0])
        is_one = np.unique(codes[~absent[:, column], column]).size == 1
        if few and is_one and column not in hanging and not _matches(name, keep):
            by_rows.setdefault(rows, []).append(name)
    found = {rows: own for rows, own in by_rows.items() if len(own) >= AT_ONCE}
    if not found:
        return None
    lacking = np.isin(of_run, [row for rows in found for row in rows])
    named = [runs[place].name or runs[place].id for place in np.flatnonzero(lacking).tolist()]
    why = (
        f"a guess: {formats.count(len(named), 'run lacks', 'runs lack')} them at once, all others "
        f"have one value each, so the log of {charting.named(named, 3)} may have been cut"
    )
    return LeftOut(tuple(sorted(name for own in found.values() for name in own)), why)


def _facts_of_units(
    groups: Sequence[Group],
    design: Design,
    runs: Sequence[Run],
    params: Sequence[Mapping[str, str]],
    varying: Iterable[str],
) -> frozenset[str]:
    """Params that follow from the item or data set of a run: its label, its number of rows."""
    if not (design.items or design.across):
        return frozenset()
    unit: dict[str, str | None] = {}
    for group in groups:
        own = group.across_of if design.across else group.replicate_of
        unit |= zip((run.id for run in group.runs), own, strict=True)
    units = [unit.get(run.id) for run in runs]
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


def is_seed(name: str) -> bool:
    """Whether a name is that of a seed."""
    return _SEED.fullmatch(_last(name)) is not None


@lru_cache(maxsize=4096)
def is_about_the_run(name: str) -> bool:
    """Whether a name says when, where or by whom a run was made."""
    last = _last(name)
    # `log.path` is a place as `log_path` is
    ends = (last, _last("_".join(re.split(r"[./]", name)[-2:])))
    if _IDENTITY.fullmatch(last) or any(_PLACE.fullmatch(end) for end in ends):
        return True
    if check_of(name) in ("code", "uncommitted", "environment") or _MACHINE.fullmatch(last):
        return True
    return not re.search(r"[./]", name) and _TOP.fullmatch(last) is not None


def _is_digest_of_evaluation(name: str) -> bool:
    """Whether a name is that of what `comparability` audits, and nobody sets."""
    audited = check_of(name) in ("evaluation_data", "metric_definition")
    return audited and _DIGEST.fullmatch(_last(name)) is not None


def names_the_run(runs: Sequence[Run], params: Sequence[Mapping[str, str]], name: str) -> bool:
    """Whether every value holds the name or the id of its own run, as output paths do."""
    return all(
        any(len(word) >= 4 and word in own[name] for word in (run.name, run.id.rpartition(":")[2]))
        for run, own in zip(runs, params, strict=True)
        if name in own
    )


def names_every_run(params: Sequence[Mapping[str, str]], name: str) -> bool:
    """Whether nearly every run has a word of its own; lists, sentences and numbers are none."""
    found = {own[name] for own in params if name in own}
    if len(found) < OWN_NAMES or len(found) <= OWN_SHARE * len(params):
        return False
    named = [text for text in found if _is_name(text)]
    return len(named) >= OWN_NAMES and len(named) > OWN_SHARE * len(params)


def _is_name(text: str) -> bool:
    if len(text) > LONGEST_NAME or text[:1] in "([{" or len(text.split()) != 1:
        return False
    return isinstance(level(text), str)
