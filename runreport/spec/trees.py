"""Trees of marked values with other children: merged, or with one value replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runreport.spec.marked import Marked


def rebuilt(node: Marked, value: Mapping[str, Marked] | tuple[Marked, ...]) -> Marked:
    """The node with other children."""
    children = list(value.values()) if isinstance(value, Mapping) else list(value)
    keys = node.keys
    if isinstance(value, Mapping):
        keys = {key: keys.get(key, child.span) for key, child in value.items()}
    size = 1 + sum(child.size for child in children) + len(keys)
    height = 1 + max((child.height for child in children), default=0)
    return Marked(value, node.span, keys, size=size, height=height)


def merge(below: Marked, above: Marked) -> Marked:
    """Mappings key by key, anything else replaced by what stands above."""
    if below.mapping is None or above.mapping is None:
        return above
    entries = dict(below.mapping)
    for key, node in above.mapping.items():
        entries[key] = merge(entries[key], node) if key in entries else node
    # an entry of a list keeps the file that wrote it; a merged mapping counts as the upper file's
    return rebuilt(replace(above, keys={**below.keys, **above.keys}), entries)
