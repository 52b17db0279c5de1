"""Charts drawn to inline SVG: here, or in worker processes while the build goes on."""

from __future__ import annotations

import hashlib
import importlib
import pickle
import queue
import re
import threading
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, Protocol

from runreport.blocks import Figure
from runreport.drawing import SERIES, Drawing, Style
from runreport.errors import Problem, RunReportError
from runreport.render import emit
from runreport.render.workers import Worker, WorkerDied, WorkerSlow, open_workers
from runreport.signs import program

TIME_LIMIT_S = 20.0
"""A chart that takes longer is given up."""

Submit = Callable[[Figure, str], "Future[str]"]
"""Figure and id prefix to its SVG."""


def draw_svg(figure: Figure, colors: Mapping[str, str], font_size: float, prefix: str) -> str:
    """The finished inline SVG of a figure, drawn in this process.

    Args:
        figure: what to draw.
        colors: token to `#rrggbb`, as in `Style.colors`.
        font_size: points.
        prefix: start of every id inside; letters, digits, `-`, `_`, unique in the page.

    Raises:
        RenderError: RR501, RR505.
        Exception: whatever the figure's own `draw` raises.
    """
    if not re.fullmatch(r"[A-Za-z][\w-]*", prefix, re.ASCII):
        raise ValueError(f"prefix {prefix!r} is no id")
    import matplotlib

    from runreport.render.svg import write_svg

    style = Style(figure.width, figure.height, font_size, colors)
    with matplotlib.rc_context(), warnings.catch_warnings():
        # a name in a script that the font lacks is written by the browser's font
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        # a matplotlibrc of the user must not change the report
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_settings(style))
        drawing = figure.draw(figure.data, style)
        _clean_text(drawing)
        return write_svg(
            drawing,
            colors=colors,
            title=figure.title,
            description=figure.description,
            prefix=prefix,
        )


def _settings(style: Style) -> Any:
    """What every chart looks like before its `draw` says otherwise."""
    from cycler import cycler

    ink, muted, grid = (style.colors.get(t, "#444444") for t in ("ink", "ink-muted", "grid"))
    series = [style.colors[token] for token in SERIES if token in style.colors]
    return {
        "axes.axisbelow": True,
        "axes.edgecolor": muted,
        "axes.facecolor": "none",
        "axes.formatter.use_mathtext": False,
        "axes.grid": False,
        "axes.labelcolor": ink,
        "axes.labelsize": style.font_size,
        "axes.linewidth": 0.8,
        "axes.prop_cycle": cycler(color=series or ["#444444"]),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": ink,
        "axes.titlesize": style.font_size,
        "font.family": ["DejaVu Sans"],
        "font.size": style.font_size,
        "grid.color": grid,
        "grid.linewidth": 0.8,
        "text.color": ink,
        "text.parse_math": False,
        "text.usetex": False,
        "xtick.color": muted,
        "xtick.labelcolor": ink,
        "xtick.labelsize": style.font_size,
        "ytick.color": muted,
        "ytick.labelcolor": ink,
        "ytick.labelsize": style.font_size,
    }


def _clean_text(drawing: Drawing) -> None:
    """Every text of the figure as one short line: names of runs and params come from data."""
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    for axes in drawing.figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for formatter in (axis.get_major_formatter(), axis.get_minor_formatter()):
                if isinstance(formatter, FixedFormatter):
                    formatter.seq = [emit.label(str(text)) for text in formatter.seq]
                elif isinstance(formatter, FuncFormatter):
                    # what `set_xticks(places, labels)` makes
                    formatter.func = partial(_one_line, formatter.func)
    for artist in drawing.figure.findobj(Text):
        artist.set_parse_math(False)
        text = artist.get_text()
        if text and (clean := emit.label(text)) != text:
            artist.set_text(clean)


def _one_line(write: Callable[[float, int | None], Any], value: float, place: int | None) -> str:
    """What a function of ticks writes, cleaned."""
    return emit.label(str(write(value, place)))


# ---- in worker processes -------------------------------------------------------------------------


class Kept(Protocol):
    """Charts of earlier builds, by what they were drawn from."""

    def get(self, key: str) -> str | None:
        """The SVG of that key, where it is held."""
        ...

    def put(self, key: str, text: str) -> None:
        """Hold an SVG for later builds."""
        ...


class Chart(Future[str]):
    """A chart's SVG when it is drawn."""

    key: str | None = None
    """By which it is kept, once it is; None for an error card."""


@dataclass(frozen=True, slots=True)
class _Task:
    parcel: bytes
    """What a worker draws from, pickled."""
    key: str
    title: str
    prefix: str
    has_table: bool
    done: Chart


class FigurePool:
    """Draws charts in worker processes, started at once so that their imports overlap reading;
    where hardly any chart is expected, with the first one.

    A chart that fails, or takes too long, becomes an error card in its place; the build goes on
    and `problems` tells.
    """

    def __init__(
        self, workers: int = 2, time_limit_s: float = TIME_LIMIT_S, *, at_once: bool = True
    ) -> None:
        self.kept: Kept | None = None
        """Where charts are looked for before they are drawn, and left for later builds."""
        self._limit = time_limit_s
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._problems: list[tuple[str, Problem]] = []
        self._busy: dict[int, Worker] = {}
        self._closing = False
        self.drawn = 0
        """Charts that were not kept."""
        # before the threads exist: a fork copies only the calling thread
        self._workers = open_workers(_draw_task, _prepare, at_once=at_once)
        self._count = workers
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> FigurePool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(wait=error is None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What went wrong in the charts drawn so far, ordered by their place in the report."""
        return tuple(problem for _, problem in sorted(self._problems, key=lambda item: item[0]))

    def submitter(self, colors: Mapping[str, str], font_size: float) -> Submit:
        """`submit` with a theme's tokens filled in."""
        return lambda figure, prefix: self.submit(figure, prefix, colors, font_size)

    def submit(
        self, figure: Figure, prefix: str, colors: Mapping[str, str], font_size: float
    ) -> Chart:
        """The chart's SVG, or the error card in its place, when it is ready."""
        done = Chart()
        # the table below a chart is not drawn, so it does not travel
        drawn = replace(figure, table=None, legend=(), note=(), is_captioned=True)
        has_table = figure.table is not None
        try:
            parcel = pickle.dumps((drawn, dict(colors), font_size, prefix))
        except Exception as error:
            # what cannot be pickled cannot be sent
            done.set_result(self._card(_problem(error), figure.title, prefix, has_table))
            return done
        key = hashlib.sha256(program().encode() + parcel).hexdigest()
        if self.kept is not None and (svg := self.kept.get(key)) is not None:
            done.key = key
            done.set_result(svg)
            return done
        self.drawn += 1
        if not self._threads:
            # not before the first chart: while there are no threads, the build may fork
            for _ in range(self._count):
                self._threads.append(threading.Thread(target=self._feed, daemon=True))
                self._threads[-1].start()
        self._tasks.put(_Task(parcel, key, figure.title, prefix, has_table, done))
        return done

    def close(self, wait: bool = True) -> None:
        """End the workers; what is under way is finished first when `wait`. Twice is once."""
        for _ in self._threads:
            self._tasks.put(None)
        self._closing = not wait
        if not wait:
            for worker in tuple(self._busy.values()):
                worker.end()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._workers.close()

    def _feed(self) -> None:
        """One thread: hands tasks to one worker process, and replaces it when it is lost."""
        me = threading.get_ident()
        while (task := self._tasks.get()) is not None:
            result = self._draw(task, me)
            if isinstance(result, Problem):
                result = self._card(result, task.title, task.prefix, task.has_table)
            elif self.kept is not None:
                self.kept.put(task.key, result)
                task.done.key = task.key
            task.done.set_result(result)
        if (worker := self._busy.pop(me, None)) is not None:
            worker.close()

    def _card(self, problem: Problem, title: str, prefix: str, has_table: bool) -> str:
        """What stands in a chart's place; the problem is told."""
        place = f"chart “{emit.label(title)}”"
        self._problems.append((prefix, replace(problem, place=place)))
        return error_card(title, problem.message, has_table)

    def _draw(self, task: _Task, me: int) -> str | Problem:
        """The SVG, or why there is none; a worker that died is replaced and asked once more."""
        for _attempt in range(2):
            if self._closing:
                break
            try:
                if me not in self._busy:
                    self._busy[me] = self._workers.start()
                answer: str | Problem = self._busy[me].call(task.parcel, self._limit)
                return answer
            except WorkerDied:
                self._busy.pop(me, None)
            except WorkerSlow:
                self._busy.pop(me, None)
                return Problem("RR503", f"drawing took more than {self._limit:g} seconds")
        return Problem("RR504", "the drawing process ended before the chart was done")


def _prepare() -> None:
    """Import what the first chart needs."""
    for name in ("matplotlib.figure", "runreport.render.svg"):
        importlib.import_module(name)


def _draw_task(parcel: bytes) -> str | Problem:
    """In a worker: the SVG, or what went wrong."""
    try:
        return draw_svg(*pickle.loads(parcel))  # noqa: S301  from our own parent
    except Exception as error:
        return _problem(error)


def _problem(error: Exception) -> Problem:
    if isinstance(error, RunReportError):
        return error.problems[0]
    return Problem("RR502", f"{type(error).__name__}: {emit.label(str(error))}")


def error_card(title: str, reason: str, has_table: bool = False) -> str:
    """What stands in a chart's place when it could not be drawn."""
    name, why = emit.html(emit.label(title)), emit.html(reason)
    rest = " The numbers behind it are in the table below." if has_table else ""
    return (
        f'<p class="rr-figure-error" role="note">The chart “{name}” could not be drawn: '
        f"{why}.{rest}</p>"
    )
