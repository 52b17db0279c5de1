"""Markdown that people wrote."""

from __future__ import annotations

import time

import pytest
from selectolax.lexbor import LexborHTMLParser

from runreport.render.notes import LONGEST, note_html


def test_markdown_becomes_html():
    html = note_html(
        "Some *words*, a [link](https://example.com) and\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    assert "<em>words</em>" in html
    assert 'href="https://example.com"' in html
    assert "<td>1</td>" in html


def test_headings_stay_below_the_pages_own():
    assert "<h2>Big</h2>" in note_html("# Big")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<svg onload=alert(1)>",
        '<img src="https://example.com/x.png">',
        "<style>*{display:none}</style>",
        '<a href="data:text/html,x">y</a>',
        "<p style='position:fixed' onclick='alert(1)' id='__config' class='md-x'>x</p>",
    ],
)
def test_nothing_active_survives(text):
    html = note_html(text)
    for part in ("<script", "javascript:", "<svg", "<img", "<style", "data:", "style=", "onclick=", "id=", "class="):  # fmt: skip  # noqa: E501
        assert part not in html


def test_the_result_is_one_line():
    assert "\n" not in note_html("a\n\nb\n\n```\nc\nd\n```")


def test_a_long_note_is_cut_and_says_so():
    assert f"cut after {LONGEST}" in note_html("word " * LONGEST)


@pytest.mark.parametrize("text", ["1. " * 10_000, "[" * 1_300, "<![CDATA[", "[^1]" * 12_000])
def test_text_that_markdown_cannot_take_is_shown_as_it_is(text):
    html = note_html(text)
    assert text.strip()[:100] in LexborHTMLParser(html).text()
    assert note_html("*words*") == "<p><em>words</em></p>"


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("runs.html", "runs.html"),
        ("../runs/r1.html#part", "../runs/r1.html#part"),
        ("#rr-h-1", "#rr-h-1"),
        ("https://ada:secret@example.com/a", "https://example.com/a"),
        ("/logout", None),
        ("//evil.example/x", None),
        ("notes.md", None),
        ("../../../etc/passwd", None),
        ("file:///etc/passwd", None),
        ("?q=1", None),
        ("javascript:alert(1)", None),
        ("java&#10;script:alert(1)", None),
        ("http://[bad", None),
    ],
)
def test_links_lead_to_the_web_or_to_pages_of_the_report(address, link):
    (found,) = LexborHTMLParser(note_html(f'<a href="{address}">x</a>')).css("a")
    assert found.attributes.get("href") == link


@pytest.mark.parametrize("text", ["[" * 5_000, "<![>", "<!--", "*a " * 20_000, "> " * 3_000])
def test_text_that_stalls_parsers_ends_quickly(text):
    started = time.monotonic()
    assert note_html(text) is not None
    assert time.monotonic() - started < 5
