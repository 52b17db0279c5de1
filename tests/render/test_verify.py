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
