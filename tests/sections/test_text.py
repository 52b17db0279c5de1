"""The author's own words."""

import pytest

from runreport.blocks import Markdown
from runreport.sections import text
from runreport.sections.text import Options
from tests import pages
from tests.studies import study


def blocks_of(written):
    options = Options(written)
    return text.present(text.compute(study([]), options), options)


def test_it_is_one_block_of_markdown():
    assert blocks_of("We trained **six seeds**.\n") == (Markdown("We trained **six seeds**."),)


@pytest.mark.parametrize("written", ["", "  \n "])
def test_an_empty_text_is_nothing(written):
    assert blocks_of(written) == ()


def test_markdown_becomes_markup_and_scripts_do_not():
    page = pages.html_of(pages.page(blocks_of("A *b* <script>alert(1)</script> [c](javascript:x)")))
    assert "<em>b</em>" in page
    assert "<script" not in page
    assert "javascript:" not in page
