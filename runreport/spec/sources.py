"""The sources of a spec: where runs are read from, and how they are brought in line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

from runreport.spec.layers import Layered
from runreport.spec.marked import Marked
from runreport.spec.model import Adaptation, Join, SourceEntry
from runreport.spec.names import suggestion
from runreport.spec.shape import Shaper, Unusable, cut

ValueT = TypeVar("ValueT", str, float)


class SourceKind(Protocol):
    """What the loader knows of a kind of source."""

    @property
    def name(self) -> str: ...

    @property
    def options(self) -> type[Any]: ...


SourceKinds = Mapping[str, SourceKind]


def read_sources(
    node: Marked | None, kinds: SourceKinds, layered: Layered, shaper: Shaper
) -> tuple[tuple[SourceEntry, ...], bool]:
    """Every entry that can be read, and whether that is all of them."""
    example = "as in sources: [{mlflow: mlruns}]"
    if node is None or node.value is None:
        span = layered.tree.keys.get("sources", layered.tree.span)
        shaper.say("RR108", "the spec needs 'sources'", span, example)
        return (), False
    if node.sequence is None:
        shaper.wrong(node, "a list of sources", example)
        return (), False
    if not node.sequence:
        shaper.say("RR108", "`sources` needs at least one source", node.span, example)
    entries = [_source(item, kinds, layered, shaper) for item in node.sequence]
    read = tuple(entry for entry in entries if entry is not None)
    return read, bool(read) and len(read) == len(entries)


def _source(
    node: Marked, kinds: SourceKinds, layered: Layered, shaper: Shaper
) -> SourceEntry | None:
    if node.mapping is None:
        shaper.wrong(node, "a source: {name: location, ...options}", "as in {mlflow: mlruns}")
        return None
    name = next((key for key in node.mapping if key in kinds), None)
    if name is None:
        first = next(iter(node.mapping), None)
        known = suggestion(first or "", kinds)
        if first is None:
            shaper.say("RR108", "a source needs its name and location", node.span, known)
        else:
            shaper.say("RR133", f"unknown source '{cut(first)}'", node.keys[first], known)
        return None
    kind = kinds[name]
    location, *own = (field.name for field in fields(kind.options))
    second = next((k for k in node.mapping if k in kinds and k != name and k not in own), None)
    if second is not None:
        message = f"'{name}' and '{second}' in one entry; one source is one entry"
        shaper.say("RR134", message, node.keys[second], "start each with its own `- `")
    span = node.keys[name]
    given = node.mapping[name]
    value = shaper.attempt(str, given)
    if value is None:
        return None
    if not value.strip():
        shaper.wrong(given, f"where '{name}' reads from: a path or an address")
        return None
    shared = [f.name for f in fields(Adaptation) if f.name not in own]
    rest = {k: item for k, item in node.mapping.items() if k not in (name, second, *shared)}
    options_node = Marked(rest, node.span, {key: node.keys[key] for key in rest})
    try:
        options = shaper.record(
            kind.options, options_node, f"source '{name}'", also=shared, **{location: value}
        )
    except Unusable:
        return None
    base = layered.bases.get(span.file, Path())
    adapt = _adaptation({k: node.mapping[k] for k in shared if k in node.mapping}, shaper)
    return SourceEntry(name, options, base, node.span, adapt)


def _adaptation(entries: Mapping[str, Marked], shaper: Shaper) -> Adaptation:
    """How a source's runs are brought in line with those of the others."""
    rename = _by_name(entries.get("rename"), str, "as in rename: {val/acc: val_accuracy}", shaper)
    scale = _by_name(entries.get("scale"), float, "as in scale: {val_accuracy: 0.01}", shaper)
    join = entries.get("join")
    if join is None or join.value is None:
        return Adaptation(rename, scale)
    try:
        return Adaptation(rename, scale, shaper.record(Join, join, "`join`"))
    except Unusable:
        return Adaptation(rename, scale)


def _by_name(
    node: Marked | None, kind: type[ValueT], example: str, shaper: Shaper
) -> dict[str, ValueT]:
    """A mapping of names that are the author's own."""
    if node is None or node.value is None:
        return {}
    if node.mapping is None:
        shaper.wrong(node, "a mapping of names", example)
        return {}
    read = {key: shaper.attempt(kind, item) for key, item in node.mapping.items()}
    return {key: value for key, value in read.items() if value is not None and value != ""}
