"""Decisions: what one cites of its report, and the log of those below a folder.

A decision's `${verdict.val_accuracy.adamw}` becomes the sentence that the report reaches now. What
it was when the decision was written stands in the `runreport.json` of the site published before,
and goes from build to build until the decision's own text changes, so that a page can say which of
the cited verdicts are no longer what was decided on.

A log is read from sites (their `runreport.json`) and from specs (their `decision`) below a folder.
Hidden folders and links are not followed, and what is inside of a site is not looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.compose import PLACEHOLDER, fill_placeholders
from runreport.errors import Problem, Span, SpecError
from runreport.exact import exact
from runreport.kinds import Citation, Context, DecisionEntry, DecisionLog
from runreport.publish import earlier
from runreport.render import stated
from runreport.sections.verdicts import verdict_words
from runreport.spec.gates import Decision
from runreport.spec.gating import read_decision, said
from runreport.spec.marked import read_text
from runreport.spec.model import Spec
from runreport.spec.shape import Shaper

DEEPEST = 8
"""Folders below the one that is named."""
MOST_LOOKED_AT = 20_000
"""Files and folders."""
MOST = 1_000
"""Decisions of one log."""
LONGEST = 4_000
"""Characters of a text of another report."""
LARGEST_SPEC = 1_000_000


# ---- one decision --------------------------------------------------------------------------------


def cited(spec: Spec, context: Context, published: Mapping[str, Any] | None) -> Context:
    """The context with the decision's texts filled in, and what its figures were before.

    Args:
        spec: with the decision as written.
        context: of the report.
        published: what the site published before says of itself.

    Raises:
        SpecError: RR430 for a verdict that the report does not reach.
    """
    if spec.decision == Decision():
        return context
    filled = _texts(spec.decision, lambda text: _fill(text, context, spec))
    before = _before(spec.decision, published)
    citations = []
    for path in _paths(spec.decision):
        words = verdict_words(context, path) or ""
        citations.append(Citation(path, words, before.get(path, words)))
    own = DecisionEntry(
        **{field.name: getattr(filled, field.name) for field in fields(Decision)},
        report=context.title,
        cited=tuple(citations),
        is_own=True,
    )
    return replace(context, decision=said(filled), decided=own)


def digest(decision: Decision) -> str:
    """Of the decision as written: while it stays, so do the figures that it was made on."""
    written = json.dumps([getattr(decision, field.name) for field in fields(Decision)])
    return hashlib.sha256(written.encode()).hexdigest()


def facts(spec: Spec, context: Context) -> Mapping[str, Any] | None:
    """The decision as `runreport.json` has it: what the next build and other reports read."""
    own = context.decided
    if own is None:
        return None
    texts = {field.name: getattr(own, field.name) for field in fields(Decision)}
    cited = [{**stated.plain(item), "changed": item.changed} for item in own.cited]
    return {**stated.plain(texts), "digest": digest(spec.decision), "cited": cited}


def _fill(text: str, context: Context, spec: Spec) -> str:
    return fill_placeholders(text, context, str, spec.decision_span)


def _texts(decision: Decision, change: Callable[[str], str]) -> Decision:
    found: dict[str, Any] = {}
    for field in fields(Decision):
        value = getattr(decision, field.name)
        found[field.name] = (
            change(value) if isinstance(value, str) else tuple(change(item) for item in value)
        )
    return Decision(**found)


def _paths(decision: Decision) -> tuple[str, ...]:
    """Verdicts that a decision cites, in order of their first mention."""
    texts: list[str] = []
    for field in fields(Decision):
        value = getattr(decision, field.name)
        texts += [value] if isinstance(value, str) else value
    found = (match[1] for text in texts for match in PLACEHOLDER.finditer(text) if match[1])
    return tuple(dict.fromkeys(p.strip().removeprefix("verdict.").strip() for p in found))


def _before(decision: Decision, published: Mapping[str, Any] | None) -> dict[str, str]:
    """What cited verdicts were when this very decision was first built."""
    told = (published or {}).get("decision")
    if not isinstance(told, dict) or told.get("digest") != digest(decision):
        return {}
    found = {}
    for item in told.get("cited") or ():
        if isinstance(item, dict) and isinstance(item.get("then"), str):
            found[str(item.get("path"))] = clean_text(item["then"])[:LONGEST]
    return found


# ---- many ----------------------------------------------------------------------------------------


def logs(
    spec: Spec, named: Collection[str], context: Context, target: Path
) -> Mapping[str, DecisionLog]:
    """The logs that sections show, by the folder as written; `` is this report alone.

    Args:
        spec: relative folders start at its own.
        named: folders as written.
        context: with this report's own decision.
        target: this report's site, which is no earlier one.

    Raises:
        SpecError: RR217 where decisions supersede each other in a circle.
    """
    return {name: _log(spec, name, context, target) for name in sorted(named)}


def _log(spec: Spec, name: str, context: Context, target: Path) -> DecisionLog:
    own = () if context.decided is None else (context.decided,)
    found: list[DecisionEntry] = []
    problems: list[str] = []
    cut = False
    if name:
        folder = spec.path.parent / name
        if not folder.is_dir():
            problems.append(f"{name} is no folder.")
        skipped = {path.resolve() for path in spec.files}
        for kind, path in _walk(folder, target):
            if len(found) >= MOST:
                cut = True
                break
            place = os.path.relpath(path, folder)
            if kind == "cut":
                cut = True
            elif kind == "site":
                found += _of_site(path, place, problems)
            elif path.resolve() not in skipped:
                found += _of_spec(path, place, problems)
    entries = _distinct([*own, *found], problems)
    _refuse_circles(entries, spec)
    order = sorted(entries, key=lambda entry: (entry.date, entry.id), reverse=True)
    return DecisionLog(tuple(order), tuple(problems), cut)


def _walk(folder: Path, target: Path) -> Iterator[tuple[str, Path]]:
    """Sites and specs below a folder, in order of their names; `cut` where there are too many."""
    looked_at = 0
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        try:
            with os.scandir(place) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except (OSError, ValueError):
            continue
        if Path(place).resolve() == target:
            continue
        if any(entry.name == stated.NAME and entry.is_file() for entry in entries):
            yield "site", place
            continue
        for entry in entries:
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                yield "cut", place
                return
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            path = Path(entry.path)
            if entry.is_dir() and depth < DEEPEST:
                waiting.append((path, depth + 1))
            elif entry.name.endswith((".yaml", ".yml")) and entry.is_file():
                yield "spec", path


def _of_site(site: Path, place: str, problems: list[str]) -> Iterator[DecisionEntry]:
    try:
        content = earlier.results(site, stated.NAME) or {}
    except ValueError as error:
        problems.append(f"{place}/{stated.NAME}: {error}.")
        return
    told = content.get("decision")
    if content.get("schema") != stated.SCHEMA or not isinstance(told, dict):
        return
    texts: dict[str, Any] = {
        field.name: _tuple(told.get(field.name)) if field.default == () else _text(told, field.name)
        for field in fields(Decision)
    }
    citations = tuple(
        Citation(_text(item, "path"), _text(item, "words"), _text(item, "then"))
        for item in told.get("cited") or ()
        if isinstance(item, dict)
    )
    yield DecisionEntry(**texts, report=_text(content, "title"), place=place, cited=citations)


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    return clean_text(value)[:LONGEST] if isinstance(value, str) else ""


def _tuple(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(clean_text(item)[:LONGEST] for item in items[:100] if isinstance(item, str))


def _of_spec(path: Path, place: str, problems: list[str]) -> Iterator[DecisionEntry]:
    """The decision of a spec that may never have been built: what it cites stays as written."""
    try:
        if path.stat().st_size > LARGEST_SPEC:
            return
        text = path.read_bytes().decode("utf-8-sig")
        if "decision" not in text:
            return
        tree = read_text(text, place)
    except (OSError, UnicodeDecodeError, SpecError):
        # any other file, or a spec with mistakes of its own: building it says which
        return
    node = (tree.mapping or {}).get("decision")
    if node is None or node.mapping is None:
        return
    shaper = Shaper()
    decision = read_decision(node, shaper)
    problems += [f"{place}: {problem.message}." for problem in shaper.problems[:3]]
    if decision != Decision():
        named = {field.name: getattr(decision, field.name) for field in fields(Decision)}
        yield DecisionEntry(**named, place=place)


def _distinct(entries: Sequence[DecisionEntry], problems: list[str]) -> list[DecisionEntry]:
    """Each decision once: this report's own, then sites before specs."""
    known: dict[object, DecisionEntry] = {}
    for entry in sorted(entries, key=lambda item: (not item.is_own, not item.report)):
        key = entry.id or (entry.question, entry.decided, entry.date, entry.by)
        first = known.setdefault(key, entry)
        same = (first.question, first.date) == (entry.question, entry.date)
        if entry.id and not same:
            where = entry.place or "this report"
            problems.append(f"Two decisions are called {entry.id}; that of {where} is left out.")
    return list(known.values())


def _refuse_circles(entries: Sequence[DecisionEntry], spec: Spec) -> None:
    links = {entry.id: entry.supersedes for entry in entries if entry.id}
    done: set[str] = set()
    for start in sorted(links):
        circle = _circle(start, links, done)
        if circle:
            names = " -> ".join([*circle, circle[0]])
            message = f"decisions supersede each other: {names}"
            span: Span | None = spec.decision_span if spec.decision.id in circle else None
            places = [f"{e.id}: {e.place or spec.path.name}" for e in entries if e.id in circle]
            hint = f"take one `supersedes` out ({'; '.join(sorted(places))})"
            raise SpecError(Problem("RR217", message, span, hint))


def _circle(start: str, links: Mapping[str, Sequence[str]], done: set[str]) -> list[str]:
    """The ids of a circle that can be reached from one; empty where there is none."""
    path: list[str] = []
    waiting: list[tuple[str, Iterator[str]]] = [(start, iter(links.get(start, ())))]
    path.append(start)
    while waiting:
        _, following = waiting[-1]
        name = next(following, None)
        if name is None:
            waiting.pop()
            done.add(path.pop())
        elif name in path:
            return path[path.index(name) :]
        elif name not in done and name in links:
            waiting.append((name, iter(links[name])))
            path.append(name)
    return []


# ---- what a log depends on -----------------------------------------------------------------------


def places(spec: Spec, named: Collection[str], target: Path) -> Iterator[Path]:
    """Files and folders of whose state the logs are a function."""
    for name in sorted(named):
        if not name:
            continue
        folder = spec.path.parent / name
        yield from _folders(folder, target)
        for kind, path in _walk(folder, target):
            if kind == "site":
                yield path / stated.NAME
            elif kind == "spec":
                yield path


def _folders(folder: Path, target: Path) -> Iterator[Path]:
    looked_at = 0
    for place, names, files in os.walk(folder):
        if Path(place).resolve() == target or stated.NAME in files or looked_at > MOST_LOOKED_AT:
            names.clear()
            continue
        looked_at += len(names) + len(files)
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield Path(place)


def digests(logs: Mapping[str, DecisionLog]) -> Mapping[str, str]:
    """What the logs hold, for the manifest."""
    return {
        f"decisions/{index}": hashlib.sha256(exact(log).encode("utf-8", "replace")).hexdigest()
        for index, (name, log) in enumerate(sorted(logs.items()))
        if name
    }
