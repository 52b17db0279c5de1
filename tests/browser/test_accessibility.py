"""Every page of every example under axe-core: nothing serious or critical, in light and in dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runreport.pipeline import BuildRequest, build

if TYPE_CHECKING:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytest.importorskip("axe_playwright_python", reason="needs axe-core, which this package ships")
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]

ROOT = Path(__file__).parents[2]
SPECS = [ROOT / "runreport.yaml", *sorted((ROOT / "examples").glob("*/runreport.yaml"))]
SERIOUS = ("serious", "critical")
OF_A_KIND = 2
"""Pages in one folder are made by one entry of the spec: so many of them stand for the rest."""


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


def pages_of(site: Path) -> list[Path]:
    found: dict[Path, list[Path]] = {}
    for path in sorted(site.rglob("*.html")):
        found.setdefault(path.parent, []).append(path)
    return [
        page
        for folder, pages in found.items()
        for page in (pages if folder == site else pages[:OF_A_KIND])
    ]


def violations(page: sync_api.Page) -> list[str]:
    script = resources.files("axe_playwright_python") / "axe.min.js"
    page.evaluate(script.read_text("utf-8"))
    answer: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert answer["passes"], "nothing was checked"
    return [
        f"{found['impact']}: {found['id']}: {found['nodes'][0]['html'][:200]}"
        for found in answer["violations"]
        if found["impact"] in SERIOUS
    ]


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.parent.name)
def test_no_page_has_a_serious_violation(
    spec: Path, browser: sync_api.Browser, tmp_path: Path
) -> None:
    build(BuildRequest(spec, os.environ, tmp_path / "site"))
    pages = pages_of(tmp_path / "site")
    assert pages
    wrong: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        for path in pages:
            page.goto(path.as_uri())
            if found := violations(page):
                wrong[f"{scheme} {path.relative_to(tmp_path / 'site')}"] = found
        context.close()
    assert wrong == {}


def test_a_page_with_faults_is_found_out(browser: sync_api.Browser) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_content('<html lang="en"><title>x</title><main><h1>x</h1><img src="x"></main>')
    assert any("image-alt" in line for line in violations(page))
    context.close()
