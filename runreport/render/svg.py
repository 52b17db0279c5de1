"""A drawn matplotlib figure as inline SVG: a renderer of matplotlib's that writes only what a page
may carry.

matplotlib's own SVG carries style attributes, a style sheet, metadata, fixed sizes and definitions
that repeat; rewriting it costs a parse and trusts its layout of elements. matplotlib asks a
renderer for one path or one text at a time, so here each becomes one element with presentation
attributes, the theme's colours become `var(--rr-token, #hex)`, and coordinates keep 0.1 px.

Loaded by `render.figures` when it draws: importing this module imports matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.path import Path

from runreport.drawing import Drawing, Lanes, Mark, Plane
from runreport.errors import Problem, RenderError
from runreport.render import emit
from runreport.render.strokes import circle_of, numbers, path_data, short

DPI = 100
"""Pixels of the view box per inch."""

FOCUSABLE = 200
"""Only so many marks of one chart are reached by the Tab key."""

CIRCLE = 26
"""Vertices of matplotlib's circle."""

_ANCHORS = {"center": "middle", "right": "end"}
_CAPS = {"projecting": "square", "round": "round"}


def write_svg(
    drawing: Drawing, *, colors: Mapping[str, str], title: str, description: str, prefix: str
) -> str:
    """The figure as one `<svg>` element.

    Args:
        drawing: what a `draw` function returned.
        colors: token to hex colour; these hex values become custom properties.
        title: accessible name.
        description: accessible description.
        prefix: start of every id inside; generated, unique in the page.

    Raises:
        RenderError: RR501 when the marks listed are not the marks drawn, RR505 for a picture.
    """
    figure = drawing.figure
    figure.set_dpi(DPI)
    figure.patch.set_visible(False)
    width, height = (round(float(inches) * DPI) for inches in figure.get_size_inches())
    renderer = SvgRenderer(width, height, colors, prefix, drawing)
    figure.draw(renderer)
    renderer.check_marks()
    parts = [
        f'<svg class="rr-chart" xmlns="http://www.w3.org/2000/svg" width="100%" '
        f'viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{prefix}-t {prefix}-d"{_plane(drawing.plane)}{_lanes(drawing.lanes)}>',
        f'<title id="{prefix}-t">{emit.html(title)}</title>',
        f'<desc id="{prefix}-d">{emit.html(description)}</desc>',
        *renderer.clip_paths(),
        *renderer.body(),
        "</svg>",
    ]
    return "".join(parts)


def _plane(plane: Plane | None) -> str:
    """How the browser translates pixels into values."""
    if plane is None:
        return ""
    axes, pixels = plane.axes, plane.axes.get_window_extent()
    height = axes.figure.get_size_inches()[1] * DPI
    box = (pixels.x0, height - pixels.y1, pixels.x1, height - pixels.y0)
    text = f' data-box="{" ".join(numbers(np.array(box)))}"'
    for name, axis in (("x", plane.x), ("y", plane.y)):
        text += f' data-{name}="{axis.low!r} {axis.high!r}"'
        text += f' data-{name}-label="{emit.attr(axis.label)}"'
        text += f' data-{name}-log="1"' if axis.log else ""
    return text


def _lanes(lanes: Lanes | None) -> str:
    """How the browser brushes and moves lanes: JSON in an attribute."""
    if lanes is None:
        return ""
    height = lanes.axes.figure.get_size_inches()[1] * DPI
    heights = ((0, 1), (0, 0), (0, lanes.missing_at))
    across = lanes.axes.transData.transform([(place, 0) for place in range(len(lanes.lanes))])
    top, bottom, missing = (height - lanes.axes.transData.transform(heights)[:, 1]).tolist()
    content = {
        "top": top,
        "bottom": bottom,
        "missing": missing,
        "lanes": [
            {
                "x": round(float(x), 1),
                "label": lane.label,
                "name": lane.name,
                "expression": lane.expression,
                "low": lane.low,
                "high": lane.high,
                "log": lane.log,
                "ticks": lane.ticks,
                "words": lane.words,
                "rest": lane.has_rest,
            }
            for x, lane in zip(across[:, 0], lanes.lanes, strict=True)
        ],
    }
    return f' data-lanes="{emit.attr(emit.json(content))}"'


class SvgRenderer(RendererBase):
    """Collects one element per path or text that matplotlib draws, in drawing order."""

    def __init__(
        self,
        width: int,
        height: int,
        colors: Mapping[str, str],
        prefix: str,
        drawing: Drawing,
    ) -> None:
        super().__init__()
        self.width, self.height = width, height
        self._prefix = prefix
        self._tokens = {color.lower(): token for token, color in reversed(list(colors.items()))}
        self._expected = {marks.gid: marks.marks for marks in drawing.marks}
        self._drawn = dict.fromkeys(self._expected, 0)
        self._open: list[str | None] = []
        self._elements: list[tuple[str, str]] = []
        self._clips: dict[tuple[float, float, float, float], str] = {}
        self._focusable = FOCUSABLE
        self._hexes: dict[Any, str] = {}
        """Colours by what matplotlib calls them: many elements share few."""
        self._circles: dict[Any, tuple[Any, tuple[float, float, float] | None]] = {}
        """Path and linear part of its transform to the path itself, which must not go while its
        number is used, and its circle around the transform's origin.
        """

    # ---- what was collected ----------------------------------------------------------------------

    def check_marks(self) -> None:
        """Raise RR501 unless each artist drew exactly the marks listed for it."""
        for gid, marks in self._expected.items():
            if self._drawn[gid] != len(marks):
                message = f"artist {gid} drew {self._drawn[gid]} elements for {len(marks)} marks"
                hint = "list one mark per finite element, in drawing order"
                raise RenderError(Problem("RR501", message, hint=hint))

    def clip_paths(self) -> Iterator[str]:
        """Definitions of the boxes that curves are cut at."""
        for (left, top, width, height), name in self._clips.items():
            x, y, w, h = numbers(np.array((left, top, width, height)))
            yield (
                f'<clipPath id="{name}"><rect x="{x}" y="{y}" width="{w}" height="{h}"/></clipPath>'
            )

    def body(self) -> Iterator[str]:
        """Elements in drawing order; neighbours of one paint share a group."""
        for paint, group in groupby(self._elements, key=lambda item: item[0]):
            yield f"<g{paint}>"
            yield from (element for _, element in group)
            yield "</g>"

    # ---- what matplotlib calls -------------------------------------------------------------------

    def get_canvas_width_height(self) -> tuple[int, int]:
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        return points * DPI / 72

    def get_text_width_height_descent(
        self, s: str, prop: Any, ismath: Any
    ) -> tuple[float, float, float]:
        # measured as it will be written
        size: tuple[float, float, float] = super().get_text_width_height_descent(
            emit.label(s), prop, ismath
        )
        return size

    def open_group(self, s: str, gid: str | None = None) -> None:
        self._open.append(gid if gid in self._expected else None)

    def close_group(self, s: str) -> None:
        self._open.pop()

    def draw_path(self, gc: Any, path: Any, transform: Any, rgbFace: Any = None) -> None:  # noqa: N803  # matplotlib's name
        gid = next((name for name in reversed(self._open) if name is not None), None)
        paint = self._paint(gc, rgbFace)
        if gid is None and paint is None:
            return
        shape, box = self._shape(gc, path, transform, rgbFace)
        if not shape:
            return
        mark = "" if gid is None else self._mark(gid)
        clip = self._clip(gc, box)
        self._elements.append((paint or ' fill="none"', f"<{shape}{clip}{mark}/>"))

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: bool | str = False,
        mtext: Any = None,
    ) -> None:
        text = emit.html(emit.label(s))
        color, opacity = self._color(gc.get_rgb(), gc)
        anchor = ""
        if mtext is not None and (angle == 0 or mtext.get_rotation_mode() == "anchor"):
            # the browser's font has other widths: anchor where the author aligned
            left, bottom = mtext.get_transform().transform(mtext.get_unitless_position())
            across = np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
            left, top = float(left), self.height - float(bottom)
            shift = float(np.dot(across, [x - left, y - top]))
            x, y = left + shift * across[0], top + shift * across[1]
            anchor = _ANCHORS.get(mtext.get_ha(), "")
        place = numbers(np.array([x, y]))
        size = self.points_to_pixels(prop.get_size_in_points())
        weight = font_manager.weight_dict.get(prop.get_weight(), prop.get_weight())
        paint = f' fill="{color}"' + (f' fill-opacity="{opacity}"' if opacity else "")
        paint += f' font-size="{short(size)}"' + (f' text-anchor="{anchor}"' if anchor else "")
        paint += f' font-weight="{int(weight)}"' if int(weight) != 400 else ""
        turn = f' transform="rotate({short(-angle)} {" ".join(place)})"' if angle else ""
        element = f'<text x="{place[0]}" y="{place[1]}"{turn}>{text}</text>'
        self._elements.append((paint, element))

    def draw_image(self, gc: Any, x: float, y: float, im: Any, transform: Any = None) -> None:
        raise _picture()

    def draw_gouraud_triangles(
        self, gc: Any, triangles_array: Any, colors_array: Any, transform: Any
    ) -> None:
        raise _picture()

    # ---- one element -----------------------------------------------------------------------------

    def _mark(self, gid: str) -> str:
        """Attributes of the next mark of an artist."""
        index = self._drawn[gid]
        self._drawn[gid] += 1
        marks: Sequence[Mark] = self._expected[gid]
        if index >= len(marks):
            return ""
        mark = marks[index]
        tokens = " ".join(emit.run_token(run_id) for run_id in mark.run_ids)
        text = f' class="rr-mark" data-run="{tokens}"'
        if mark.tip:
            text += f' data-tip="{emit.attr(mark.tip)}"'
            if self._focusable > 0:
                self._focusable -= 1
                text += ' tabindex="0"'
        return text

    def _color(self, rgba: Any, gc: Any) -> tuple[str, str]:
        """The theme's property for a colour, and its opacity when it is not opaque."""
        known = tuple(rgba)
        if known not in self._hexes:
            self._hexes[known] = to_hex(rgba)
        color = self._hexes[known]
        token = self._tokens.get(color)
        alpha = gc.get_alpha() if gc.get_forced_alpha() else (rgba[3] if len(rgba) > 3 else 1.0)
        opacity = "" if alpha >= 0.9995 else short(alpha, 3)
        return (color if token is None else f"var(--rr-{token}, {color})"), opacity

    def _paint(self, gc: Any, face: Any) -> str | None:
        """Presentation attributes of a path; None when nothing of it would be seen."""
        paint = ' fill="none"'
        seen = False
        if face is not None and not (len(face) > 3 and face[3] == 0):
            color, opacity = self._color(face, gc)
            paint = f' fill="{color}"' + (f' fill-opacity="{opacity}"' if opacity else "")
            seen = True
        width = self.points_to_pixels(gc.get_linewidth())
        color, opacity = self._color(gc.get_rgb(), gc)
        if width > 0 and opacity != "0":
            seen = True
            paint += f' stroke="{color}" stroke-width="{short(width, 2)}"'
            paint += f' stroke-opacity="{opacity}"' if opacity else ""
            offset, dashes = gc.get_dashes()
            if dashes is not None and len(dashes):
                lengths = " ".join(short(self.points_to_pixels(dash)) for dash in dashes)
                paint += f' stroke-dasharray="{lengths}"'
                if offset:
                    paint += f' stroke-dashoffset="{short(self.points_to_pixels(offset))}"'
            cap, join = gc.get_capstyle(), gc.get_joinstyle()
            paint += f' stroke-linecap="{_CAPS[cap]}"' if cap in _CAPS else ""
            paint += f' stroke-linejoin="{join}"' if join != "miter" else ""
        return paint if seen else None

    def _shape(
        self, gc: Any, path: Any, transform: Any, face: Any
    ) -> tuple[str, tuple[float, float, float, float]]:
        """Element name with its geometry, and its bounding box; empty when nothing is finite."""
        if (circle := self._circle(path, transform)) is not None:
            x, y, r = circle
            return (
                f'circle cx="{short(x)}" cy="{short(self.height - y)}" r="{short(r, 2)}"',
                (x - r, y - r, x + r, y + r),
            )
        turned = transform.transform_path(path)
        # what lies outside the canvas would be huge numbers; a filled shape must stay closed
        around = (-self.width, -self.height, 2 * self.width, 2 * self.height)
        clean = turned.cleaned(
            remove_nans=True,
            clip=around if face is None else None,
            simplify=None if face is None else False,
            curves=True,
        )
        vertices, codes = clean.vertices, clean.codes
        used = (codes != Path.STOP) & (codes != Path.CLOSEPOLY)
        if not (used & (codes != Path.MOVETO)).any():
            return "", (0, 0, 0, 0)
        low, high = vertices[used].min(axis=0), vertices[used].max(axis=0)
        points = np.clip(vertices, -1e5, 1e5)
        points[:, 1] = self.height - points[:, 1]
        data = path_data(points, codes)
        return f'path d="{data}"', (*low.tolist(), *high.tolist())

    def _circle(self, path: Any, transform: Any) -> tuple[float, float, float] | None:
        """Centre and radius, in pixels, when that is what the path is."""
        if len(path.vertices) != CIRCLE or not transform.is_affine:
            return None
        (a, c, x), (b, d, y), _ = transform.get_matrix().tolist()
        if not math.isfinite(x + y):
            return None
        key = (id(path), a, b, c, d)
        if key not in self._circles:
            self._circles[key] = path, circle_of(path, np.array(((a, b), (c, d))))
        circle = self._circles[key][1]
        return None if circle is None else (circle[0] + x, circle[1] + y, circle[2])

    def _clip(self, gc: Any, box: tuple[float, float, float, float]) -> str:
        """A reference to the clip box, only where the element leaves it."""
        clip = gc.get_clip_rectangle()
        if clip is None:
            return ""
        left, bottom, right, top = clip.extents
        # half a line's width over the edge is wanted: a curve along the axis is not cut in two
        slack = 1.5
        inside = (
            box[0] >= left - slack
            and box[1] >= bottom - slack
            and box[2] <= right + slack
            and box[3] <= top + slack
        )
        if inside:
            return ""
        key = (left, self.height - top, right - left, top - bottom)
        name = self._clips.setdefault(key, f"{self._prefix}-c{len(self._clips)}")
        return f' clip-path="url(#{name})"'


def _picture() -> RenderError:
    message = "the chart draws a picture, expected lines and areas"
    return RenderError(Problem("RR505", message, hint="use pcolormesh instead of imshow"))
