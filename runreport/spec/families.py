"""Families: `val/f1/*` declares every logged metric of that form."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from runreport.design import Metric
from runreport.spec.model import Spec


def is_family(name: str) -> bool:
    """Whether a key of `metrics` stands for several metrics."""
    return "*" in name


def members(family: str, logged: Collection[str]) -> Sequence[tuple[str, str]]:
    """Logged metrics of a family, each with what stands under its `*`."""
    parts = (re.escape(part) for part in family.split("*"))
    form = re.compile("(.+)".join(parts), re.S)
    matches = ((name, form.fullmatch(name)) for name in sorted(logged))
    return [(name, " ".join(match.groups())) for name, match in matches if match is not None]


def expand(spec: Spec, logged: Collection[str]) -> Spec:
    """The spec with every family replaced by its members; declared names keep their own entry."""
    if not any(is_family(metric.name) for metric, _ in spec.metrics):
        return spec
    own = {metric.name for metric, _ in spec.metrics}
    metrics = []
    for metric, span in spec.metrics:
        if not is_family(metric.name) or metric.name in logged:
            metrics.append((metric, span))
            continue
        for name, part in members(metric.name, logged):
            if name not in own:
                own.add(name)
                context = spec.contexts.get(metric.name, "")
                metrics.append((_member(metric, name, part, context), span))
    return replace(spec, metrics=tuple(metrics))


def _member(family: Metric, name: str, part: str, context: str) -> Metric:
    label = family.label or (family.name.split("*")[0].rstrip("/._- ") if context else "")
    if label:
        label = f"{label} ({context} {part})" if context else f"{label} ({part})"
    return replace(family, name=name, label=label)
