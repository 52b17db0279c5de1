"""The parts of a spec besides its pages, each read for itself."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from runreport.design import Metric
from runreport.errors import Span
from runreport.spec.expressions import Expression
from runreport.spec.grammar import REDUCERS
from runreport.spec.keys import GroupKeys, MetricKeys
from runreport.spec.layers import Layered
from runreport.spec.marked import Marked
from runreport.spec.model import (
    Grouping,
    Mention,
    ReportInfo,
    Selection,
)
from runreport.spec.shape import Shaper, Unusable, cut, found

RecordT = TypeVar("RecordT")


def _absent(node: Marked | None) -> bool:
    return node is None or node.value is None


def read_record(cls: type[RecordT], node: Marked | None, where: str, shaper: Shaper) -> RecordT:
    """A dataclass whose fields all have defaults."""
    if node is None or node.value is None or node.span in shaper.broken:
        return cls()
    try:
        record: RecordT = shaper.record(cls, node, where)
    except Unusable:
        return cls()
    return record


def read_report(node: Marked | None, shaper: Shaper) -> ReportInfo:
    """`report: {title: ...}`, or the title alone."""
    if node is not None and isinstance(node.value, str):
        return ReportInfo(shaper.attempt(str, node) or ReportInfo().title)
    return read_record(ReportInfo, node, "`report`", shaper)


def read_runs(node: Marked | None, shaper: Shaper) -> Selection:
    """The selection; `sort` takes one key or a list."""
    if node is None or node.mapping is None:
        return read_record(Selection, node, "`runs`", shaper)
    entries = dict(node.mapping)
    sort = entries.pop("sort", None)
    rest = replace(node, value=entries)
    try:
        chosen: Selection = shaper.record(Selection, rest, "`runs`")
    except Unusable:
        return Selection()
    if sort is None or sort.value is None:
        return chosen
    items = sort.sequence if sort.sequence is not None else (sort,)
    return replace(chosen, sort=tuple(_expressions(items, shaper, sort=True)))


def _expressions(
    items: tuple[Marked, ...], shaper: Shaper, *, sort: bool = False
) -> list[Expression]:
    read = []
    for item in items:
        try:
            read.append(shaper.expression(item, sort=sort))
        except Unusable:
            continue
    return read


# ---- groups --------------------------------------------------------------------------------------


def read_groups(node: Marked | None, shaper: Shaper) -> Grouping:
    """Groups; `by` is `all_but(...)` or a list."""
    if node is None or node.mapping is None:
        if not _absent(node):
            read_record(GroupKeys, node, "`groups`", shaper)
        return Grouping()
    entries = dict(node.mapping)
    by = entries.pop("by", None)
    rest = Marked(entries, node.span, {key: s for key, s in node.keys.items() if key != "by"})
    try:
        read: GroupKeys = shaper.record(GroupKeys, rest, "`groups`", also=("by",))
    except Unusable:
        read = GroupKeys()
    grouping = Grouping(**{field.name: getattr(read, field.name) for field in fields(read)})
    if by is None or by.value is None or by.span in shaper.broken:
        return grouping
    if by.sequence is not None:
        return replace(grouping, by=tuple(_expressions(by.sequence, shaper)))
    return replace(grouping, all_but=_all_but(by, shaper))


def _all_but(node: Marked, shaper: Shaper) -> tuple[str, ...] | None:
    """The params that do not separate groups."""
    expected = "`all_but(...)` or a list of columns"
    text = node.value
    if not isinstance(text, str):
        shaper.wrong(node, expected, "as in by: all_but(seed) or by: [params.optimizer]")
        return None
    lead = len(text) - len(text.lstrip())
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if not (
        isinstance(tree, ast.Call)
        and isinstance(tree.func, ast.Name)
        and tree.func.id == "all_but"
        and not tree.keywords
    ):
        hint = f"write by: [{cut(text)}]" if "all" not in text else "as in by: all_but(seed)"
        shaper.say("RR131", f"expected {expected}, found {found(node)}", node.span, hint)
        return None
    names = []
    for argument in tree.args:
        source = text.strip().encode()
        start = lead + len(source[: argument.col_offset].decode())
        length = len(source[argument.col_offset : argument.end_col_offset].decode())
        span = node.within(start, length)
        name = _param(argument)
        if name is None:
            message = "`all_but` takes names of params"
            shaper.say("RR131", message, span, 'as in all_but(seed, params["data seed"])')
            continue
        names.append(name)
        shaper.mentions.append(Mention("param", name, span))
    return tuple(names)


def _param(tree: ast.expr) -> str | None:
    """`seed`, `a.b`, `params.seed`, `params["data seed"]`, `"data seed"`."""
    if isinstance(tree, ast.Constant):
        return tree.value if isinstance(tree.value, str) else None
    if isinstance(tree, ast.Subscript):
        inside = isinstance(tree.value, ast.Name) and tree.value.id == "params"
        return _param(tree.slice) if inside and isinstance(tree.slice, ast.Constant) else None
    words: list[str] = []
    while isinstance(tree, ast.Attribute):
        words.insert(0, tree.attr)
        tree = tree.value
    if not isinstance(tree, ast.Name):
        return None
    return ".".join(words if tree.id == "params" and words else [tree.id, *words])


# ---- metrics -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metrics:
    """The declared metrics."""

    with_spans: tuple[tuple[Metric, Span], ...]
    values: Mapping[str, Expression]
    contexts: Mapping[str, str]

    @property
    def declared(self) -> tuple[Metric, ...]:
        return tuple(metric for metric, _ in self.with_spans)


def read_metrics(node: Marked | None, shaper: Shaper) -> Metrics:
    """`metrics: {name: {goal: ..., ...}}`, or a list of names."""
    if node is None or node.value is None:
        return Metrics((), {}, {})
    entries = node.mapping
    if entries is None:
        shaper.wrong(node, "a mapping of metrics by name", "as in accuracy: {goal: maximize}")
        return Metrics((), {}, {})
    metrics: list[tuple[Metric, Span]] = []
    values: dict[str, Expression] = {}
    contexts: dict[str, str] = {}
    for name, entry in entries.items():
        span = node.keys[name]
        read = _metric(name, entry, shaper)
        if read.value is not None and read.value.text.strip() not in REDUCERS:
            values[name] = read.value
        if read.truth is not None:
            values[f"{name}.truth"] = read.truth
        elif read.statistic != "mean":
            message = f"`statistic: {read.statistic}` needs to know what each item is"
            hint = "name it with `truth`, as in {statistic: auc, truth: params.label}"
            shaper.say("RR138", message, span, hint)
        if read.context:
            contexts[name] = read.context
            if "*" not in name:
                message = f"metric '{cut(name)}' is no family, so it has no context"
                shaper.say("RR137", message, span, "a family has a `*`, as in val/f1/*")
        metrics.append((_declared(name, read), span))
    return Metrics(tuple(metrics), values, contexts)


def _metric(name: str, entry: Marked, shaper: Shaper) -> MetricKeys:
    if entry.mapping is None and entry.value is not None:
        if entry.value in ("maximize", "minimize"):
            hint = f"write {{goal: {entry.value}}}"
        else:
            hint = "as in {goal: maximize}"
        shaper.wrong(entry, "a mapping (goal, unit, scale, ...)", hint)
        return MetricKeys()
    return read_record(MetricKeys, entry, f"metric '{cut(name)}'", shaper)


def _declared(name: str, read: MetricKeys) -> Metric:
    return Metric(
        name=name,
        goal=read.goal,
        unit=read.unit,
        scale=read.scale,
        value="last" if read.value is None else read.value.text.strip(),
        margin=read.margin,
        primary=read.primary,
        role=read.role,
        label=read.label,
        method=read.method,
        statistic=read.statistic,
        truth="" if read.truth is None else read.truth.text.strip(),
    )


# ---- the rest ------------------------------------------------------------------------------------


def read_name(node: Marked | None, default: str, shaper: Shaper) -> str:
    """A text that names something."""
    if node is None or node.value is None:
        return default
    text: str | None = shaper.attempt(str, node)
    if text is not None and not text.strip():
        shaper.wrong(node, "a name")
    return text or default


def read_output(node: Marked | None, path: Path, layered: Layered, shaper: Shaper) -> Path:
    """The folder of the site: relative to the file that names it, else `site` beside the spec."""
    if node is None or node.value is None:
        return path.parent / "site"
    text = read_name(node, "site", shaper)
    if "\0" in text:
        shaper.wrong(node, "the path of a folder")
        return path.parent / "site"
    return layered.bases.get(node.span.file, path.parent) / text


def read_theme(node: Marked | None, path: Path, layered: Layered, shaper: Shaper) -> str:
    """A theme's name, or its folder relative to the spec's, whichever file names it."""
    name = read_name(node, "default", shaper)
    base = path.parent if node is None else layered.bases.get(node.span.file, path.parent)
    if base != path.parent and "/" in name:
        return os.path.relpath(base / name, path.parent)
    return name


def read_names(node: Marked | None, shaper: Shaper) -> tuple[str, ...]:
    """A list of names."""
    if node is None or node.value is None:
        return ()
    names: tuple[str, ...] | None = shaper.attempt(tuple[str, ...], node)
    return names or ()
