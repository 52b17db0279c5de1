"""One Chromium per file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright import sync_api


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    """Chromium, without a network; tests that want it are skipped where it is not installed."""
    pytest.importorskip("playwright.sync_api", reason="needs playwright")
    from tests.attacks.browser import CHROMIUM, chromium

    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with chromium() as running:
        yield running
