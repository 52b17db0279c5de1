"""Sites that carry given texts wherever text from runs may stand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from runreport import blocks as b
from runreport.drawing import Axis, Drawing, Mark, Marks, Plane, Style
from runreport.render.page import RenderedPage
from tests.attacks.shapes import BENIGN
from tests.pages import every_position, page, site


def hostile_chart(text: str, style: Style) -> Drawing:
    """The text as axis labels, tick labels, annotation, read-outs and names of axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.width, style.height))
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    points = axes.scatter([0, 1], [0, 1])
    points.set_gid("m0")
    axes.set_xlabel(text)
    axes.set_ylabel(text)
    axes.set_title(text)
    axes.set_xticks([0, 1], [text, text])
    axes.annotate(text, (0.5, 0.5))
    marks = Marks("m0", (Mark(("r:1",), text), Mark(("r:2",), f"{text}\n{text}")))
    return Drawing(figure, (marks,), Plane(axes, Axis(text, 0.0, 1.0), Axis(text, 0.1, 1.0, True)))


def figure(text: str) -> b.Figure:
    """A chart with the text in every place of it."""
    return b.Figure(
        draw=hostile_chart,
        data=text,
        title=text,
        description=text,
        table=b.Table((b.Column(text),), (b.Row((b.Cell((text,), text),)),), text),
        legend=(b.LegendEntry(text, "series-1", None, ("r:1",)), b.LegendEntry(text, "accent")),
        note=(text, b.Code(text)),
    )


def positions(text: str) -> list[b.Block]:
    """Every block with the text in each of its places; the author's Markdown comes last."""
    *others, markdown = every_position(text)
    wide = b.Table(
        columns=tuple(b.Column(f"c{n}", hidden=n == 4) for n in range(5)),
        rows=tuple(
            b.Row(
                (b.Cell((text,)),) + (b.Cell((b.Muted(text),), text, frozenset({"differs"})),) * 4
            )
            for _ in range(4)
        ),
        caption=text,
        differences=True,
        searchable=True,
    )
    return [
        *others,
        b.Headline(text, 3),
        b.Text((text,), "small"),
        b.Note("danger", text, (b.Text((text,)), figure(text), b.Preformatted(text))),
        wide,
        markdown,
    ]


@dataclass(frozen=True)
class Plan:
    """What one site carries: texts that share a page, and texts that have a page of their own."""

    bodies: Sequence[Sequence[str]]
    titles: Sequence[str]

    def benign(self) -> Plan:
        """The same site with harmless texts, each of which can be told from the others."""
        bodies = [
            [f"{BENIGN} b{page}x{place}-" for place in range(len(texts))]
            for page, texts in enumerate(self.bodies)
        ]
        return Plan(bodies, [f"{BENIGN} t{number}-" for number in range(len(self.titles))])

    def meant(self) -> dict[str, str]:
        """Each harmless text and the one that stands in its place."""
        benign = self.benign()
        calms = [*chain.from_iterable(benign.bodies), *benign.titles]
        return dict(zip(calms, [*chain.from_iterable(self.bodies), *self.titles], strict=True))

    @property
    def names(self) -> list[str]:
        """The pages' files."""
        bodies = [f"body-{number}.html" for number in range(len(self.bodies))]
        return ["index.html", *bodies, *(f"runs/title-{n}.html" for n in range(len(self.titles)))]

    def pages(self) -> list[RenderedPage]:
        """One page per group of texts, inside the navigation and outside of it by turns, and one
        per title; all titles that fit are navigation labels.
        """
        return [
            page([b.Text(("start",))], "Start"),
            *(
                page(
                    [block for text in texts for block in positions(text)],
                    title=texts[0],
                    slug=f"body-{number}",
                    in_navigation=number % 2 == 0,
                    run_pages={"r:1": "runs/title-0"},
                )
                for number, texts in enumerate(self.bodies)
            ),
            *(
                page([b.Headline(text), b.Text((text,))], text, f"runs/title-{number}")
                for number, text in enumerate(self.titles)
            ),
        ]


def build(plan: Plan, folder: Path, **more: Any) -> tuple[Path, Mapping[int, str]]:
    """The site of a plan and its policies."""
    return site(plan.pages(), folder, **more)


_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="[^"]*">')


def without_policy(source: Path, target: Path) -> Path:
    """A copy of a site whose pages carry no content security policy: the encoder alone."""
    shutil.copytree(source, target)
    for path in target.rglob("*.html"):
        text, count = _POLICY.subn("", path.read_text("utf-8"), count=1)
        assert count == 1, path
        path.write_text(text, "utf-8")
    return target
