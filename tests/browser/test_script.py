"""The script of the pages in a real browser, on a small page that follows the templates' markup."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runreport.render.theme import load_theme

if TYPE_CHECKING:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = pytest.mark.browser

ASSETS = Path(__file__).parents[2] / "themes" / "default" / "assets"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> </script> {{7*7}}"
POLICY = "default-src 'none'; script-src file: 'self'; style-src file: 'self'"
ROWS = [
    # run, optimizer, learning rate, accuracy, duration, epochs
    ("otter", "adam", 0.001, 0.9, 12.0, 30),
    ("beaver", "sgd", 0.1, None, 7.0, 30),
    (HOSTILE, "adam", 0.01, 0.97, 100.0, 30),
    ("marten", "rmsprop", 1e-5, 0.85, float("inf"), 40),
    ("=SUM(A1)", "sgd", 0.01, 0.9, float("nan"), 30),
]
TOKENS = [f"r00000000000{n}" for n in range(len(ROWS))]
HEAD = """
<tr class="rr-families"><th colspan="1" scope="colgroup"></th><th colspan="2" scope="colgroup">
params</th><th colspan="3" scope="colgroup">metrics</th></tr><tr>
<th scope="col" data-kind="text">run</th>
<th scope="col" data-kind="text">optimizer</th>
<th scope="col" data-kind="number">lr</th>
<th scope="col" data-kind="number">val accuracy <span class="rr-unit">%</span>
<span class="rr-goal" role="img" aria-label="maximize">↑</span></th>
<th scope="col" data-kind="time">duration</th>
<th scope="col" data-kind="number" data-hidden>epochs</th></tr>
"""


def number_cell(value: float | None, best: bool = False) -> str:
    if value is None:
        return '<td class="rr-number rr-missing">—</td>'
    star = '<span class="rr-symbol" role="img" aria-label="best">★</span>' if best else ""
    mark = " rr-best" if best else ""
    text = f"{value:.3g}".replace("-", "−")
    return f'<td class="rr-number{mark}" data-value="{value!r}">{star}{text}</td>'


def table_row(token: str, row: tuple[str, str, float, float | None, float, int]) -> str:
    name, optimizer, rate, accuracy, duration, epochs = row
    differs = " data-differs" if epochs != 30 or accuracy is None else ""
    return (
        f'<tr data-run="{token}"{differs}><td>{html.escape(name)}</td><td>{optimizer}</td>'
        f"{number_cell(rate)}{number_cell(accuracy, accuracy == 0.97)}{number_cell(duration)}"
        f"{number_cell(epochs)}</tr>"
    )


def mark(token: str, shape: str, tip: str) -> str:
    tip = html.escape(tip).replace("\n", "&#10;")
    return f'<{shape} class="rr-mark" data-run="{token}" data-tip="{tip}" tabindex="0"/>'


# plane: 100 px are 10 steps across; 100 px up are a loss of 1
CURVES = "".join(
    mark(TOKENS[n], f'path d="M100 {high} 200 {low} 300 {low}"', f"{ROWS[n][0]}\nlast value")
    for n, (high, low) in enumerate([(100, 200), (120, 240), (60, 90)])
)
POINTS = mark(TOKENS[0], 'circle cx="150" cy="250" r="5"', "otter\nlr 0.01") + mark(
    TOKENS[2], 'circle cx="250" cy="60" r="5"', f"{HOSTILE}\nlr 0.1"
)
AXES = (
    'data-box="100 50 300 300" data-x="0 20" data-y="0 2.5" data-x-label="step" data-y-label="loss"'
)


def chart(attributes: str, body: str, paint: str) -> str:
    return (
        '<div class="rr-figure" data-rr-figure><div class="rr-plot"><svg class="rr-chart" '
        f'xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0 0 400 350" role="img" '
        f'{attributes}><title>Loss</title><g{paint}>{body}</g><g fill="black"><text x="100" '
        'y="320">0</text><text x="300" y="340">step</text></g></svg></div>'
        '<ul class="rr-legend">'
        f'<li data-run="{TOKENS[0]} {TOKENS[2]}"><svg class="rr-swatch" width="22" height="10" '
        'viewBox="0 0 22 10"><line x1="1" y1="5" x2="21" y2="5" stroke="red"/></svg> adam</li>'
        '<li>without runs</li></ul><details class="rr-data"><summary>Numbers</summary>'
        "<p>folded</p></details></div>"
    )


def page_source() -> str:
    rows = "".join(table_row(token, row) for token, row in zip(TOKENS, ROWS, strict=True))
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>Fixture</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="tokens.css">
<link rel="stylesheet" href="{(ASSETS / "runreport.css").as_uri()}"></head>
<body class="md-typeset"><p>See <span class="rr-run" data-run="{TOKENS[1]}" id="reference">beaver
</span> and <a class="rr-run" data-run="{TOKENS[0]}" href="#there" id="link">otter</a>.</p>
<div class="rr-table" data-rr-table data-export="data/runs" data-differences id="runs">
<p class="rr-caption">Runs</p><div class="rr-scroll" role="region" aria-label="Runs" tabindex="0">
<table><thead>{HEAD}</thead><tbody>{rows}</tbody></table></div></div>
<div id="curves">{chart(AXES, CURVES, ' fill="none" stroke="blue"')}</div>
<div id="points">{chart(AXES, POINTS, ' fill="blue"')}</div>
<script src="runreport.js"></script></body></html>"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("pages") / "fixture.html"
    path.write_text(page_source(), "utf-8")
    theme = load_theme("default", path.parent)
    path.with_name("tokens.css").write_text(theme.tokens_css(), "utf-8")
    shutil.copyfile(theme.assets["runreport.js"], path.with_name("runreport.js"))
    return path.as_uri()


@pytest.fixture
def page(browser: sync_api.Browser, source: str) -> Iterator[sync_api.Page]:
    """The fixture page; a test fails when anything reaches the console."""
    context = browser.new_context(viewport={"width": 900, "height": 1400})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.extend(elsewhere(request.url)))
    page.goto(source)
    yield page
    assert page.title() == "Fixture"
    assert page.locator("img").count() == 0
    context.close()
    assert said == []


def elsewhere(url: str) -> list[str]:
    """The address, unless it is a file."""
    return [] if url.startswith("file:") else [url]


def names(page: sync_api.Page) -> list[str]:
    """First cells of the rows that can be seen, in order."""
    return page.locator("#runs tbody tr:visible td:first-child").all_inner_texts()


def heading(page: sync_api.Page, text: str) -> sync_api.Locator:
    return page.locator("#runs th[data-kind]", has_text=text).get_by_role("button")


def at(page: sync_api.Page, figure: str, x: float, y: float) -> tuple[float, float]:
    """A place of a chart's drawing in the window."""
    box = page.locator(f"{figure} svg.rr-chart").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"] / 400, box["y"] + y * box["height"] / 350


def tip(page: sync_api.Page) -> list[str]:
    page.wait_for_timeout(120)
    lines = page.locator(".rr-tip > div")
    return lines.all_inner_texts() if page.locator(".rr-tip").is_visible() else []


def active(page: sync_api.Page, selector: str) -> list[str]:
    page.wait_for_timeout(120)
    tokens: list[str] = page.eval_on_selector_all(
        f"{selector}.rr-active", "found => found.map(element => element.dataset.run)"
    )
    return tokens


# ---- tables --------------------------------------------------------------------------------------


def test_numbers_sort_by_value_and_a_third_click_restores_the_order(page: sync_api.Page) -> None:
    original = [row[0] for row in ROWS]
    assert names(page) == original
    button = heading(page, "lr")
    button.click()
    # 1e-5, 0.001, 0.01 twice in their order, 0.1
    assert names(page) == ["marten", "otter", HOSTILE, "=SUM(A1)", "beaver"]
    assert page.locator("#runs th", has_text="lr").get_attribute("aria-sort") == "ascending"
    button.click()
    assert names(page) == ["beaver", HOSTILE, "=SUM(A1)", "otter", "marten"]
    assert page.locator("#runs th", has_text="lr").get_attribute("aria-sort") == "descending"
    button.click()
    assert names(page) == original
    assert page.locator("#runs th[aria-sort]").count() == 0


def test_missing_values_come_last_whichever_way_a_column_is_sorted(page: sync_api.Page) -> None:
    button = heading(page, "val accuracy")
    button.click()
    assert names(page) == ["marten", "otter", "=SUM(A1)", HOSTILE, "beaver"]
    button.click()
    assert names(page) == [HOSTILE, "otter", "=SUM(A1)", "marten", "beaver"]


def test_infinity_is_the_largest_number_and_nan_counts_as_missing(page: sync_api.Page) -> None:
    button = heading(page, "duration")
    button.click()
    assert names(page) == ["beaver", "otter", HOSTILE, "marten", "=SUM(A1)"]
    button.click()
    assert names(page) == ["marten", HOSTILE, "otter", "beaver", "=SUM(A1)"]


def test_headings_sort_from_the_keyboard(page: sync_api.Page) -> None:
    heading(page, "optimizer").focus()
    page.keyboard.press("Enter")
    assert names(page) == ["otter", HOSTILE, "marten", "beaver", "=SUM(A1)"]
    assert page.evaluate("document.activeElement.className") == "rr-sort"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("adam", ["otter", HOSTILE]),
        ("ADAM onerror", [HOSTILE]),
        ("lr > 0.01", ["beaver"]),
        ("lr>=1e-2", ["beaver", HOSTILE, "=SUM(A1)"]),
        ('lr < 0.01 and optimizer == "adam"', ["otter"]),
        ('optimizer != "adam"', ["beaver", "marten", "=SUM(A1)"]),
        ('metrics["val accuracy"] < 0.95', ["otter", "marten", "=SUM(A1)"]),
        ("0.9 < metrics.duration <= 12", ["otter", "beaver"]),
        ('not has(metrics["val accuracy"])', ["beaver"]),
        ('optimizer in ["sgd", "rmsprop"]', ["beaver", "marten", "=SUM(A1)"]),
        ("duration > 50", [HOSTILE, "marten"]),
        ("epochs == 40", ["marten"]),
        ("nothing like it", []),
        ("", [row[0] for row in ROWS]),
    ],
)
def test_the_filter_takes_words_and_conditions(
    page: sync_api.Page, text: str, left: list[str]
) -> None:
    page.get_by_label("Filter rows").fill(text)
    assert names(page) == left
    count = page.locator("#runs .rr-count")
    expected = f"{len(left)} of {len(ROWS)} rows" if len(left) < len(ROWS) else ""
    assert count.inner_text() == expected
    assert count.get_attribute("role") == "status"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed > 3", "character 1: there is no column “speed”"),
        ("lr > fast", "character 6: there is no column “fast”"),
        ("lr >", "the filter ends too early"),
        ("lr = 3", "character 4: “=” was not expected here (compare with ==)"),
    ],
)
def test_the_filter_says_what_it_did_not_understand(
    page: sync_api.Page, text: str, said: str
) -> None:
    page.get_by_label("Filter rows").fill(text)
    assert said in page.locator("#runs .rr-count").inner_text()


def test_filter_and_sorting_work_together(page: sync_api.Page) -> None:
    heading(page, "lr").click()
    page.get_by_label("Filter rows").fill("sgd")
    assert names(page) == ["=SUM(A1)", "beaver"]
    heading(page, "lr").click()
    assert names(page) == ["beaver", "=SUM(A1)"]


def test_the_switch_leaves_only_rows_that_differ(page: sync_api.Page) -> None:
    switch = page.get_by_label("Differences only")
    switch.check()
    assert names(page) == ["beaver", "marten"]
    switch.uncheck()
    assert len(names(page)) == len(ROWS)


def test_columns_are_chosen_and_their_family_follows(page: sync_api.Page) -> None:
    epochs = page.locator("#runs th", has_text="epochs")
    metrics = page.locator("#runs tr.rr-families th", has_text="metrics")
    assert not epochs.is_visible()
    assert metrics.get_attribute("colspan") == "2"
    page.locator("#runs summary", has_text="Columns").click()
    page.get_by_label("metrics: epochs").check()
    assert epochs.is_visible()
    assert page.locator("#runs tbody tr").first.locator("td:visible").count() == 6
    assert metrics.get_attribute("colspan") == "3"
    for name in ("params: optimizer", "params: lr"):
        page.get_by_label(name).uncheck()
    assert not page.locator("#runs tr.rr-families th", has_text="params").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("details.rr-menu[open]").count() == 0
    assert page.evaluate("document.activeElement.textContent") == "Columns"


def copied(page: sync_api.Page, format_name: str) -> str:
    """What the page hands to the clipboard when it is asked for a copy."""
    page.evaluate(
        """() => {
            const seen = { writeText: async (text) => { window.seen = text; } };
            Object.defineProperty(navigator, "clipboard", { value: seen, configurable: true });
        }"""
    )
    page.locator("#runs summary", has_text="Copy").click()
    page.locator("#runs").get_by_role("button", name=format_name, exact=True).click()
    page.wait_for_function("window.seen !== undefined")
    return str(page.evaluate("window.seen"))


def test_csv_copies_unrounded_values_of_what_is_seen_and_no_formulas(page: sync_api.Page) -> None:
    page.get_by_label("Filter rows").fill("lr > 0.001")
    heading(page, "optimizer").click()
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    assert copied(page, "CSV").splitlines() == [
        "run,optimizer,lr,val accuracy (%),duration",
        f"{quoted},adam,0.01,0.97,100.0",
        "beaver,sgd,0.1,,7.0",
        "'=SUM(A1),sgd,0.01,0.9,nan",
    ]
    assert "3 rows copied" in page.locator("#runs .rr-count").inner_text()


def test_markdown_copies_escape_what_their_language_reads(page: sync_api.Page) -> None:
    page.get_by_label("Filter rows").fill("onerror")
    lines = copied(page, "Markdown").splitlines()
    assert lines[1] == "| --- | --- | ---: | ---: | ---: |"
    assert lines[2].startswith("| \\<img src=x")
    assert "**0.97**" in lines[2]
    assert len(lines) == 3


def test_without_a_clipboard_the_text_is_copied_from_a_field(page: sync_api.Page) -> None:
    page.evaluate(
        """() => {
            Object.defineProperty(navigator, "clipboard", { value: undefined });
            document.execCommand = () => {
                window.seen = document.activeElement.value;
                return window.allowed;
            };
            window.allowed = true;
        }"""
    )
    page.locator("#runs summary", has_text="Copy").click()
    page.locator("#runs").get_by_role("button", name="CSV").click()
    page.wait_for_function("window.seen !== undefined")
    assert page.evaluate("window.seen").startswith("run,optimizer,lr")
    assert page.locator("textarea").count() == 0
    page.evaluate("window.allowed = false")
    page.locator("#runs").get_by_role("button", name="CSV").click()
    page.locator("textarea").wait_for()
    assert "press Ctrl+C" in page.locator("#runs .rr-count").inner_text()
    assert page.locator("textarea").input_value() == page.evaluate("window.seen")


# ---- one run, everywhere -------------------------------------------------------------------------


def test_a_row_under_the_pointer_lights_up_its_marks_and_legend(page: sync_api.Page) -> None:
    page.locator("#runs tbody tr").nth(2).hover()
    assert active(page, ".rr-mark") == [TOKENS[2], TOKENS[2]]
    assert active(page, "li") == [f"{TOKENS[0]} {TOKENS[2]}"] * 2
    assert page.locator("#curves .rr-figure.rr-dim").count() == 1
    page.locator("#runs .rr-caption").hover()
    assert active(page, ".rr-mark") == []
    assert page.locator(".rr-dim").count() == 0


def test_a_click_pins_a_run_until_escape(page: sync_api.Page) -> None:
    status = page.locator(".rr-status [role=status]")
    page.locator("#runs tbody tr").nth(0).locator("td").nth(1).click()
    page.locator("#runs tbody tr").nth(1).locator("td").nth(1).click()
    page.locator("#runs .rr-caption").hover()
    assert status.inner_text() == "2 runs highlighted"
    assert set(active(page, "#curves .rr-mark")) == {TOKENS[0], TOKENS[1]}
    # one of the two runs of the legend's entry
    assert page.locator("#curves .rr-key").get_attribute("aria-pressed") == "mixed"
    assert page.locator("#curves .rr-mark[aria-pressed=true]").count() == 2
    assert page.locator("#reference").get_attribute("aria-pressed") == "true"
    page.locator("#runs tbody tr").nth(0).locator("td").nth(1).click()
    assert status.inner_text() == "1 run highlighted"
    page.keyboard.press("Escape")
    assert status.inner_text() == ""
    assert active(page, "[data-run]") == []
    assert page.locator("[aria-pressed=true]:not(.rr-eye), [aria-current]").count() == 0


def test_a_legend_entry_pins_all_of_its_runs_from_the_keyboard(page: sync_api.Page) -> None:
    key = page.locator("#curves .rr-legend .rr-key")
    assert key.count() == 1  # an entry without runs is no control
    key.focus()
    page.keyboard.press("Enter")
    assert key.get_attribute("aria-pressed") == "true"
    assert set(active(page, "#runs tr")) == {TOKENS[0], TOKENS[2]}
    page.get_by_role("button", name="Clear").click()
    assert key.get_attribute("aria-pressed") == "false"


def test_rows_are_one_tab_stop_and_arrow_keys_move_among_them(page: sync_api.Page) -> None:
    rows = page.locator("#runs tbody tr")
    assert page.locator("#runs tbody tr[tabindex='0']").count() == 1
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert rows.nth(1).get_attribute("aria-current") == "true"
    assert page.locator("#runs tbody tr[tabindex='0']").count() == 1
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.run") == TOKENS[4]
    page.get_by_label("Filter rows").fill("adam")
    # the row that could be reached is hidden: another takes its place
    assert page.locator("#runs tbody tr[tabindex='0']:visible").count() == 1


def test_a_reference_in_a_sentence_pins_and_a_link_stays_a_link(page: sync_api.Page) -> None:
    page.locator("#reference").focus()
    page.keyboard.press(" ")
    assert active(page, "#runs tr") == [TOKENS[1]]
    page.locator("#link").click()
    assert page.url.endswith("#there")
    assert page.locator(".rr-status [role=status]").inner_text() == "1 run highlighted"


# ---- charts --------------------------------------------------------------------------------------


def test_the_pointer_over_curves_reads_values_at_a_step(page: sync_api.Page) -> None:
    # step 10 is at x = 200; otter's loss there is (300 - 200) / 250 * 2.5 = 1
    page.mouse.move(*at(page, "#curves", 198, 205))
    lines = tip(page)
    assert lines[0] == "step: 10"
    assert "otter: ≈ 1" in lines
    assert "beaver: ≈ 0.6" in lines
    assert any(line.startswith(HOSTILE) and line.endswith("≈ 2.1") for line in lines)
    assert page.locator(".rr-tip .rr-strong").inner_text() == "otter: ≈ 1"
    assert active(page, "#runs tr") == [TOKENS[0]]
    assert page.locator("#curves .rr-hair").is_visible()
    page.mouse.move(5, 5)
    assert tip(page) == []


def test_the_pointer_near_a_point_shows_its_text_as_text(page: sync_api.Page) -> None:
    page.mouse.move(*at(page, "#points", 253, 62))
    assert tip(page) == [HOSTILE, "lr 0.1"]
    page.mouse.move(*at(page, "#points", 200, 150))
    assert tip(page) == []


def test_marks_are_reached_and_pinned_from_the_keyboard(page: sync_api.Page) -> None:
    assert page.locator("#points .rr-mark[tabindex='0']").count() == 1
    # an element inside role=img would not exist for a screen reader
    assert page.locator("#points svg.rr-chart").get_attribute("role") == "group"
    page.locator("#points .rr-mark").first.focus()
    page.keyboard.press("ArrowRight")
    assert tip(page) == [HOSTILE, "lr 0.1"]
    page.keyboard.press("Enter")
    assert page.locator("#points .rr-mark").nth(1).get_attribute("aria-pressed") == "true"
    assert (
        page.locator("#points .rr-mark").nth(1).get_attribute("aria-label") == f"{HOSTILE} lr 0.1"
    )


def test_a_touch_shows_a_read_out_and_pins(browser: sync_api.Browser, source: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 1400}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(source)
    page.touchscreen.tap(*at(page, "#points", 150, 250))
    assert tip(page) == ["otter", "lr 0.01"]
    assert set(active(page, "#curves .rr-mark")) == {TOKENS[0]}
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    context.close()


def test_dragging_zooms_and_the_button_shows_everything_again(page: sync_api.Page) -> None:
    svg = page.locator("#curves svg.rr-chart")
    before = svg.inner_html()
    page.mouse.move(*at(page, "#curves", 150, 150))
    page.mouse.down()
    page.mouse.move(*at(page, "#curves", 220, 210), steps=3)
    page.mouse.up()
    # steps 5 to 12, losses 0.9 to 1.5: the ticks are round values between them
    ticks = page.locator("#curves .rr-ticks text").all_text_contents()
    assert ticks == ["6", "8", "10", "12", "1", "1.2", "1.4"]
    assert page.locator("#curves svg svg").get_attribute("viewBox") is not None
    assert page.locator(".rr-status [role=status]").inner_text() == ""  # a drag is no click
    # the middle of what is seen: step 8.5
    page.mouse.move(*at(page, "#curves", 242, 100))
    assert tip(page)[0] == "step: 10"
    page.get_by_role("button", name="Reset zoom").click()
    assert page.locator("#curves .rr-ticks").count() == 0
    assert re.sub(r' class="[^"]*"', "", svg.inner_html()) == re.sub(r' class="[^"]*"', "", before)


def test_plus_and_zero_zoom_from_the_keyboard(page: sync_api.Page) -> None:
    page.locator("#points .rr-mark").first.focus()
    page.keyboard.press("+")
    assert page.locator("#points .rr-ticks").count() == 1
    assert page.evaluate("document.activeElement.dataset.run") == TOKENS[0]
    page.keyboard.press("0")
    assert page.locator("#points .rr-ticks").count() == 0


# ---- the page as a whole -------------------------------------------------------------------------


def test_without_javascript_everything_is_there_and_nothing_is_dead(
    browser: sync_api.Browser, source: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(source)
    assert page.locator("#runs tbody tr td:nth-child(6)").first.is_visible()
    assert page.locator("button, input, textarea").count() == 0
    context.close()


def test_printing_opens_what_is_folded_and_closes_it_again(page: sync_api.Page) -> None:
    assert page.locator("details.rr-data[open]").count() == 0
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.rr-data[open]").count() == 2
    assert page.locator("details.rr-menu[open]").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.rr-data[open]").count() == 0


def test_controls_are_not_printed(page: sync_api.Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator(".rr-tools").first.is_visible()
    assert page.locator("#runs table").is_visible()


def test_the_script_stays_small_and_writes_text_only() -> None:
    script = (ASSETS / "runreport.js").read_text("utf-8")
    assert len(script.encode()) < 40_000
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "fetch(", "import("):
        assert forbidden not in script
