"""A published site of hostile runs as readers use it: each file opened by itself, the search, and
pages without JavaScript; from the disk and from a server.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks import payloads
from tests.attacks.stores import built, digests

chromium = pytest.importorskip("tests.attacks.browser", reason="needs playwright")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEXTS = [f"needle {text}" for text in (*payloads.TAGS[:3], payloads.QUOTES[0])]
TITLE = "needle <img src=x onerror=alert(1)><svg onload=alert(1)>"

IN_RESULTS = {
    "a", "article", "code", "details", "div", "h1", "h2", "h3", "li", "mark", "nav", "ol", "p",
    "path", "small", "summary", "svg", "ul",
}  # fmt: skip
"""What the theme's search writes; texts bring none of their own."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("files") / "report", TEXTS, TITLE)


@pytest.fixture(params=chromium.PROTOCOLS)
def visitor(request, browser, site):
    with chromium.opened(site, request.param) as base:
        visitor = chromium.Visitor(browser, base)
        yield visitor
        visitor.close()


def test_every_file_may_be_opened_by_itself(visitor, site):
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    assert {Path(name).suffix for name in names} >= {
        ".html",
        ".js",
        ".css",
        ".json",
        ".csv",
        ".tex",
    }
    for name in names:
        seen = visitor.open(name)
        assert (seen.executed, seen.asked, seen.left) == ([], [], []), name
    print(f"{len(names)} files: no dialog, no request to elsewhere")


def test_the_search_finds_hostile_titles_and_shows_them_as_text(visitor):
    seen = visitor.open("index.html")
    page = visitor.page
    page.click(".md-search__input:visible, [for=__search]:visible")
    page.wait_for_timeout(500)
    page.keyboard.type("needle")
    page.wait_for_selector(".md-search-result__item")
    results = page.locator(".md-search-result__list")
    text = results.inner_text()
    assert "<img src=x onerror=alert(1)><svg onload=alert(1)>" in text
    assert "<script>alert(1)</script>" in text
    names = page.evaluate(
        "Array.from(document.querySelectorAll('.md-search-result__list *'), (e) => e.localName)"
    )
    assert set(names) <= IN_RESULTS
    attributes = page.evaluate(
        "Array.from(document.querySelectorAll('.md-search-result__list *'))"
        ".flatMap((e) => e.getAttributeNames()).filter((name) => name.startsWith('on'))"
    )
    assert attributes == []
    page.locator(".md-search-result__link").first.click()
    page.wait_for_load_state()
    assert page.locator("article h1, article h2").count() > 0
    assert (seen.executed, seen.said, seen.asked, seen.left) == ([], [], [], [])


def test_a_hostile_query_in_the_address_is_text(visitor):
    query = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%20needle"
    seen = visitor.open(f"index.html?q={query}")
    visitor.page.wait_for_timeout(300)
    seen = visitor.open(f"index.html?h={query}#{query}")
    visitor.page.wait_for_timeout(300)
    assert visitor.page.locator("img[onerror], article img").count() == 0
    assert (seen.executed, seen.said, seen.asked, seen.left) == ([], [], [], [])


def test_without_javascript_everything_is_there_and_nothing_is_dead(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    names = ["index.html", "evidence.html"]
    names += sorted(path.relative_to(site).as_posix() for path in site.glob("run/*.html"))
    for name in names:
        page.goto((site / name).as_uri())
        cells = page.locator("article").locator("td, th, p, li, pre, svg.rr-chart, h1, h2, summary")
        assert cells.count() > 20, name
        # what is folded opens without a script
        unseen = cells.evaluate_all(
            "all => all.filter((e) => e.textContent.trim() && !e.closest('details:not([open])')"
            " && !e.getClientRects().length).map((e) => e.outerHTML.slice(0, 200))"
        )
        assert unseen == [], name
        assert page.locator("article").locator("button, input, textarea, select").count() == 0
    context.close()


def test_the_same_texts_give_the_same_bytes_in_another_place_and_process(site, tmp_path):
    other = {"PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8"}
    again = built(tmp_path / "elsewhere", TEXTS, TITLE, **other)
    assert digests(again) == digests(site)
