"""One selection per page, in a real browser, on a site that was built as reports are: the filter,
brushes, regions and legends select the runs that a condition of the spec selects.
"""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from runreport import blocks as b
from runreport.design import Metric
from runreport.kinds import Context
from runreport.render import emit
from runreport.render.figures import draw_svg
from runreport.render.page import Links, render_page
from runreport.render.rundata import run_data
from runreport.render.verify import verify_site
from runreport.sections import parallel, runs, scatter
from runreport.spec.expressions import Expression, Names, Scope, parse, truth
from tests import pages
from tests.studies import study

if TYPE_CHECKING:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = pytest.mark.browser

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"> \u2028"
METRICS = (
    Metric("accuracy", goal="maximize", unit="%", scale=100, primary=True),
    Metric("val/loss", goal="minimize"),
)
COLUMNS = ("lr", "optimizer", "depth", "momentum", 'metrics["val/loss"]', "accuracy")


def some_runs(count: int = 60) -> list[dict[str, Any]]:
    rng = random.Random(7)
    found = []
    for n in range(count):
        optimizer = rng.choice(["adam", "sgd", HOSTILE])
        params = {
            "lr": f"{10 ** rng.uniform(-5, -1):.3g}",
            "optimizer": optimizer,
            "depth": rng.randint(1, 6),
            "debug": rng.choice(["True", "False"]),
            "seed": 2**53 + rng.randint(0, 3),
            "lambda": rng.random(),
        }
        if optimizer == "sgd":
            params["momentum"] = round(rng.uniform(0.5, 0.99), 3)
        metrics = {"accuracy": rng.gauss(0.8, 0.05), "val/loss": rng.gauss(0.5, 0.1)}
        if n % 9 == 0:
            del metrics["accuracy"]
        if n % 11 == 0:
            metrics["val/loss"] = math.nan
        tags = {"team": rng.choice(["vision", "text"])}
        found.append({"name": f"run-{n}", "params": params, "metrics": metrics, "tags": tags})
    return found


@pytest.fixture(scope="module")
def context() -> Context:
    made = study(some_runs(), by=["optimizer"], metrics=METRICS)
    scope = Scope(Names.of(made.runs, made.design), made.design)
    return replace(made, evaluate=lambda expression, run: expression.evaluate(run, scope))


@pytest.fixture(scope="module")
def address(context: Context, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A built and verified site of two charts and a table of runs."""
    theme = pages.theme()

    def submit(figure: b.Figure, prefix: str) -> Future[str]:
        done: Future[str] = Future()
        done.set_result(draw_svg(figure, theme.colors, theme.font_size, prefix))
        return done

    lanes = parallel.Options(tuple(Expression(column) for column in COLUMNS))
    cloud = scatter.Options(Expression("depth"), Expression("lr"), log_y=True)
    table = runs.Options()
    content = (
        *parallel.present(parallel.compute(context, lanes), lanes),
        *scatter.present(scatter.compute(context, cloud), cloud),
        *runs.present(runs.compute(context, table), table),
    )
    links = Links(runs=run_data(context))
    page = render_page(b.Document("Runs", "index", content), theme, links, submit)
    site, policies = pages.site([page], tmp_path_factory.mktemp("linked"))
    assert verify_site(site, policies) == []
    return (site / "index.html").as_uri()


@pytest.fixture
def page(browser: sync_api.Browser, address: str) -> Iterator[sync_api.Page]:
    """The page; a test fails when anything reaches the console or asks the network."""
    browsing = browser.new_context(viewport={"width": 1250, "height": 2400})
    page = browsing.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.extend(elsewhere(request.url)))
    page.goto(address)
    yield page
    assert "owned" not in page.title()
    browsing.close()
    assert said == []


def elsewhere(url: str) -> list[str]:
    return [] if url.startswith(("file:", "data:", "blob:")) else [url]


def settle(page: sync_api.Page) -> None:
    page.wait_for_timeout(150)


def selected(page: sync_api.Page, chart: int = 0) -> set[str]:
    """Tokens of the marks of a chart that are selected."""
    settle(page)
    found: list[str] = (
        page.locator("svg.rr-chart")
        .nth(chart)
        .evaluate(
            "svg => [...svg.querySelectorAll('.rr-mark:not(.rr-out)')].map(m => m.dataset.run)"
        )
    )
    return set(found)


def by_python(context: Context, condition: str) -> set[str]:
    """Tokens of the runs for which the spec's own language says so."""
    expression = parse(condition, condition=True)
    scope = Scope(Names.of(context.runs, context.design), context.design)
    assert expression.problems(scope.names, context.design) == []
    return {
        emit.run_token(run.id) for run in context.runs if truth(expression.evaluate(run, scope))
    }


def chips(page: sync_api.Page) -> list[str]:
    settle(page)
    return [text.removesuffix("×") for text in page.locator(".rr-chip").all_text_contents()]


def rows(page: sync_api.Page) -> set[str]:
    """Tokens of the rows that are seen in the table of runs."""
    found: list[str] = page.locator("[data-rr-table]").last.evaluate(
        "box => [...box.querySelectorAll('tbody tr:not([hidden])')].map(row => row.dataset.run)"
    )
    return set(found)


def place(page: sync_api.Page, chart: int, x: float, y: float) -> tuple[float, float]:
    """A place of a chart's drawing in the window."""
    found: list[float] = (
        page.locator("svg.rr-chart")
        .nth(chart)
        .evaluate(
            "(svg, [x, y]) => { const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());"
            " return [p.x, p.y]; }",
            [x, y],
        )
    )
    return found[0], found[1]


def lanes(page: sync_api.Page) -> dict[str, Any]:
    text = page.locator("svg[data-lanes]").get_attribute("data-lanes")
    found: dict[str, Any] = json.loads(text or "")
    return found


def drag(page: sync_api.Page, chart: int, *points: tuple[float, float]) -> None:
    page.mouse.move(*place(page, chart, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, chart, *point), steps=4)
    page.mouse.up()


def brush(page: sync_api.Page, lane: int, low: float, high: float) -> None:
    """Drag along a lane between two shares of its height."""
    shape = lanes(page)
    x, top, bottom = shape["lanes"][lane]["x"], shape["top"], shape["bottom"]
    drag(page, 0, *((x, bottom - share * (bottom - top)) for share in (low, high)))


# ---- the filter ----------------------------------------------------------------------------------

CONDITIONS = [
    'lr > 0.01 and optimizer == "adam"',
    "lr > 1e-3 or depth in [1, 2.0, 3]",
    'not (lr <= 0.01) and optimizer != "sgd"',
    "0.001 < lr <= 0.05",
    "has(momentum)",
    "not has(momentum)",
    "momentum < 0.9",
    "not momentum < 0.9",
    "momentum != 0.7",
    'params["lambda"] * 2 > 1 - depth / 10',
    "accuracy > 80",
    "accuracy != 80",
    "not accuracy > 80",
    'metrics["val/loss"] < 0.5',
    'has(metrics["val/loss"])',
    'metrics["val/loss"] == metrics["val/loss"]',
    "accuracy / depth > 25 and depth - 1 >= +2",
    "accuracy / (depth - 1) > 30",
    "debug",
    "not debug",
    "debug == true",
    "debug == True and not depth == 3",
    "seed == 9007199254740993",
    'seed == "9007199254740993"',
    "seed > 9007199254740992",
    'depth == "3"',
    'depth < "3"',
    'optimizer < "b"',
    'contains(optimizer, "ad")',
    r'contains(optimizer, "\"")',
    'matches(optimizer, "^(adam|sgd)$")',
    r'matches(optimizer, r"^\w+$")',
    "matches(lr, 'e-0[45]')",
    'tags["team"] == "vision"',
    'tags.team not in ["vision", "audio"]',
    'params.optimizer in ("sgd", "adam") and run.status == "finished"',
    "name == 'run-7'",
    'name == "\\x72un-7"',
    "duration == 90",
    "-depth < -4",
    "depth == 1 or depth == 2 and debug == false",
    "depth",
    "1_0 > depth * .5e1",
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_filter_selects_what_the_spec_selects(
    page: sync_api.Page, context: Context, condition: str
) -> None:
    page.get_by_label("Select runs").fill(condition)
    expected = by_python(context, condition)
    assert page.locator(".rr-problem").text_content() == ""
    assert selected(page) == expected
    assert selected(page, 1) == expected
    assert rows(page) == expected
    count = page.locator(".rr-panel .rr-count").inner_text()
    assert count == f"{len(expected)} of {len(context.runs)} runs"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lrr > 1", "character 1: this page holds no attribute, param or metric “lrr” (did you"),
        ("lr > 1 and speed < 3", "character 12: this page holds no attribute, param or metric"),
        ("lr = 3", "character 4: “=” was not expected here (compare with ==)"),
        ("lr > (1", "the filter ends before “)”"),
        ("lr >", "the filter ends too early"),
        ("lr > 1 depth", "character 8: “depth” was not expected here (join conditions with"),
        ("max(accuracy) > 1", "character 1: this page cannot answer max(…)"),
        ('lr in "a"', "expected a list"),
        ("lr is 3", "“is” was not expected here"),
        ('optimizer == "adam', "the closing quote is missing"),
        ('matches(name, "(a+)+b")', "this pattern cannot be used here"),
        ("(" * 60, "nested too deeply"),
        ("__import__('os')", "this page cannot answer __import__"),
    ],
)
def test_what_the_filter_cannot_answer_it_says_with_place_and_hint(
    page: sync_api.Page, context: Context, text: str, said: str
) -> None:
    page.get_by_label("Select runs").fill(text)
    assert said in page.locator(".rr-problem").inner_text()
    assert page.get_by_label("Select runs").get_attribute("aria-invalid") == "true"
    # what is half typed selects nothing away
    assert len(selected(page)) == len(context.runs)


# ---- brushes -------------------------------------------------------------------------------------


def test_brushing_two_lanes_selects_what_a_filter_in_python_selects(
    page: sync_api.Page, context: Context
) -> None:
    brush(page, 0, 0.3, 0.8)
    brush(page, 2, 0.1, 0.7)
    said = chips(page)
    assert len(said) == 2
    expected = by_python(context, " and ".join(said))
    assert 0 < len(expected) < len(context.runs)
    assert selected(page) == selected(page, 1) == rows(page) == expected
    # the same by hand: depth 1 to 6 is drawn from 0 to 1, so 0.1 to 0.7 holds 2, 3, 4
    low, high = (10 ** (-5 + share * 4) for share in (0.3, 0.8))
    rough = {
        emit.run_token(run.id)
        for run in context.runs
        if low * 1.2 < run.params["lr"].number < high / 1.2
        and run.params["depth"].number in (2, 3, 4)
    }
    assert rough <= expected


@pytest.mark.parametrize("lane", range(len(COLUMNS)))
@pytest.mark.parametrize(("low", "high"), [(-0.25, 0.4), (-0.25, -0.1), (0.55, 1.05), (0.2, 0.3)])
def test_what_a_brush_says_is_what_it_selects_in_every_kind_of_lane(
    page: sync_api.Page, context: Context, lane: int, low: float, high: float
) -> None:
    brush(page, lane, low, high)
    said = chips(page)
    if not said:
        assert len(selected(page)) == len(context.runs)
    elif said[0].startswith("no "):
        assert selected(page) == set()
    else:
        assert selected(page) == by_python(context, said[0])


def test_a_click_on_a_lane_or_on_the_cross_removes_its_brush(
    page: sync_api.Page, context: Context
) -> None:
    brush(page, 0, 0.3, 0.8)
    brush(page, 2, 0.1, 0.7)
    assert len(chips(page)) == 2
    shape = lanes(page)
    page.mouse.click(*place(page, 0, shape["lanes"][0]["x"], shape["top"] + 2))
    assert len(chips(page)) == 1
    page.locator(".rr-chip button").click()
    assert chips(page) == []
    assert len(selected(page)) == len(context.runs)


def test_keys_alone_brush_turn_over_and_move_lanes(page: sync_api.Page, context: Context) -> None:
    first = page.locator(".rr-lane").first
    first.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    page.keyboard.press("Shift+PageDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    said = chips(page)
    assert [text.split()[0] for text in said] == ["lr", "depth"]
    expected = by_python(context, " and ".join(said))
    assert 0 < len(expected) < len(context.runs)
    assert selected(page) == rows(page) == expected
    # turned over and moved, the same runs stay selected and lines follow their lanes
    before = page.locator(".rr-mark").first.get_attribute("d")
    page.keyboard.press("i")
    page.keyboard.press("Shift+ArrowLeft")
    labels = page.locator(".rr-lane-name").evaluate_all(
        "found => found.map(name => name.querySelector('text:nth-of-type(2)').textContent)"
    )
    assert labels[:3] == ["lr", "depth", "optimizer"]
    assert page.locator(".rr-mark").first.get_attribute("d") != before
    assert selected(page) == expected
    page.keyboard.press("Delete")
    assert chips(page) == said[:1]


def test_a_lane_is_moved_by_its_name_and_turned_over_by_a_click(page: sync_api.Page) -> None:
    shape = lanes(page)
    (x0, x2), y = (shape["lanes"][n]["x"] for n in (0, 2)), shape["top"] - 21
    drag(page, 0, (x0, y), (x2, y))
    names = page.locator(".rr-lane-name").all_text_contents()
    assert [name.rstrip("▲▼") for name in names[:3]] == ["optimizer", "depth", "lr"]
    page.mouse.click(*place(page, 0, x0, y))
    assert page.locator(".rr-lane-name").first.text_content() == "optimizer▼"


def test_a_finger_brushes_a_lane(browser: sync_api.Browser, address: str, context: Context) -> None:
    browsing = browser.new_context(
        viewport={"width": 390, "height": 1400}, has_touch=True, is_mobile=True
    )
    page = browsing.new_page()
    page.goto(address)
    shape = lanes(page)
    x, top, bottom = shape["lanes"][0]["x"], shape["top"], shape["bottom"]
    session = browsing.new_cdp_session(page)
    for kind, share in (("Start", 0.2), ("Move", 0.4), ("Move", 0.7), ("End", 0.7)):
        px, py = place(page, 0, x, bottom - share * (bottom - top))
        points = [] if kind == "End" else [{"x": px, "y": py}]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    (said,) = chips(page)
    assert selected(page) == by_python(context, said)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    browsing.close()


# ---- regions, legends, pins ----------------------------------------------------------------------


def marks_within(page: sync_api.Page, x0: float, y0: float, x1: float, y1: float) -> set[str]:
    found: list[list[Any]] = (
        page.locator("svg.rr-chart")
        .nth(1)
        .evaluate(
            "svg => [...svg.querySelectorAll('.rr-mark')].map(m => [m.dataset.run, m.getBBox()])"
            ".map(([run, box]) => [run, box.x + box.width / 2, box.y + box.height / 2])"
        )
    )
    return {token for token, x, y in found if x0 < x < x1 and y0 < y < y1}


def test_a_rectangle_and_a_lasso_select_the_marks_inside(page: sync_api.Page) -> None:
    expected = marks_within(page, 200, 90, 480, 250)
    assert expected
    drag(page, 1, (200, 90), (480, 250))
    assert selected(page) == selected(page, 1) == rows(page) == expected
    page.locator(".rr-chip button").click()
    page.keyboard.down("Shift")
    drag(page, 1, (200, 90), (480, 90), (480, 250), (200, 250), (200, 92))
    page.keyboard.up("Shift")
    assert selected(page) == expected


def test_a_region_is_made_moved_and_removed_by_keys(page: sync_api.Page, context: Context) -> None:
    tools = page.locator(".rr-chart-tools").nth(1)
    tools.locator("summary", has_text="Select").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    first = selected(page)
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    corners = page.locator(".rr-region").get_attribute("points") or ""
    numbers = [float(number) for pair in corners.split() for number in pair.split(",")]
    xs, ys = numbers[::2], numbers[1::2]
    assert selected(page) == marks_within(page, min(xs), min(ys), max(xs), max(ys)) != first
    page.keyboard.press("Delete")
    assert len(selected(page)) == len(context.runs)


def test_a_legend_takes_its_runs_out_and_brings_them_back(
    page: sync_api.Page, context: Context
) -> None:
    eye = page.get_by_role("button", name="Show optimizer=sgd").first
    eye.click()
    assert selected(page) == by_python(context, 'optimizer != "sgd"')
    assert eye.get_attribute("aria-pressed") == "false"
    eye.click()
    assert len(selected(page)) == len(context.runs)


def test_highlighted_runs_become_the_selection(page: sync_api.Page) -> None:
    table = page.locator("[data-rr-table]").last.locator("tbody tr")
    tokens = {str(table.nth(n).get_attribute("data-run")) for n in (1, 4)}
    for n in (1, 4):
        table.nth(n).locator("td").nth(1).click()
    page.get_by_role("button", name="Only these").click()
    assert selected(page) == rows(page) == tokens


# ---- means and intervals -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition", ["depth > 2", "lr > 0.03", "depth == 3 and lr < 1e-4", "depth > 0"]
)
def test_means_and_intervals_are_those_of_scipy(
    page: sync_api.Page, context: Context, condition: str
) -> None:
    page.get_by_label("Select runs").fill(condition)
    settle(page)
    tokens = by_python(context, condition)
    chosen = [run for run in context.runs if emit.run_token(run.id) in tokens]
    for index, metric in enumerate(METRICS):
        values = [context.value(run, metric).number for run in chosen]
        numbers = np.array([value for value in values if value is not None])
        cells = page.locator(".rr-stats tbody tr").nth(index).locator("td")
        assert cells.nth(0).inner_text() == f"{len(numbers)} of {len(chosen)}"
        mean = float(cells.nth(1).get_attribute("data-value") or "nan")
        assert mean == pytest.approx(numbers.mean(), rel=1e-12)
        if len(numbers) < 2:
            assert cells.nth(2).inner_text() == "needs 2 runs"
            continue
        low, high = stats.t.interval(0.95, len(numbers) - 1, numbers.mean(), stats.sem(numbers))
        found = [float(text) for text in (cells.nth(2).get_attribute("data-value") or "").split()]
        assert found == pytest.approx([low, high], rel=1e-10)


# ---- links and files -----------------------------------------------------------------------------


def link(page: sync_api.Page) -> str:
    page.evaluate(
        """() => Object.defineProperty(navigator, "clipboard", {
            value: { writeText: async (text) => { window.seen = text; } }, configurable: true })"""
    )
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("window.seen !== undefined")
    return str(page.evaluate("window.seen"))


def test_a_link_restores_the_selection(page: sync_api.Page, browser: sync_api.Browser) -> None:
    page.get_by_label("Select runs").fill("depth >= 1 or has(momentum)")
    brush(page, 0, 0.1, 0.9)
    brush(page, 1, 0.4, 1.05)
    drag(page, 1, (120, 60), (600, 300))
    page.get_by_role("button", name="Show optimizer=adam").first.click()
    page.locator(".rr-lane").nth(3).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowLeft")
    expected, said = selected(page), chips(page)
    assert len(said) == 4
    assert expected
    other = browser.new_page()
    other.goto(link(page))
    assert selected(other) == expected
    assert sorted(chips(other)) == sorted(said)
    assert other.get_by_label("Select runs").input_value() == "depth >= 1 or has(momentum)"
    names = ".rr-lane-name"
    assert other.locator(names).all_text_contents() == page.locator(names).all_text_contents()
    assert other.locator(".rr-mark").first.get_attribute("d") == page.locator(
        ".rr-mark"
    ).first.get_attribute("d")
    other.close()


@pytest.mark.parametrize(
    "state", ["nonsense", "%7B", '{"lane 0 99":[1,2]}', '{"x":1}', '{"region 0":[["a",1]]}', "[1]"]
)
def test_a_link_that_does_not_fit_is_said(
    browser: sync_api.Browser, address: str, context: Context, state: str
) -> None:
    page = browser.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{address}#sel={state}")
    assert "does not fit this page" in page.locator(".rr-problem").inner_text()
    assert len(selected(page)) == len(context.runs)
    assert failed == []
    page.close()


def downloaded(page: sync_api.Page, press: sync_api.Locator) -> bytes:
    with page.expect_download() as waiting:
        press.click()
    return Path(waiting.value.path()).read_bytes()


def test_the_selection_is_saved_as_csv(page: sync_api.Page, context: Context) -> None:
    page.get_by_label("Select runs").fill("depth > 3")
    settle(page)
    text = downloaded(page, page.get_by_role("button", name="Save CSV")).decode()
    found = list(csv.DictReader(io.StringIO(text)))
    tokens = by_python(context, "depth > 3")
    chosen = [run for run in context.runs if emit.run_token(run.id) in tokens]
    assert [row["name"] for row in found] == [run.name for run in chosen]
    assert [row["params.optimizer"] for row in found] == [
        r.params["optimizer"].text for r in chosen
    ]
    numbers = [context.value(run, METRICS[0]).number for run in chosen]
    assert [float(r["accuracy (%)"]) if r["accuracy (%)"] else None for r in found] == numbers


def test_charts_are_saved_as_svg_and_png(page: sync_api.Page) -> None:
    from selectolax.lexbor import LexborHTMLParser

    save = page.locator(".rr-chart-tools").first
    save.locator("summary", has_text="Save").click()
    text = downloaded(page, save.get_by_role("button", name="SVG")).decode()
    assert text.startswith("<svg")
    assert "var(" not in text
    assert "class=" not in text
    assert text.count("<path") >= 60
    tree = LexborHTMLParser(text)
    assert {node.tag for node in tree.css("svg *")} <= {
        "title",
        "desc",
        "rect",
        "g",
        "path",
        "text",
        "line",
        "tspan",
    }
    save.locator("summary", has_text="Save").click()
    picture = downloaded(page, save.get_by_role("button", name="PNG"))
    assert picture.startswith(b"\x89PNG")
    # twice the size of the drawing: bytes 16 to 24 of a PNG are its width and height
    assert int.from_bytes(picture[16:20]) == 1440


# ---- the page as a whole -------------------------------------------------------------------------


def test_without_javascript_the_lanes_and_the_table_are_there(
    browser: sync_api.Browser, address: str
) -> None:
    browsing = browser.new_context(java_script_enabled=False)
    page = browsing.new_page()
    page.goto(address)
    assert page.locator("svg[data-lanes] text", has_text="depth").is_visible()
    assert page.locator("svg[data-lanes] .rr-mark").count() == 60
    assert page.locator(".rr-panel, .rr-chart-tools").count() == 0
    assert page.locator("tbody tr:visible").count() >= 60
    browsing.close()


def test_on_paper_there_are_charts_and_no_controls(page: sync_api.Page) -> None:
    page.get_by_label("Select runs").fill("depth > 3")
    page.emulate_media(media="print")
    for hidden in (".rr-panel", ".rr-chart-tools"):
        assert not page.locator(hidden).first.is_visible()
    assert page.locator("svg[data-lanes] .rr-lane text").first.is_visible()


def test_every_control_is_reached_by_tab(page: sync_api.Page) -> None:
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(
            str(
                page.evaluate(
                    "document.activeElement.className.baseVal ?? document.activeElement.className"
                )
            ).split(" ")[0]
        )
    assert {"rr-filter", "rr-lane", "rr-mark", "rr-eye", "rr-key", "rr-sort"} <= seen
