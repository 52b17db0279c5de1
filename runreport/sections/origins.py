"""Where a run comes from, as labelled facts: code, command, user, data, environment, hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from runreport.tables import Lineage, Run

Topic: TypeAlias = Literal["code", "command", "user", "data", "environment", "hardware", "other"]


@dataclass(frozen=True, slots=True)
class Origin:
    """One fact."""

    topic: Topic
    label: str
    """`commit`, `branch`, `data digits (training)`, `python`, ...; unique within a run."""
    text: str
    url: str | None = None


def origins(run: Run) -> tuple[Origin, ...]:
    """What is known of a run's origin, in a fixed order; models and parents are no origins."""
    code = [fact for fact in run.lineage if fact.kind == "code"]
    found: list[Origin] = []
    for fact in code:
        found += _code(fact, of="" if len(code) == 1 else f" of {fact.name}")
    found += [
        Origin("command", "command", f"{f.name} {f.version}" if f.version else f.name, f.url)
        for f in run.lineage
        if f.kind == "command"
    ]
    if run.user:
        found.append(Origin("user", "user", run.user))
    for kind in ("data", "environment", "hardware"):
        found += [_named(fact) for fact in run.lineage if fact.kind == kind]
    return _unique(found)


def _code(fact: Lineage, of: str) -> list[Origin]:
    found = []
    if fact.digest:
        found.append(Origin("code", f"commit{of}", fact.digest))
    if fact.version:
        found.append(Origin("code", f"branch{of}", fact.version))
    if fact.dirty is not None:
        found.append(Origin("code", f"uncommitted changes{of}", "yes" if fact.dirty else "no"))
    if fact.url or fact.name not in ("", "git"):
        found.append(Origin("code", f"repository{of}", fact.name or fact.url or "", fact.url))
    return found


def _named(fact: Lineage) -> Origin:
    if fact.kind == "data":
        purpose = f" ({fact.version})" if fact.version else ""
        return Origin("data", f"data {fact.name}{purpose}", fact.digest or "no digest", fact.url)
    if fact.kind == "hardware":
        known = fact.version or fact.digest
        label, text = ("hardware", fact.name) if known is None else (fact.name, known)
        return Origin("hardware", label, text, fact.url)
    return Origin("environment", fact.name, fact.version or fact.digest or "present", fact.url)


def _unique(found: list[Origin]) -> tuple[Origin, ...]:
    """Facts of one label joined, in order of their texts: two GPUs are one fact."""
    by_label: dict[tuple[str, str], list[Origin]] = {}
    for origin in found:
        by_label.setdefault((origin.topic, origin.label), []).append(origin)
    joined = []
    for parts in by_label.values():
        if len(parts) == 1:
            joined += parts
            continue
        texts = sorted({part.text for part in parts})
        urls = sorted({part.url for part in parts if part.url})
        first = parts[0]
        url = urls[0] if len(urls) == 1 else None
        joined.append(Origin(first.topic, first.label, ", ".join(texts), url))
    return tuple(joined)
