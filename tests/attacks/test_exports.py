"""Hostile texts in the files beside a page: spreadsheets run nothing, LaTeX obeys nothing."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from runreport import blocks as b
from runreport.render import emit
from tests.attacks import payloads
from tests.attacks.shapes import cleaned
from tests.pages import page

TEXTS = [item.text for item in payloads.chosen(300)]


@pytest.fixture(scope="module")
def files():
    rows = tuple(b.Row((b.Cell((text,)), b.Cell((text,), text), b.Cell(("x",)))) for text in TEXTS)
    columns = (b.Column("one"), b.Column("two", "text", "unit"), b.Column("three"))
    made = page([b.Table(columns, rows, "Caption", export="all")]).exports
    return {name.rpartition(".")[2]: data.decode() for name, data in made.items()}


def test_csv_reads_back_as_it_was_written_and_starts_no_formula(files):
    head, *rows = csv.reader(io.StringIO(files["csv"], newline=""))
    assert head == ["one", "two (unit)", "three"]
    assert len(rows) == len(TEXTS)
    for row, text in zip(rows, TEXTS, strict=True):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert [cell.removeprefix("'") for cell in row[:2]] == [cleaned(text).removeprefix("'")] * 2


def test_latex_is_a_table_of_as_many_rows_and_nothing_else(files):
    lines = files["tex"].splitlines()
    start, end = lines.index("\\midrule"), lines.index("\\bottomrule")
    # U+2028 and the like end lines for Python only
    body = "\n".join(lines[start + 1 : end])
    rows = body.split(" \\\\\n")
    assert len(rows) == len(TEXTS)
    escaped = re.compile(
        r"\\(?:[{}$&#%_,]|textbackslash\{\}|ascii|text(?:ascii(?:circum|tilde)|less|greater|bar|quotedbl)\{\})"
        r"|\{[\[*]\}|\$-\$"
    )
    for row in rows:
        cells = row.removesuffix(" \\\\").split(" & ")
        assert len(cells) == 3
        assert not row.startswith(("[", "*"))
        for cell in cells:
            assert not set(escaped.sub("", cell)) & set("\\{}$&#%_^~"), cell


def test_json_in_a_page_ends_no_script_and_reads_back():
    for text in TEXTS:
        written = emit.json({"key": text, text: [1.5, float("nan")]})
        assert not set(written) & set("<>&\u2028\u2029")
        assert json.loads(written) == {"key": cleaned(text), cleaned(text): [1.5, None]}


def test_links_have_an_allowed_scheme_and_no_password():
    for text in [*TEXTS, *(f"https://ada:secret@example.com/{text}" for text in TEXTS)]:
        address = emit.href(text)
        if address is None:
            continue
        assert re.match(r"(https?://[^/]|mailto:)", address)
        assert "secret@" not in address
        assert not set(address) & set("<>\"'")
