"""Pages and their sections."""

from __future__ import annotations

import pytest

from runreport import registry
from tests.spec.specs import codes, marked, read, the


def sections(tmp_path, text):
    return read(tmp_path, f"pages:\n  - title: T\n    sections:\n{text}")


@pytest.mark.parametrize(
    ("entry", "kind", "title", "metric"),
    [
        ("- parallel", "parallel", None, None),
        ("- parallel:", "parallel", None, None),
        ("- {parallel: {}}", "parallel", None, None),
        ("- {parallel: {title: A}}", "parallel", "A", None),
        ("- parallel:\n        title: A", "parallel", "A", None),
        ("- {parallel: , title: A}", "parallel", "A", None),
        ("- title: A\n        bars: loss", "bars", "A", "loss"),
        ("- {bars: loss, title: ''}", "bars", "", "loss"),
        ("- history: loss", "history", None, "loss"),
        ("- history: {metric: loss, title: A}", "history", "A", "loss"),
    ],
)
def test_a_section_is_a_name_a_value_or_options(tmp_path, entry, kind, title, metric):
    loaded = sections(tmp_path, f"      {entry}\n")
    assert loaded.problems == ()
    ((found,),) = (page.sections for page in loaded.spec.pages)
    assert (found.kind, found.title) == (kind, title)
    assert getattr(found.options, "metric", None) == metric


def test_one_value_stands_for_a_list_of_one(tmp_path):
    loaded = sections(tmp_path, "      - parallel: lr\n")
    assert [e.text for e in loaded.spec.pages[0].sections[0].options.columns] == ["lr"]


@pytest.mark.parametrize(
    ("entry", "code", "words", "hint", "place"),
    [
        ("- hstory", "RR132", "unknown section 'hstory'", "did you mean 'history'?", "hstory"),
        ("- {hstory: {}}", "RR132", "unknown section", "did you mean 'history'?", "hstory"),
        ("- {}", "RR108", "needs the name of its kind", "there are ab_test", "{"),
        ("- 3", "RR109", "expected a section", None, "3"),
        ("- [bars]", "RR109", "expected a section", None, "["),
        ("- history", "RR108", "section 'history' needs 'metric'", None, "history"),
        ("- history: {metric: a, bnd: ci}", "RR102", "'bnd' in section 'history'", "band", "bnd"),
        ("- history: {metric: a, band: c}", "RR110", "ci, sd, minmax or none", None, "c"),
        ("- history: [a]", "RR109", "expected a text", None, "["),
        ("- scatter: a", "RR109", "takes options in a mapping (x, y", None, "a"),
        ("- {bars: a, title: 3}", "RR109", "expected a text", '"3"', "3"),
        ("- {bars: a, parallel: }", "RR134", "'bars' and 'parallel' in one", "its own", "parallel"),
        ("- {bars: , zero: auto}", "RR102", "'zero' beside section 'bars'", "indent it", "zero"),
        ("- {bars: , x: auto}", "RR102", "'x' beside section 'bars'", "take it out", "x"),
        ("- {scatter: {x: a}}", "RR108", "section 'scatter' needs 'y'", None, "{"),
    ],
)
def test_a_section_that_cannot_be_read_is_named(tmp_path, entry, code, words, hint, place):
    loaded = sections(tmp_path, f"      {entry}\n")
    assert (codes(loaded), marked(loaded)) == ([code], [place]), loaded.problems
    assert words in loaded.problems[0].message
    assert hint is None or hint in loaded.problems[0].hint


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ("[]", "RR108"),
        ("x", "RR109"),
        ("[x]", "RR109"),
        ("[{sections: [parallel]}]", "RR108"),
        ("[{title: '', sections: [parallel]}]", "RR109"),
        ("[{title: T}]", "RR108"),
        ("[{title: T, sections: }]", "RR108"),
        ("[{title: T, sections: []}]", "RR108"),
        ("[{title: T, sections: parallel}]", "RR109"),
        ("[{title: T, sections: [parallel], foreach: runs}]", "RR110"),
        ("[{title: T, section: [parallel], sections: [parallel]}]", "RR102"),
    ],
)
def test_a_page_that_cannot_be_read_is_named(tmp_path, pages, code):
    the(read(tmp_path, f"pages: {pages}"), code)


def test_default_pages_leave_out_sections_that_are_not_there(tmp_path):
    few = {name: registry.SECTIONS[name] for name in ("history", "parallel")}
    loaded = read(tmp_path, "metrics: {loss: }", sections=few)
    assert [[e.kind for e in page.sections] for page in loaded.spec.pages] == [
        ["history", "parallel"]
    ]


def test_default_pages_compare_only_with_a_baseline(tmp_path):
    with_baseline = read(tmp_path, "groups: {baseline: lr == 1}").spec
    without = read(tmp_path, "").spec
    kinds = [{e.kind for p in spec.pages for e in p.sections} for spec in (with_baseline, without)]
    assert kinds[0] - kinds[1] <= {"significance"}
    assert "significance" not in kinds[1]


def test_a_report_has_a_first_page(tmp_path):
    loaded = read(tmp_path, "pages: [{title: 'R ${run.name}', foreach: run, sections: [parallel]}]")
    assert "no first page" in the(loaded, "RR108")[0]
