"""The verifier lets our own pages through and refuses whatever else could be in one."""

from __future__ import annotations

import pytest

from runreport import blocks as b
from runreport.render.verify import verify_site
from tests.pages import every_position, page, site


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pages = [
        page([b.Text(("Hello",)), *every_position("plain")], run_pages={"r:1": "runs/r1"}),
        page([b.Text(("x",))], "Run", "runs/r1", in_navigation=False),
    ]
    return site(pages, tmp_path_factory.mktemp("site") / "stage")


def test_our_own_pages_pass(built):
    assert verify_site(*built) == []


@pytest.mark.parametrize(
    "planted",
    [
        "<script>alert(1)</script>",
        "<script src=https://example.com/x.js></script>",
        "<script src=assets/missing.js></script>",
        "<p onclick=alert(1)>x</p>",
        "<p style='position:fixed'>x</p>",
        "<iframe></iframe>",
        "<object></object>",
        "<a href=javascript:alert(1)>x</a>",
        "<a href=missing.html>x</a>",
        "<a href=//example.com/>x</a>",
        "<img src=https://example.com/x.png>",
        "<svg><foreignObject></foreignObject></svg>",
        "<svg><use href=#a /></svg>",
        "<svg><path fill='url(https://example.com/#a)'/></svg>",
        "<meta http-equiv=refresh content=0>",
        "<base href=https://example.com/>",
        "<form action=https://example.com/></form>",
        "<input type=password>",
        "<p id=__config>x</p>",
        "<style>*{}</style>",
        "<math></math>",
        "<template></template>",
    ],
)
def test_what_we_do_not_write_is_refused(built, planted):
    folder, policies = built
    path = folder / "index.html"
    before = path.read_text()
    try:
        path.write_text(before.replace("</article>", f"{planted}</article>"))
        problems = verify_site(folder, policies)
    finally:
        path.write_text(before)
    # form without address is what the theme writes; its address is the attack
    assert [problem.code for problem in problems], planted
    assert all(p.code == "RR650" and p.severity == "error" for p in problems)


def test_a_page_without_its_policy_is_refused(built):
    folder, policies = built
    path = folder / "index.html"
    before = path.read_text()
    try:
        path.write_text(before.replace("Content-Security-Policy", "X"))
        assert "RR650" in [problem.code for problem in verify_site(folder, policies)]
    finally:
        path.write_text(before)


def test_a_file_of_a_foreign_kind_is_refused(built):
    folder, policies = built
    (folder / "data" / "x.svg").write_text("<svg/>")
    try:
        assert [p.place for p in verify_site(folder, policies)] == ["data/x.svg"]
    finally:
        (folder / "data" / "x.svg").unlink()


@pytest.mark.parametrize(
    "planted",
    [
        "<!-- a comment -->",
        "<script type=application/json src=https://example.com/x.js></script>",
        "<script src=assets/runreport.css></script>",
        "<script async src=assets/runreport.js></script>",
        "<script type=module>import('x')</script>",
        "<svg><script href='data:,alert(1)'></script></svg>",
        "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<svg><animate attributeName=href values='javascript:alert(1)'/></svg>",
        "<svg><path fill='URL(//example.com/a)'/></svg>",
        "<svg><path clip-path='url(#other)'/></svg>",
        "<svg><image href=x /></svg>",
        "<a href='http://[bad'>x</a>",
        "<a href=' javascript:alert(1)'>x</a>",
        "<a href='java\nscript:alert(1)'>x</a>",
        "<a href='\\\\example.com'>x</a>",
        "<a href=/logout>x</a>",
        "<a href=index.html ping=https://example.com/>x</a>",
        "<a href=index.html target=_blank>x</a>",
        "<button formaction=javascript:alert(1)>x</button>",
        "<img src=assets/images/favicon.png srcset=https://example.com/x.png>",
        "<img src=data:image/png;base64,AAAA>",
        "<td background=https://example.com/x.png>x</td><p background=x>x</p>",
        "<link rel=preload href=assets/runreport.css>",
        "<link rel=stylesheet href=data:text/css,*{}>",
        "<meta name=referrer content=unsafe-url>",
        "<meta http-equiv=Content-Security-Policy content='script-src *'>",
        "<video src=assets/x.mp4></video>",
        "<noscript><p>x</p></noscript>",
        "<custom-element></custom-element>",
        "<p is=x>x</p>",
        "<p slot=x contenteditable>x</p>",
        "<p ONCLICK=alert(1)>x</p>",
        "<p/onclick=alert(1)>x</p>",
        "<p id=twice>x</p><p id=twice>x</p>",
        "<plaintext>",
        "<xmp></xmp>",
        "<textarea></textarea>",
        "<select><option>x</select>",
        "<frameset><frame src=x></frameset><marquee>x</marquee>",
    ],
)
def test_nothing_active_hidden_or_foreign_gets_through(built, planted):
    folder, policies = built
    assert refusals(folder, policies, "</article>", f"{planted}</article>")


def refusals(folder, policies, old, new):
    """Messages about the first page when a part of it is replaced."""
    path = folder / "index.html"
    before = path.read_text()
    assert before.count(old) == 1
    try:
        path.write_text(before.replace(old, new))
        problems = verify_site(folder, policies)
    finally:
        path.write_text(before)
    assert all(p.place == "index.html" and p.code == "RR650" for p in problems)
    return [problem.message for problem in problems]


def test_a_script_before_the_policy_is_refused(built):
    start = '<meta charset="utf-8">'
    moved = f'<script src="assets/runreport.js"></script>{start}'
    assert "before the content security policy" in refusals(*built, start, moved)[0]


def test_a_weaker_policy_is_refused(built):
    assert "policy" in refusals(*built, "default-src 'none'", "default-src 'self'")[0]


def test_an_inline_script_that_was_changed_is_refused(built):
    assert (
        "inline script" in refusals(*built, "__md_scope=new URL", "alert(1);__md_scope=new URL")[0]
    )


def test_a_dead_link_in_the_authors_markdown_is_told_and_published(tmp_path):
    text = "[gone](gone.html) [here](other.html) [part](#rr-h-1)"
    pages = [page([b.Markdown(text)]), page([], "Other", "other")]
    problems = verify_site(*site(pages, tmp_path / "stage"))
    assert [(p.code, p.severity, p.place) for p in problems] == [("RR563", "warning", "index.html")]
    assert "gone.html" in problems[0].message


@pytest.mark.parametrize(
    "name", ["data/x.js", "x.css", "assets/x.csv", "x.json", "data/x.svg", "search/x.xml", "x.htm"]
)
def test_a_file_in_a_place_where_none_like_it_belongs_is_refused(built, name):
    folder, policies = built
    (folder / name).write_text("x")
    try:
        assert [p.place for p in verify_site(folder, policies)] == [name]
    finally:
        (folder / name).unlink()


def test_a_search_index_that_is_more_than_json_is_refused(built):
    folder, policies = built
    path = folder / "search" / "search_index.js"
    before = path.read_text()
    try:
        path.write_text(before + ";alert(1)")
        assert [p.place for p in verify_site(folder, policies)] == ["search/search_index.js"]
    finally:
        path.write_text(before)


def test_bytes_that_are_no_text_are_refused(built):
    folder, policies = built
    (folder / "odd.html").write_bytes(b"\xff\xfe<\x00s\x00")
    try:
        assert [p.place for p in verify_site(folder, policies)] == ["odd.html"]
    finally:
        (folder / "odd.html").unlink()


def test_a_link_out_of_the_folder_is_refused(built, tmp_path):
    folder, policies = built
    (tmp_path / "outside.csv").write_text("secret")
    (folder / "data" / "x.csv").symlink_to(tmp_path / "outside.csv")
    try:
        assert [p.place for p in verify_site(folder, policies)] == ["data/x.csv"]
    finally:
        (folder / "data" / "x.csv").unlink()


def test_a_fault_on_every_page_is_told_in_few_words(built):
    folder, policies = built
    page_text = (folder / "index.html").read_text().replace("</article>", "<b onclick=x></article>")
    for number in range(200):
        (folder / f"copy-{number}.html").write_text(page_text)
    try:
        problems = verify_site(folder, policies)
    finally:
        for path in folder.glob("copy-*.html"):
            path.unlink()
    assert len(problems) == 51
    assert "150 more" in problems[-1].message


def test_pages_looked_at_by_two_processes_get_the_same_words(tmp_path, monkeypatch):
    made = [page([b.Text((name,))], name, slug=name) for name in ("index", "a", "c", "d")]
    folder, policies = site(made, tmp_path / "stage")
    for name in ("a", "d"):
        path = folder / f"{name}.html"
        path.write_text(path.read_text().replace("<p>", '<p onclick="x()">'))
    said = verify_site(folder, policies)
    assert {problem.place for problem in said} == {"a.html", "d.html"}
    monkeypatch.setattr("runreport.render.verify.DIVIDED", 2)
    assert verify_site(folder, policies) == said
