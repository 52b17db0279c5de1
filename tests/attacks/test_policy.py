"""The encoder switched off, here and only here: pages full of live markup. With the content
security policy nothing of it runs; without the policy some of it does, so these tests can fail;
and the verifier refuses every page that could run something.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from runreport import blocks as b
from runreport.errors import RenderError
from runreport.render.page import RenderedPage
from runreport.render.verify import verify_site
from tests.attacks import encoders, payloads
from tests.attacks.pages import positions, without_policy
from tests.pages import page, site

chromium = pytest.importorskip("tests.attacks.browser", reason="needs playwright")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

ACTIVE = [payloads.Payload(text) for text in (*payloads.TAGS[:12:2], *payloads.QUOTES[:3])]
"""Texts of which many run when nothing stops them."""

CHUNKS = payloads.chunks([*ACTIVE, *payloads.chosen(9)], 40)


@pytest.fixture
def encoder_off(monkeypatch: pytest.MonkeyPatch) -> None:
    encoders.switch_off(monkeypatch)


Build = tuple[Path, dict[int, str], dict[str, payloads.Payload]]


def built(items: Sequence[payloads.Payload], folder: Path) -> Iterator[Build]:
    """Sites with a page for each text; a text that breaks a page or the engine has none."""
    pages: list[tuple[RenderedPage, payloads.Payload]] = []
    for number, item in enumerate(items):
        rendered = attempt(lambda n=number, i=item: raw_page(i.text, f"runs/p{n}"))
        if rendered is not None:
            pages.append((rendered, item))
    yield from assembled(pages, folder)


def assembled(
    pages: Sequence[tuple[RenderedPage, payloads.Payload]], folder: Path
) -> Iterator[Build]:
    start = page([b.Text(("start",))], "Start")
    done = attempt(lambda: site([start, *(rendered for rendered, _ in pages)], folder))
    if done is not None:
        yield done[0], dict(done[1]), {f"{made.slug}.html": item for made, item in pages}
    elif len(pages) > 1:
        middle = len(pages) // 2
        yield from assembled(pages[:middle], folder.with_name(f"{folder.name}a"))
        yield from assembled(pages[middle:], folder.with_name(f"{folder.name}b"))


def raw_page(text: str, slug: str) -> RenderedPage:
    return page(positions(text), text, slug, in_navigation=False)


def attempt(make: Callable[[], object]) -> object:
    """What is made, or None: text that no page can be made of is no danger."""
    try:
        return make()
    except RenderError:
        return None


def visited(browser, folder: Path, protocol: str, texts: dict[str, payloads.Payload]):
    """What each page did, once all of them are done."""
    with chromium.opened(folder, protocol) as base:
        visitor = chromium.Visitor(browser, base)
        seen = {name: visitor.visit(name, item.trigger) for name, item in texts.items()}
        visitor.close()
    return seen.items()


def refusals(folder: Path, policies: dict[int, str], names: set[str]) -> set[str]:
    """The pages that the verifier refuses, one site for each of them: it names only so many."""
    found = set()
    for name in names:
        alone = folder.with_name("alone")
        shutil.copytree(folder, alone, ignore=shutil.ignore_patterns("*.html"))
        shutil.copy(folder / name, alone / name)
        shutil.copy(folder / "index.html", alone / "index.html")
        problems = verify_site(alone, policies)
        found |= {p.place for p in problems if p.severity == "error" and p.place}
        shutil.rmtree(alone)
    return found


@pytest.mark.usefixtures("encoder_off")
@pytest.mark.parametrize("chunk", range(len(CHUNKS)))
def test_what_would_run_is_stopped_by_the_policy_and_refused_by_the_verifier(
    chunk, browser, tmp_path
):
    opened = 0
    ran: set[str] = set()
    for folder, policies, texts in built(CHUNKS[chunk], tmp_path / "raw"):
        for protocol in chromium.PROTOCOLS:
            for name, seen in visited(browser, folder, protocol, texts):
                assert (seen.executed, seen.asked) == ([], []), (protocol, texts[name])
                opened += 1
        bare = without_policy(folder, folder.with_name("bare"))
        alive = {n for n, seen in visited(browser, bare, "file", texts) if seen.executed}
        refused = refusals(folder, policies, alive)
        assert alive <= refused, [texts[name] for name in alive - refused]
        ran |= {texts[name].text for name in alive}
    # the texts are dangerous, and this test sees it when they run
    assert len(ran) >= len(CHUNKS[chunk]) / 20
    print(f"{len(CHUNKS[chunk])} texts, {opened} pages opened: 0 ran; {len(ran)} run unprotected")
