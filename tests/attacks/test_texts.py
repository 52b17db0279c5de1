"""Hostile texts in every place of a page, the encoder on: nothing runs, nothing changes shape, and
every text is there as it was written. Once with the content security policy and once without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from runreport.render.verify import verify_site
from tests.attacks import payloads
from tests.attacks.pages import Plan, build, without_policy
from tests.attacks.shapes import differences, live, places

chromium = pytest.importorskip("tests.attacks.browser", reason="needs playwright")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PER_PAGE = 16 if payloads.ALL else 8
CHUNKS = payloads.chunks(payloads.chosen(24), 40)
TITLE = '"><img src=x onerror=alert(1)>'
CALM_TITLE = "benign text site-"


@dataclass(frozen=True)
class Pair:
    """One site twice: with hostile texts and with harmless ones."""

    plan: Plan
    items: list[payloads.Payload]
    hostile: Path
    benign: Path
    policies: Mapping[int, str]
    folder: Path
    calm: Mapping[str, list[str]]
    """Shapes of the harmless pages after their scripts."""

    @property
    def meant(self) -> dict[str, str]:
        return {**self.plan.meant(), CALM_TITLE: TITLE}

    def triggers(self, name: str) -> str:
        """The scripts that fire the texts of a page."""
        if not name.startswith("body-"):
            return ""
        number = int(name.removeprefix("body-").removesuffix(".html"))
        of_page = payloads.chunks(self.items, PER_PAGE)[number]
        return "\n".join(
            f"try {{ (0, eval)({item.trigger!r}); }} catch (error) {{}}"
            for item in of_page
            if item.trigger
        )


@pytest.fixture(scope="module", params=range(len(CHUNKS)))
def pair(request, tmp_path_factory, browser) -> Pair:
    items = list(CHUNKS[request.param])
    texts = [payloads.behind_a_word(item.text) for item in items]
    plan = Plan([list(group) for group in payloads.chunks(texts, PER_PAGE)], texts)
    folder = tmp_path_factory.mktemp("sites")
    hostile, policies = build(plan, folder / "hostile", title=TITLE)
    benign, _ = build(plan.benign(), folder / "benign", title=CALM_TITLE)
    visitor = chromium.Visitor(browser, benign.as_uri() + "/")
    calm = {name: live(visitor.visit(name).shape) for name in plan.names if is_opened(name)}
    visitor.close()
    return Pair(plan, items, hostile, benign, policies, folder, calm)


def is_opened(name: str) -> bool:
    """Whether a page's scripts are run. Of all texts, each is a label in the navigation of the
    pages with bodies; its own page is then only parsed.
    """
    return not (payloads.ALL and name.startswith("runs/"))


def test_pages_keep_their_shape_and_texts_are_read_as_written(pair, browser):
    visitor = chromium.Visitor(browser, pair.hostile.as_uri() + "/")
    names = pair.plan.names
    hostile = visitor.shapes([pair.hostile / name for name in names])
    benign = visitor.shapes([pair.benign / name for name in names])
    visitor.close()
    # a page's own texts, and those of other pages in its navigation
    assert places(benign[1][1]) > 100 * len(pair.plan.bodies[0])
    for name, (shape, texts), (calm_shape, calm_texts) in zip(names, hostile, benign, strict=True):
        assert shape == calm_shape, name
        assert differences(texts, calm_texts, pair.meant) == [], name
    total = sum(places(texts) for _, texts in benign)
    print(f"{len(pair.items)} texts in {total} places of {len(names)} pages: no difference")


def test_the_verifier_finds_nothing_in_them(pair):
    assert verify_site(pair.hostile, pair.policies) == []


@pytest.mark.parametrize("protocol", chromium.PROTOCOLS)
@pytest.mark.parametrize("policy", ["with its policy", "without a policy"])
def test_nothing_runs(pair, browser, policy, protocol):
    hostile = pair.hostile
    if policy == "without a policy":
        hostile = pair.folder / "bare"
        if not hostile.exists():
            without_policy(pair.hostile, hostile)
    names = [name for name in pair.plan.names if is_opened(name)]
    if (policy, protocol) != ("without a policy", "file"):
        # a title's page of its own is opened where nothing else protects it
        names = [name for name in names if not name.startswith("runs/")]
    with chromium.opened(hostile, protocol) as base:
        visitor = chromium.Visitor(browser, base)
        for name in names:
            seen = visitor.visit(name, pair.triggers(name))
            did = (seen.executed, seen.said, seen.asked, seen.left, seen.handlers, seen.foreign)
            assert did == ([], [], [], [], 0, 0), name
            assert live(seen.shape) == pair.calm[name], name
        visitor.close()
    print(f"{len(pair.items)} texts, {len(names)} pages over {protocol}:, {policy}: nothing ran")
