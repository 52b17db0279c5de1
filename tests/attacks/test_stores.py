"""Whole builds of MLflow stores whose every text field is hostile: run names, params and tags with
their keys, metric names, notes, users, commits, branches, addresses, commands, data sets, artifacts
and experiments; and a spec whose own texts are.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from runreport.errors import PolicyError
from runreport.pipeline import BuildRequest, build
from runreport.redaction import redact_text
from tests.attacks import encoders, payloads
from tests.attacks.pages import without_policy
from tests.attacks.shapes import branches, cleaned, in_one_line, live
from tests.attacks.stores import built, digests
from tests.shared import SHARED, needs_shared

chromium = pytest.importorskip("tests.attacks.browser", reason="needs playwright")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHUNKS = payloads.chunks(payloads.chosen(12), 60)
TITLE = '"><img src=x onerror=alert(1)> [x](javascript:alert(1)) {{7*7}}'


@dataclass(frozen=True)
class Pair:
    """Two reports: of hostile texts, and of harmless ones like them."""

    texts: list[str]
    hostile: Path
    twin: Path

    def pages(self) -> list[tuple[str, str]]:
        """Names of pages of the one and the other: only the page with the author's hostile title is
        called otherwise.
        """
        names = [
            sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
            for site in (self.hostile, self.twin)
        ]
        return list(zip(*names, strict=True))


@pytest.fixture(scope="module", params=range(len(CHUNKS)))
def pair(request, tmp_path_factory) -> Pair:
    texts = [payloads.behind_a_word(item.text) for item in CHUNKS[request.param]]
    folder = tmp_path_factory.mktemp("stores")
    return Pair(
        texts,
        built(folder / "hostile", texts, TITLE),
        built(folder / "twin", [payloads.twin(text) for text in texts], payloads.twin(TITLE)),
    )


def test_pages_keep_their_shape(pair, browser):
    visitor = chromium.Visitor(browser, "")
    pages = pair.pages()
    hostile = visitor.shapes([pair.hostile / name for name, _ in pages])
    twin = visitor.shapes([pair.twin / name for _, name in pages])
    visitor.close()
    assert len(pages) > len(pair.texts)
    for (name, _), (shape, _), (calm, _) in zip(pages, hostile, twin, strict=True):
        # rows stand in another order where a table sorts by a text
        assert branches(shape) == branches(calm), name
    print(f"{len(pair.texts)} texts, {len(pages)} pages of whole builds: no change of shape")


def test_texts_are_read_as_they_were_logged(pair, browser):
    visitor = chromium.Visitor(browser, "")
    pages = pair.pages()
    hostile = read_texts(visitor, [pair.hostile / name for name, _ in pages])
    twin = read_texts(visitor, [pair.twin / name for _, name in pages])
    visitor.close()
    total = 0
    for text in pair.texts:
        storable = text.encode("utf-8", "replace").decode()
        line = in_one_line(storable)
        if len(line) < 5 or redact_text(storable) != storable:
            continue
        there = hostile.count(line)
        # long ones are cut in some places, in both reports alike
        assert there >= min(12, twin.count(in_one_line(payloads.twin(storable)))), line
        assert there >= 5, line
        total += there
    print(f"{len(pair.texts)} texts read {total} times")


def read_texts(visitor, paths: Sequence[Path]) -> str:
    """All texts and attributes of some pages, white space as one space."""
    return "\n".join(
        in_one_line(text) for _, texts in visitor.shapes(list(paths)) for _, _, text in texts
    )


@pytest.mark.parametrize("protocol", chromium.PROTOCOLS)
@pytest.mark.parametrize("policy", ["with its policy", "without a policy"])
def test_nothing_runs(pair, browser, policy, protocol, tmp_path):
    hostile, names = pair.hostile, [name for name, _ in pair.pages()]
    if policy == "without a policy":
        hostile = without_policy(pair.hostile, tmp_path / "bare")
    if payloads.ALL or (policy, protocol) != ("without a policy", "file"):
        # a run's page is opened where nothing else protects it; of all texts it is only parsed
        names = [name for name in names if not name.startswith("run/")]
        names = [name for name in names if not re.match(r"group/g(?![012]\.)", name)]
    with chromium.opened(hostile, protocol) as base:
        visitor = chromium.Visitor(browser, base)
        for name in names:
            seen = visitor.visit(name)
            did = (seen.executed, seen.said, seen.asked, seen.left, seen.handlers, seen.foreign)
            assert did == ([], [], [], [], 0, 0), name
        visitor.close()
    print(f"{len(pair.texts)} texts, {len(names)} pages over {protocol}:, {policy}: nothing ran")


def test_without_the_encoder_nothing_is_published(monkeypatch, tmp_path):
    texts = ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", '" onclick=alert(1) x="']
    site = built(tmp_path / "report", texts, "A title")
    before = digests(site)
    encoders.switch_off(monkeypatch)
    with pytest.raises(PolicyError) as caught:
        build(BuildRequest(site.parent / "runreport.yaml", dict(os.environ)))
    assert {problem.code for problem in caught.value.problems} == {"RR650"}
    assert caught.value.exit_code == 6
    assert digests(site) == before


@needs_shared("attacks", "names", "collisions.json")
def test_names_that_look_alike_get_pages_of_their_own(tmp_path):
    groups = payloads.collisions(SHARED / "attacks" / "names" / "collisions.json")
    names = [name for group in groups for name in group]
    site = built(tmp_path / "report", names, "Names")
    paths = [path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()]
    # as a case-insensitive, normalising file system would compare them
    folded = {unicodedata.normalize("NFC", path).casefold() for path in paths}
    assert len(folded) == len(paths)
    assert all(path.isascii() for path in paths)
    assert len(list((site / "run").glob("*.html"))) == len(names)
    titles = Counter(page_title(path) for path in (site / "run").glob("*.html"))
    named = Counter(in_one_line(f"Run {name}") for name in names if name.strip())
    assert named <= titles


def page_title(path: Path) -> str:
    from selectolax.lexbor import LexborHTMLParser

    return in_one_line(cleaned(LexborHTMLParser(path.read_text("utf-8")).css_first("h1").text()))


def test_the_live_shape_is_compared_without_what_the_theme_adds():
    assert live(["3 a class href title", "9 code tabindex", "1 meta content http-equiv"]) == [
        "3 a class href", "9 code ",
    ]  # fmt: skip
