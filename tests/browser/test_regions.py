"""Rectangles and lassos over the charts of a search, whatever section drew them; and brushes that a
link carries to a page that was built anew.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from runreport import blocks as b
from runreport.design import Metric
from runreport.kinds import Context
from runreport.render.figures import draw_svg
from runreport.render.page import Links, render_page
from runreport.render.rundata import run_data
from runreport.render.verify import verify_site
from runreport.sections import contour, matrix, parallel, pareto
from runreport.sections import slice as slices
from runreport.spec.expressions import Expression, Names, Scope
from tests import pages
from tests.studies import study

if TYPE_CHECKING:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = pytest.mark.browser

METRICS = (
    Metric("accuracy", goal="maximize", primary=True),
    Metric("time", goal="minimize", role="operational"),
)
CHARTS = ("contour", "pareto", "slice", "matrix")


def trials(count: int, seed: int = 3) -> Context:
    rng = random.Random(seed)
    found = []
    for n in range(count):
        rate, width = 10 ** rng.uniform(-4, -1), rng.randint(8, 128)
        accuracy = 0.9 - 0.05 * (math.log10(rate) + 2.5) ** 2 + rng.gauss(0, 0.02)
        params = {"lr": rate, "width": width, "alpha": rng.random()}
        metrics = {"accuracy": accuracy, "time": width * rng.uniform(0.8, 1.2)}
        found.append({"name": f"run-{n}", "params": params, "metrics": metrics})
    made = study(found, by=["lr", "width", "alpha"], metrics=METRICS)
    scope = Scope(Names.of(made.runs, made.design), made.design)
    return replace(made, evaluate=lambda expression, run: expression.evaluate(run, scope))


def built(context: Context, content: Sequence[b.Block], folder: Path) -> str:
    """The address of a page of these blocks."""
    theme = pages.theme()

    def submit(figure: b.Figure, prefix: str) -> Future[str]:
        done: Future[str] = Future()
        done.set_result(draw_svg(figure, theme.colors, theme.font_size, prefix))
        return done

    links = Links(runs=run_data(context))
    page = render_page(b.Document("Runs", "index", tuple(content)), theme, links, submit)
    site, policies = pages.site([page], folder)
    assert verify_site(site, policies) == []
    return (site / "index.html").as_uri()


def blocks_of(section: Any, context: Context, options: Any) -> Iterator[b.Block]:
    yield from section.present(section.compute(context, options), options)


@pytest.fixture(scope="module")
def charted(tmp_path_factory: pytest.TempPathFactory) -> str:
    context = trials(40)
    names = tuple(Expression(name) for name in ("lr", "width", "accuracy"))
    rate, width = Expression("lr"), Expression("width")
    content = [
        *blocks_of(contour, context, contour.Options(x=rate, y=width)),
        *blocks_of(pareto, context, pareto.Options(resamples=50)),
        *blocks_of(slices, context, slices.Options()),
        *blocks_of(matrix, context, matrix.Options(columns=names, scatter=True)),
    ]
    return built(context, content, tmp_path_factory.mktemp("charts"))


@pytest.fixture(scope="module")
def laned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], str]:
    """Addresses of pages of parallel coordinates with so many runs."""

    def address(count: int) -> str:
        context = trials(count)
        options = parallel.Options(tuple(map(Expression, ("lr", "width", "accuracy"))))
        content = list(blocks_of(parallel, context, options))
        return built(context, content, tmp_path_factory.mktemp("lanes"))

    return address


@pytest.fixture
def opened(browser: sync_api.Browser) -> Iterator[Callable[[str], sync_api.Page]]:
    """Opens pages; a test fails when anything reaches their console."""
    browsing = browser.new_context(viewport={"width": 1250, "height": 1000})
    said: list[str] = []

    def visit(address: str) -> sync_api.Page:
        page = browsing.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        return page

    yield visit
    browsing.close()
    assert said == []


PLACES = """svg => [...svg.querySelectorAll('.rr-mark')].flatMap(mark => {
    const box = mark.getBBox();
    const p = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2)
        .matrixTransform(svg.getScreenCTM());
    const small = mark.localName === 'circle' || (/z\\s*$/i.test(mark.getAttribute('d'))
        && box.width < 24 && box.height < 24);
    return small ? [[mark.dataset.run, p.x, p.y]] : [];
})"""
"""Marks that stand at a place: tokens, and that place in the window."""


def selected(page: sync_api.Page) -> set[str]:
    page.wait_for_timeout(200)
    found = page.locator(".rr-mark:not(.rr-out)").evaluate_all(
        "found => found.flatMap(mark => mark.dataset.run.split(' '))"
    )
    return set(found)


def middle(places: Sequence[Sequence[Any]]) -> tuple[float, float, float, float]:
    """A box around some of the places, with no place on its border."""
    xs, ys = sorted(x for _, x, _ in places), sorted(y for _, _, y in places)
    quarter = len(xs) // 4
    return (
        (xs[quarter - 1] + xs[quarter]) / 2,
        min(ys) - 3,
        (xs[-quarter] + xs[-quarter - 1]) / 2 + 0.5,
        max(ys) + 3,
    )


def chart_of(page: sync_api.Page, at: int) -> sync_api.Locator:
    figures = page.locator("[data-rr-figure]").filter(has=page.locator(".rr-mark"))
    return figures.nth(at).locator("svg.rr-chart").first


@pytest.mark.parametrize("lasso", [False, True], ids=["rectangle", "lasso"])
@pytest.mark.parametrize("at", range(len(CHARTS)), ids=CHARTS)
def test_a_region_selects_the_marks_inside_and_other_charts_follow(
    opened: Callable[[str], sync_api.Page], charted: str, at: int, lasso: bool
) -> None:
    page = opened(charted)
    svg = chart_of(page, at)
    svg.scroll_into_view_if_needed()
    places = svg.evaluate(PLACES)
    assert len({token for token, _, _ in places}) > 10
    left, top, right, bottom = middle(places)
    inside = {
        token for tokens, x, y in places for token in tokens.split()
        if left < x < right and top < y < bottom
    }  # fmt: skip
    corners = [(right, top), (right, bottom), (left, bottom), (left, top + 1)]
    if lasso:
        page.keyboard.down("Shift")
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in corners if lasso else [(right, bottom)]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert inside
    assert selected(page) == inside
    # a drag that selects zooms nothing
    assert page.locator(".rr-ticks").count() == 0
    page.locator(".rr-chip button").click()
    assert len(selected(page)) == 40


def conditions(page: sync_api.Page) -> list[str]:
    page.wait_for_timeout(150)
    return [text.removesuffix("×") for text in page.locator(".rr-chip").all_text_contents()]


def brushed(page: sync_api.Page) -> tuple[str, str]:
    """Brushes the first lane by keys; the link's state and the condition."""
    page.locator(".rr-lane").first.focus()
    for key in ("PageUp", "PageUp", "Shift+PageDown"):
        page.keyboard.press(key)
    (condition,) = conditions(page)
    page.evaluate(
        """() => Object.defineProperty(navigator, "clipboard", {
            value: { writeText: async (text) => { window.seen = text; } }, configurable: true })"""
    )
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("window.seen !== undefined")
    return str(page.evaluate("window.seen")).split("#")[1], condition


def by_filter(page: sync_api.Page, condition: str) -> set[str]:
    page.get_by_label("Select runs").fill(condition)
    return selected(page)


@pytest.mark.parametrize("count", [70, 12])
def test_a_brush_that_no_longer_fits_a_page_built_anew_becomes_its_condition(
    opened: Callable[[str], sync_api.Page], laned: Callable[[int], str], count: int
) -> None:
    state, condition = brushed(opened(laned(40)))
    other = laned(count)
    page = opened(f"{other}#{state}")
    assert conditions(page) == [condition]
    found = selected(page)
    # places are other ones on this page, so no band may claim to be the brush
    assert page.locator(".rr-lane-band[display=inline]").count() == 0
    assert found == by_filter(opened(other), condition)
    assert 0 < len(found) < count
    # the condition goes on in links of the new page, and can be taken away
    page.locator(".rr-chip button").click()
    assert len(selected(page)) == count


def test_a_brush_whose_condition_this_page_cannot_answer_is_said(
    opened: Callable[[str], sync_api.Page], laned: Callable[[int], str]
) -> None:
    state = json.dumps({"lane 0 0": [3, 900, "momentum > 0.5"]})
    page = opened(f"{laned(12)}#sel={quote(state)}")
    assert "does not fit this page" in page.locator(".rr-problem").inner_text()
    assert len(selected(page)) == 12


def test_lines_that_a_brush_leaves_out_stay_dimmed(
    opened: Callable[[str], sync_api.Page], laned: Callable[[int], str]
) -> None:
    page = opened(laned(40))
    shadow = page.locator(".rr-shadow")
    assert not shadow.is_visible()
    brushed(page)
    assert shadow.is_visible()
    assert (shadow.locator("path").get_attribute("d") or "").count("M") == 40
    # of the size of the chart that lies above it
    assert shadow.bounding_box() == page.locator("svg[data-lanes]").bounding_box()
    page.locator(".rr-status").get_by_role("button", name="Clear").click()
    page.wait_for_timeout(150)
    assert not shadow.is_visible()
