"""The pages of a spec and their sections, and the pages of a spec that lists none."""

from __future__ import annotations

import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal, Protocol

from runreport.errors import Span
from runreport.spec.marked import Marked
from runreport.spec.model import Grouping, PageEntry, SectionEntry
from runreport.spec.names import suggestion
from runreport.spec.shape import Shaper, Unusable, cut, found, hints, kind_of

DEFAULT_CURVES = 3
"""Metrics drawn on the pages of a spec that lists none."""


class SectionKind(Protocol):
    """What the loader knows of a kind of section."""

    @property
    def name(self) -> str: ...

    @property
    def options(self) -> type[Any]: ...

    @property
    def short(self) -> str | None: ...


Kinds = Mapping[str, SectionKind]
Foreach = Literal["run", "group"] | None


def read_pages(node: Marked, kinds: Kinds, shaper: Shaper) -> tuple[PageEntry, ...]:
    """Every page that can be read; problems are kept by the shaper."""
    if node.sequence is None:
        shaper.wrong(node, "a list of pages", "as in pages: [{title: Summary, sections: [runs]}]")
        return ()
    if not node.sequence:
        shaper.say("RR108", "`pages` needs at least one page", node.span, "or leave `pages` out")
    read = (_page(page, kinds, shaper) for page in node.sequence)
    pages = tuple(page for page in read if page is not None)
    if pages and all(page.foreach for page in pages):
        message = "every page is written once per run or group, so the report has no first page"
        hint = "add one without `foreach`: {title: Summary, sections: [summary]}"
        shaper.say("RR108", message, node.span, hint)
    return pages


def _page(node: Marked, kinds: Kinds, shaper: Shaper) -> PageEntry | None:
    if node.mapping is None:
        shaper.wrong(node, "a page: a mapping of title, sections and foreach")
        return None
    shaper.known_keys(node, ("title", "sections", "foreach"), "a page")
    title = _text(node, "title", "a page", shaper)
    foreach: Foreach = None
    if "foreach" in node.mapping:
        foreach = shaper.attempt(Foreach, node.mapping["foreach"])
    entries: tuple[SectionEntry, ...] = ()
    sections = node.mapping.get("sections")
    if sections is None or sections.value in (None, ()):
        span = node.keys.get("sections", node.span)
        shaper.say("RR108", "a page needs sections", span, "as in sections: [summary, runs]")
    elif sections.sequence is None:
        shaper.wrong(sections, "a list of sections", "as in sections: [summary, runs]")
    else:
        read = (_section(section, kinds, shaper) for section in sections.sequence)
        entries = tuple(entry for entry in read if entry is not None)
    return PageEntry(title or "", entries, node.span, foreach)


def _text(node: Marked, key: str, where: str, shaper: Shaper) -> str | None:
    value = (node.mapping or {}).get(key)
    if value is None:
        shaper.say("RR108", f"{where} needs '{key}'", node.span, f"as in {key}: Summary")
        return None
    text: str | None = shaper.attempt(str, value)
    if text is not None and not text.strip():
        shaper.wrong(value, f"a {key} with at least one letter")
    return text


def _section(node: Marked, kinds: Kinds, shaper: Shaper) -> SectionEntry | None:
    """`summary`, `{history: {metric: x}}`, `{text: "..."}`, each with `title` beside or inside."""
    if isinstance(node.value, str):
        if node.span in shaper.broken or not _known(node.value, node.span, kinds, shaper):
            return None
        empty = Marked({}, node.span)
        return _with_options(kinds[node.value], empty, node.span, None, shaper)
    if node.mapping is None:
        shaper.wrong(node, "a section: a name or {name: options}")
        return None
    names = [key for key in node.mapping if key != "title"]
    if not names:
        message = "a section needs the name of its kind"
        shaper.say("RR108", message, node.span, f"there are {', '.join(sorted(kinds))}")
        return None
    name = next((key for key in names if key in kinds), None)
    if name is None:
        _known(names[0], node.keys[names[0]], kinds, shaper)
        return None
    own = [field.name for field in fields(kinds[name].options)]
    for key in names:
        inside = f"indent it, so that it belongs to '{name}'"
        if key in kinds and key != name:
            message = f"'{name}' and '{key}' in one entry; one section is one entry"
            hint = inside if key in own else "start each with its own `- `"
            shaper.say("RR134", message, node.keys[key], hint)
        elif key != name:
            message = f"unknown key '{cut(key)}' beside section '{name}'"
            shaper.say("RR102", message, node.keys[key], inside if key in own else "take it out")
    title = node.mapping.get("title")
    beside: str | None = None if title is None else shaper.attempt(str | None, title)
    return _with_options(kinds[name], node.mapping[name], node.keys[name], beside, shaper)


def _known(name: str, span: Span, kinds: Kinds, shaper: Shaper) -> bool:
    if name in kinds:
        return True
    shaper.say("RR132", f"unknown section '{cut(name)}'", span, suggestion(name, kinds))
    return False


def _with_options(
    kind: SectionKind, node: Marked, span: Span, title: str | None, shaper: Shaper
) -> SectionEntry | None:
    if node.span in shaper.broken:
        return None
    if node.value is None:
        node = Marked({}, span)
    elif node.mapping is None:
        if kind.short is None:
            own = [field.name for field in fields(kind.options)]
            words = f"options in a mapping ({', '.join(own)})" if own else "no options"
            message = f"section '{kind.name}' takes {words}, found {found(node)}"
            shaper.say("RR109", message, node.span)
            return None
        node = _in_full(kind.options, kind.short, node)
    own_title = any(field.name == "title" for field in fields(kind.options))
    inside = None if own_title else (node.mapping or {}).get("title")
    if inside is not None:
        title = shaper.attempt(str | None, inside) or title
    skip = () if inside is None else ("title",)
    try:
        options = shaper.record(kind.options, node, f"section '{kind.name}'", skip=skip)
    except Unusable:
        return None
    return SectionEntry(kind.name, options, span, title)


def _in_full(options: type, short: str, node: Marked) -> Marked:
    """The bare value as the mapping it stands for; one value stands for a list of one."""
    annotation = kind_of(hints(options)[short]).type
    value = node
    if typing.get_origin(annotation) is tuple and node.sequence is None:
        value = Marked((node,), node.span)
    return Marked({short: value}, node.span, {short: node.span})


def default_pages(
    kinds: Kinds,
    metrics: Sequence[str],
    logged: Collection[str],
    groups: Grouping,
    span: Span,
    *,
    gated: bool = False,
) -> tuple[PageEntry, ...]:
    """The pages of a spec that lists none: of the sections there are, those that need no choice.

    Args:
        kinds: the sections there are.
        metrics: declared metrics, the first ones are drawn.
        logged: those of them that have points, so that there is a curve.
        groups: with a baseline, data sets or items, groups are compared; rows that are one data
            set's or one item's result get no page each.
        span: where problems of these pages would point to.
        gated: whether the spec has gates.
    """
    first: list[tuple[str, dict[str, str]]] = [("summary", {})]
    first += [("gates", {})] if gated else []
    first += [("runs", {})]
    rows = groups.across is not None or groups.items is not None
    first += [("significance", {})] if rows or groups.baseline is not None else []
    first += [("ranking", {}), ("aggregate", {})] if groups.across is not None else []
    drawn = metrics[:DEFAULT_CURVES]
    charts = [
        (kind, {"metric": name})
        for name in drawn
        for kind in ("history", "distribution")
        if kind != "history" or name in logged
    ]
    plan: list[tuple[str, Foreach, list[tuple[str, dict[str, str]]]]] = [
        ("Summary", None, first),
        ("Charts", None, [*charts, ("parallel", {})]),
        (
            "Differences",
            None,
            [("metrics", {}), ("diff", {}), ("comparability", {}), ("lineage", {})],
        ),
    ]
    if not rows:
        plan.append(("Run ${run.name}", "run", [("run", {})]))
    pages = []
    for title, foreach, wanted in plan:
        entries = [_default(kinds, name, options, span) for name, options in wanted]
        sections = tuple(entry for entry in entries if entry is not None)
        if sections:
            pages.append(PageEntry(title, sections, span, foreach))
    return tuple(pages)


def _default(
    kinds: Kinds, name: str, options: Mapping[str, str], span: Span
) -> SectionEntry | None:
    if name not in kinds:
        return None
    node = Marked({key: Marked(value, span) for key, value in options.items()}, span)
    # a section of that name may want options that nobody can guess; then it is left out
    shaper = Shaper()
    entry = _with_options(
        kinds[name], replace(node, keys=dict.fromkeys(options, span)), span, None, shaper
    )
    return None if shaper.problems else entry
