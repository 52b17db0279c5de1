"""`${...}` in `dvc.yaml`: values of `params.yaml` and `vars`, `foreach` and `matrix` stages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from runreport.sources.texts import written

MOST_STAGES = 2_000
"""That one entry may stand for."""
MOST_VALUES = 100_000
"""In all stages that one entry stands for."""
MAX_NAMES = 50
"""Of one text."""
MAX_TEXT = 4_000
"""Characters of a text that was filled in; what would be longer stays as written."""
MAX_PART = 500
"""Characters that one name stands for."""
MAX_DEPTH = 20
_NAME = re.compile(r"(?<!\\)\$\{\s*([^{}$]+?)\s*\}")
_PART = re.compile(r"[^.\[\]]+")

Values = Mapping[str, Any]


def filled(value: Any, values: Values, depth: int = 0) -> Any:
    """The value with what `${...}` stands for; a name that is not known stays as written."""
    if isinstance(value, str):
        whole = _NAME.fullmatch(value)
        if whole:
            found = look_up(values, whole[1])
            return value if found is None else found
        text = _NAME.sub(lambda match: _text(values, match), value, count=MAX_NAMES)
        return text if len(text) <= MAX_TEXT else value
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, Mapping):
        return {
            str(filled(key, values)): filled(inner, values, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [filled(inner, values, depth + 1) for inner in value]
    return value


def stages(name: str, stage: Any, values: Values) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The stages that one entry of `stages` stands for, filled in, by name."""
    if not isinstance(stage, Mapping):
        return
    if "foreach" in stage and isinstance(stage.get("do"), Mapping):
        items = filled(stage["foreach"], values)
        pairs: list[tuple[str, Any]] = []
        if isinstance(items, Mapping):
            pairs = list(items.items())
        elif isinstance(items, list):
            plain = not any(isinstance(item, Mapping | list) for item in items)
            pairs = [(written(item) if plain else str(at), item) for at, item in enumerate(items)]
        for key, item in pairs[: _most(stage["do"])]:
            own = {**values, "key": key, "item": item}
            yield f"{name}@{key}", filled(stage["do"], own)
        return
    if isinstance(stage.get("matrix"), Mapping):
        body = {key: value for key, value in stage.items() if key != "matrix"}
        axes = filled(stage["matrix"], values)
        lists = [axis if isinstance(axis, list) else [] for axis in axes.values()]
        for chosen in itertools.islice(itertools.product(*lists), _most(body)):
            item = dict(zip(axes, chosen, strict=True))
            parts = [
                f"{axis}{lists[at].index(one)}" if isinstance(one, Mapping | list) else written(one)
                for at, (axis, one) in enumerate(item.items())
            ]
            key = "-".join(parts)
            yield f"{name}@{key}", filled(body, {**values, "key": key, "item": item})
        return
    yield name, filled(stage, values)


def look_up(values: Any, name: str) -> Any:
    """What a dotted name stands for, lists by number; None when there is nothing."""
    found = values
    for part in _PART.findall(name)[:MAX_DEPTH]:
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _text(values: Values, match: re.Match[str]) -> str:
    found = look_up(values, match[1])
    return match[0] if found is None else written(found)[:MAX_PART]


def _most(body: Any) -> int:
    """How many copies of a stage are made."""
    return min(MOST_STAGES, max(1, MOST_VALUES // _size(body)))


def _size(value: Any, depth: int = 0) -> int:
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(inner, str) or not isinstance(value, Mapping | list) or depth > MAX_DEPTH:
        return 1
    return 1 + sum(_size(item, depth + 1) for item in inner)
