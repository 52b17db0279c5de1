"""Blocks as HTML: structure, links, exports, and text that stays text."""

from __future__ import annotations

import csv
import io

import pytest
from selectolax.lexbor import LexborHTMLParser

from runreport import blocks as b
from runreport.render.emit import run_token
from tests.pages import every_position, html_of, page

HOSTILE = "<img src=x onerror=alert(1)> {{ 7*7 }} [x](javascript:alert(1)) `a` | \n\n# h"


def table(**more):
    best, missing = frozenset({"best"}), frozenset({"missing"})
    rows = (
        b.Row((b.Cell((b.RunRef("m:1", "one"),)), b.Cell(("0.5",), 0.5, best)), "m:1"),
        b.Row((b.Cell((b.RunRef("m:2", "two"),)), b.Cell((), None, missing)), "m:2"),
    )
    columns = (b.Column("run"), b.Column("accuracy", "number", "%", "maximize"))
    return b.Table(columns, rows, "Two runs", **more)


def tree(rendered):
    return LexborHTMLParser(html_of(rendered))


def test_a_row_carries_its_runs_token_and_a_number_its_unrounded_value():
    html = tree(page([table()]))
    rows = html.css("tbody tr")
    assert [row.attributes["data-run"] for row in rows] == [run_token("m:1"), run_token("m:2")]
    cells = html.css("td.rr-number")
    assert cells[0].attributes["data-value"] == "0.5"
    assert "data-value" not in cells[1].attributes


def test_best_is_told_by_a_sign_and_a_word():
    symbol = tree(page([table()])).css_first("td.rr-best .rr-symbol")
    assert symbol.text() == "\u2605"
    assert symbol.attributes["aria-label"] == "best"


def test_a_run_is_a_link_where_it_has_a_page_of_its_own():
    linked = tree(page([table()], run_pages={"m:1": "runs/r1"}))
    assert linked.css_first("a.rr-run").attributes["href"] == "runs/r1.html"
    assert linked.css_first("span.rr-run").text() == "two"


def test_links_from_a_folder_lead_up_first():
    inner = tree(page([table()], slug="runs/r2", run_pages={"m:1": "runs/r1"}))
    assert inner.css_first("a.rr-run").attributes["href"] == "../runs/r1.html"


def test_sentences_stand_in_the_markdown_and_tables_in_slots():
    rendered = page([b.Text(("findable words",)), table()])
    assert "findable words" in rendered.markdown
    assert "Two runs" not in rendered.markdown
    assert len(rendered.slots) == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a 95 % interval", ["95 %"]),
        ("97.5 % of 12 runs", ["97.5 %"]),
        ("Welch t, n = 6, p < 0.001 over 2", ["n = 6", "p < 0.001"]),
        ("chi-square 11.17, df 2", []),
        ("v1 % x", []),
    ],
)
def test_lines_do_not_end_between_a_number_and_its_sign(said, kept):
    html = tree(page([b.Text((said,))]))
    assert [part.text() for part in html.css("p .rr-together")] == kept
    assert html.css_first("p").text() == said


def test_pages_outside_the_navigation_are_outside_the_search_too():
    rendered = page([b.Text(("words",))], slug="runs/r1", in_navigation=False)
    assert "exclude: true" in rendered.markdown
    assert "words" not in rendered.markdown


def test_exports_hold_the_unrounded_values():
    rendered = page([table(export="runs")])
    text = rendered.exports["data/index/runs.csv"].decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["run", "accuracy (%)"], ["one", "0.5"], ["two", ""],
    ]  # fmt: skip
    latex = rendered.exports["data/index/runs.tex"].decode()
    assert "one & \\textbf{0.5} \\\\" in latex


def test_two_tables_of_one_name_get_two_files():
    rendered = page([table(export="runs"), table(export="runs")])
    assert {"data/index/runs.csv", "data/index/runs-2.csv"} <= set(rendered.exports)


def test_formulas_in_exports_are_defused():
    hostile = b.Table((b.Column("=1+1"),), (b.Row((b.Cell(("@SUM(A1)",)),)),), "c", export="x")
    text = page([hostile]).exports["data/index/x.csv"].decode()
    assert list(csv.reader(io.StringIO(text))) == [["'=1+1"], ["'@SUM(A1)"]]


def test_what_is_not_prose_inside_a_note_goes_to_a_slot_with_it():
    rendered = page([b.Note("info", "A note", (table(),))])
    assert "A note" not in rendered.markdown
    assert len(rendered.slots) == 1


@pytest.mark.parametrize("position", range(9))
def test_hostile_text_is_shown_as_it_is_in_every_position(position):
    (block,) = every_position(HOSTILE)[position : position + 1]
    html = LexborHTMLParser(html_of(page([block])))
    assert not html.css("img, script, [onerror], [href^='javascript']")
    if position not in (0, 8):
        # the heading is Markdown, the last is the author's Markdown: the rest is verbatim
        assert HOSTILE in html.body.text()
