"""Blocks are frozen values of plain text."""

from __future__ import annotations

import pickle
from dataclasses import is_dataclass
from typing import get_args

import pytest

from runreport import blocks as b
from tests.reading import texts

KINDS = [kind for kind in vars(b).values() if isinstance(kind, type) and is_dataclass(kind)]
KINDS = [kind for kind in KINDS if kind.__module__ == b.__name__]
PARTS = {b.Column, b.Cell, b.Row, b.LegendEntry, b.Fact, b.Document, b.Stated}
WORDS = {b.Strong, b.Code, b.Muted, b.RunRef, b.Href}


def numbers_as_line(data, style):
    raise AssertionError("nobody draws here")


def page():
    """A page with every kind of block, one inside of another."""
    table = b.Table(
        (b.Column("name"), b.Column("loss", "number", goal="minimize")),
        (
            b.Row(
                (b.Cell((b.RunRef("mlflow:1", "one"),), "one"), b.Cell(("0.5",), 0.5)), "mlflow:1"
            ),
        ),
        "Runs",
        note=(b.Muted("of 2"), b.Href("https://example.org", "more")),
    )
    return b.Document(
        "Summary",
        "index",
        (
            b.Headline("What"),
            b.Text(("plain ", b.Strong("strong"), b.Code("x"))),
            b.Bullets((("one",), ("two",))),
            b.Facts((b.Fact("runs", ("2",)),)),
            b.Note("info", "Note", (b.Fold("More", (table,)),)),
            b.Figure(
                numbers_as_line, (1.0, 2.0), "Loss", "falls", table, (b.LegendEntry("a", "s"),)
            ),
            b.Preformatted("$ train"),
            b.Download("folder/facts", "{}", "Facts"),
            b.Markdown("*note*"),
        ),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_frozen(kind):
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


def test_every_kind_is_a_block_or_a_part_of_one():
    assert set(KINDS) == set(get_args(b.Block)) | PARTS | WORDS


def test_the_page_of_this_test_holds_every_kind_of_block():
    assert {type(block) for block in page().blocks} | {b.Fold, b.Table} == set(get_args(b.Block))


def test_pages_of_equal_blocks_are_equal_and_can_be_kept_in_sets():
    assert page() == page()
    assert len({page(), page()}) == 1


def test_a_page_crosses_the_border_of_a_process_whole():
    assert pickle.loads(pickle.dumps(page())) == page()


def test_texts_are_plain_strings_whatever_block_they_stand_in():
    found = list(texts(page()))
    assert {type(text) for text in found} == {str}
    assert {"plain ", "strong", "one", "of 2", "$ train", "*note*"} <= set(found)
