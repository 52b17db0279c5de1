"""The site as files: policies, search, and nothing that asks for the network."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from runreport import blocks as b
from runreport.errors import RenderError
from tests.pages import page, site


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pages = [
        page([b.Headline("A part"), b.Text(("findable words",))], "Summary & more"),
        page([b.Text(("hidden words",))], "Run <b>", "runs/r1", in_navigation=False),
    ]
    return site(pages, tmp_path_factory.mktemp("site") / "stage", title="<i>Report</i>")[0]


def test_every_page_carries_a_policy_before_anything_it_loads(folder):
    for path in folder.rglob("*.html"):
        head = path.read_text().split("<link", 1)[0]
        assert "Content-Security-Policy" in head
        assert "default-src &#" not in head
        assert "'unsafe-eval'" not in head


def test_no_address_outside_the_site_is_loaded(folder):
    for path in folder.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="([^"]+)"', path.read_text())
        assert loaded
        assert not [address for address in loaded if ":" in address or address.startswith("//")]


def test_the_search_index_holds_sentences_of_navigated_pages_only(folder):
    index = json.loads((folder / "search/search_index.json").read_text())
    text = json.dumps(index["docs"])
    assert "findable words" in text
    assert "hidden words" not in text
    assert (folder / "search/search_index.js").read_text().startswith("var __index = {")


def test_run_pages_are_in_no_navigation(folder):
    assert "runs/r1.html" not in (folder / "index.html").read_text()


def test_titles_are_text_everywhere(folder):
    for path in folder.rglob("*.html"):
        html = path.read_text()
        assert "<i>Report" not in html
        assert "Run <b>" not in html


def test_nothing_is_published_that_a_reader_does_not_need(folder):
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert not {"404.html", "sitemap.xml", "sitemap.xml.gz", "_probe.html"} & names
    assert not [name for name in names if name.endswith(".map")]


def test_heading_anchors_hold_no_data(folder):
    ids = re.findall(r'<h\d id="([^"]+)"', (folder / "index.html").read_text())
    assert ids
    assert all(re.fullmatch(r"rr-h-[0-9a-f]{12}(_\d+)?", anchor) for anchor in ids)


def test_two_pages_of_one_name_are_refused(tmp_path):
    with pytest.raises(RenderError) as caught:
        site([page([], "One", "a"), page([], "Two", "A")], tmp_path / "stage")
    assert [problem.code for problem in caught.value.problems] == ["RR561"]


def test_pages_may_have_names_that_mean_something_to_the_engine(tmp_path):
    names = ["readme", "templates", "templates/r1", "rr-probe", "search-page", "con", "overrides"]
    pages = [page([b.Text((f"about {name}",))], name, name) for name in names]
    folder, _ = site([page([], "Start"), *pages], tmp_path / "stage")
    for name in names:
        assert f"about {name}" in (folder / f"{name}.html").read_text()


def test_two_pages_never_share_a_data_file(tmp_path):
    table = b.Table((b.Column("x"),), (b.Row((b.Cell(("1",)),)),), "c")
    one = page([replace(table, export="all-runs")], "One", "a")
    two = page([replace(table, export="runs")], "Two", "a-all")
    assert not set(one.exports) & set(two.exports)


def test_a_name_in_the_tooltip_of_the_logo_is_encoded_once(folder):
    html = LexborHTMLParser((folder / "index.html").read_text())
    assert html.css_first("a.md-logo").attributes["title"] == "<i>Report</i>"


def test_two_engines_build_what_one_builds(tmp_path, monkeypatch):
    def files(divided):
        monkeypatch.setattr("runreport.render.site.DIVIDED", divided)
        made = [page([b.Text((name,))], name, slug=name) for name in ("index", "more")]
        made += [
            page([b.Text((f"run {n}",))], f"Run {n}", slug=f"run/r{n}", in_navigation=False)
            for n in range(5)
        ]
        folder, _ = site(made, tmp_path / str(divided))
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    assert files(2) == files(1000)
