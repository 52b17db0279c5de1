"""Paths and numbers of matplotlib as attributes of SVG. Importing this imports matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.path import Path


def path_data(points: Any, codes: Any) -> str:
    """The `d` attribute of finite points, shape (n, 2), in pixels."""
    found = numbers(points.ravel())
    pairs = [f"{x} {y}" for x, y in zip(found[::2], found[1::2], strict=True)]
    parts: list[str] = []
    index = 0
    while index < len(pairs):
        code = codes[index]
        if code == Path.MOVETO:
            # a move's further pairs are lines
            stop = index + 1
            while stop < len(pairs) and codes[stop] == Path.LINETO:
                stop += 1
            parts.append("M" + " ".join(pairs[index:stop]))
            index = stop
        elif code == Path.LINETO:
            parts.append("L" + pairs[index])
            index += 1
        elif code in (Path.CURVE3, Path.CURVE4):
            letter, count = ("Q", 2) if code == Path.CURVE3 else ("C", 3)
            parts.append(letter + " ".join(pairs[index : index + count]))
            index += count
        else:
            if code == Path.CLOSEPOLY:
                parts.append("z")
            index += 1
    return "".join(parts)


def circle_of(path: Any, turn: Any) -> tuple[float, float, float] | None:
    """Centre and radius when the turned path is matplotlib's circle: eight arcs that close."""
    vertices, codes = path.vertices @ turn, path.codes
    if codes is None or codes[1] != Path.CURVE4:
        return None
    low, high = vertices[:25:3].min(axis=0), vertices[:25:3].max(axis=0)
    width, height = high - low
    if not np.isfinite(width) or abs(width - height) > 0.05 or width > 1e4:
        return None
    x, y = (low + high) / 2
    return float(x), float(y), float(width / 2)


def numbers(values: Any) -> list[str]:
    """Numbers cut to 0.1."""
    # adding 0 turns -0 into 0
    return [f"{value:g}" for value in (np.round(values, 1) + 0.0).tolist()]


def short(value: float, digits: int = 1) -> str:
    """One number, cut."""
    return f"{round(float(value), digits) + 0.0:g}"
