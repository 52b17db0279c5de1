"""Gates and decisions as the author writes them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Literal

from runreport.design import Metric
from runreport.errors import Span
from runreport.spec.families import is_family
from runreport.spec.gates import (
    DURATION,
    FORMS,
    CostGate,
    Decision,
    Gate,
    LineageGate,
    MetricGate,
    SegmentGate,
    Sided,
    Waiver,
)
from runreport.spec.marked import Marked
from runreport.spec.model import Grouping, Mention
from runreport.spec.names import nearest
from runreport.spec.shape import Shaper, Unusable, cut

EXAMPLE = "as in [{metric: accuracy, require: better}]"


def read_gates(
    node: Marked | None, groups: Grouping, metrics: Sequence[Metric], shaper: Shaper
) -> tuple[Gate, ...]:
    """The gates of a spec; each is about what the first of its telling keys says."""
    if node is None or node.value is None:
        return ()
    if node.sequence is None:
        shaper.wrong(node, "a list of gates", EXAMPLE)
        return ()
    gates = []
    for index, item in enumerate(node.sequence):
        said_before = len(shaper.problems)
        try:
            gate = _gate(item, f"gate {index + 1}", shaper)
        except Unusable:
            continue
        # what is missing because it could not be read was said
        doubts = _doubts(gate, item, groups, metrics) if len(shaper.problems) == said_before else ()
        for code, message, span, hint in doubts:
            shaper.say(code, f"gate {index + 1} {message}", span, hint)
        gates.append(gate)
    return tuple(gates)


def _gate(node: Marked, where: str, shaper: Shaper) -> Gate:
    entries = dict(shaper.mapping(node, "a gate, such as {metric: accuracy, require: better}"))
    kinds = [key for key in entries if key in FORMS]
    if not kinds:
        near = [word for key in entries if (word := nearest(key, FORMS))]
        hint = f"did you mean '{near[0]}'?" if near else EXAMPLE.replace("[", "").replace("]", "")
        words = f"{', '.join(list(FORMS)[:-1])} or {list(FORMS)[-1]}"
        shaper.say("RR135", f"{where} needs one of {words}", node.span, hint)
        raise Unusable
    if len(kinds) > 1:
        message = f"{where} is about '{kinds[0]}' and about '{kinds[1]}'"
        shaper.say("RR135", message, node.keys[kinds[1]], "write a gate of its own for each")
        raise Unusable
    form = FORMS[kinds[0]]
    # one reading of a list of one
    if kinds[0] == "lineage" and isinstance(entries["lineage"].value, str):
        entries["lineage"] = replace(entries["lineage"], value=(entries["lineage"],))
    against = entries.get("against")
    if against is not None and against.value == "baseline":
        del entries["against"]
    waiver = _waiver(entries.pop("waive", None), where, shaper)
    rest = replace(node, value=entries, keys={k: s for k, s in node.keys.items() if k in entries})
    gate: Gate = shaper.record(form, rest, where, also=("waive",), span=node.span, waive=waiver)
    if isinstance(gate, SegmentGate):
        kind: Literal["metric", "family"] = "family" if gate.by is None else "metric"
        shaper.mentions.append(Mention(kind, gate.segments, entries["segments"].span))
    if isinstance(gate, CostGate) and gate.cost != DURATION:
        shaper.mentions.append(Mention("metric", gate.cost, entries["cost"].span))
    return gate


def _waiver(node: Marked | None, where: str, shaper: Shaper) -> Waiver | None:
    if node is None or node.value is None:
        return None
    for key in ("reason", "owner"):
        item = (node.mapping or {}).get(key)
        if item is not None and isinstance(item.value, str) and not item.value.strip():
            shaper.wrong(item, f"the {key} of the waiver")
    try:
        waiver: Waiver = shaper.record(Waiver, node, f"`waive` of {where}")
    except Unusable:
        return None
    return waiver


# ---- what does not go together -------------------------------------------------------------------

Doubt = tuple[str, str, Span, str]


def _doubts(
    gate: Gate, node: Marked, groups: Grouping, metrics: Sequence[Metric]
) -> Iterator[Doubt]:
    """Code, what is wrong, where and the remedy."""
    yield from _conditions(gate, node)
    has_baseline = groups.baseline is not None or (
        isinstance(gate, Sided) and gate.against is not None
    )
    if _compares(gate) and not has_baseline:
        message = "compares with the baseline, and none is declared"
        yield "RR136", message, node.span, 'as in groups: {baseline: optimizer == "sgd"}'
    if isinstance(gate, MetricGate) and gate.require == "equivalent" and gate.margin is None:
        declared = next((metric for metric in metrics if metric.name == gate.metric), None)
        family = any(is_family(metric.name) for metric in metrics)
        if (declared is None and not family) or (declared and declared.margin is None):
            message = "requires `equivalent`, and no margin says how close that is"
            yield "RR136", message, node.keys["require"], "as in margin: 0.5, here or at the metric"


def _compares(gate: Gate) -> bool:
    if isinstance(gate, MetricGate):
        return gate.require is not None or gate.max_drop is not None
    return isinstance(gate, SegmentGate) or (
        isinstance(gate, CostGate) and gate.max_ratio is not None
    )


def _conditions(gate: Gate, node: Marked) -> Iterator[Doubt]:
    """A gate without a condition always passes, and one whose keys contradict each other never."""
    if isinstance(gate, MetricGate):
        bounds = [key for key in ("min", "max", "max_drop") if getattr(gate, key) is not None]
        if gate.require is None and not bounds:
            hint = "write `require`, `min`, `max` or `max_drop`"
            yield "RR135", f"asks nothing of '{cut(gate.metric)}'", node.span, hint
        if gate.require is not None and bounds:
            message = f"has `require` and `{bounds[0]}`"
            yield "RR135", message, node.keys[bounds[0]], "write a gate of its own for each"
        if gate.margin is not None and gate.require is None and bounds:
            message = "has a `margin` without `require`"
            yield "RR135", message, node.keys["margin"], "a bound is exact: leave the margin out"
        if gate.require is not None and "on" in node.keys:
            message = "has `on` beside `require`"
            hint = "a verdict goes by its interval anyway: leave `on` out"
            yield "RR135", message, node.keys["on"], hint
        if gate.min is not None and gate.max is not None and gate.min > gate.max:
            message = f"asks for {gate.min:g} or more and {gate.max:g} or less"
            yield "RR135", message, node.keys["max"], "no value is both"
    if isinstance(gate, CostGate):
        if gate.max is None and gate.max_total is None and gate.max_ratio is None:
            hint = "write `max`, `max_total` or `max_ratio`"
            yield "RR135", f"asks nothing of '{cut(gate.cost)}'", node.span, hint
        if (
            gate.on == "interval"
            and gate.max is None
            and gate.max_ratio is None
            and (gate.max_total is not None)
        ):
            message = "asks for the interval of a total, which has none"
            yield "RR135", message, node.keys["on"], "leave `on` out"
    if isinstance(gate, LineageGate) and not gate.lineage:
        hint = "as in lineage: [clean_commit, same_data]"
        yield "RR135", "asks nothing of the lineage", node.span, hint


# ---- decisions -----------------------------------------------------------------------------------


def read_decision(node: Marked | None, shaper: Shaper) -> Decision:
    """What was decided; `supersedes` and `options` take one text or a list."""
    if node is None or node.value is None or node.span in shaper.broken:
        return Decision()
    if node.mapping is not None:
        entries = dict(node.mapping)
        for key in ("options", "supersedes"):
            if key in entries and isinstance(entries[key].value, str):
                entries[key] = replace(entries[key], value=(entries[key],))
        node = replace(node, value=entries)
    try:
        read: Decision = shaper.record(Decision, node, "`decision`")
    except Unusable:
        return Decision()
    if read.id and read.id in read.supersedes and node.mapping is not None:
        message = f"decision '{cut(read.id)}' supersedes itself"
        shaper.say("RR217", message, node.mapping["supersedes"].span, "name an earlier decision")
        return replace(read, supersedes=tuple(x for x in read.supersedes if x != read.id))
    return read


def said(decision: Decision) -> dict[str, str]:
    """The keys that were written, as texts."""
    found = {field.name: getattr(decision, field.name) for field in fields(decision)}
    texts = {k: v if isinstance(v, str) else "; ".join(v) for k, v in found.items()}
    return {key: text for key, text in texts.items() if text}
