"""The example over Demsar's table says the paper's numbers, on its pages and in its data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.shared import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demsar") / "site"
    spec = ROOT / "examples" / "demsar" / "runreport.yaml"
    built = subprocess.run(
        [sys.executable, "-m", "runreport", "build", str(spec), "-o", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


def text_of(page: Path) -> str:
    """What a page says, without markup."""
    from selectolax.lexbor import LexborHTMLParser

    body = LexborHTMLParser(page.read_text()).body
    assert body is not None
    # numbers and their signs stay on one line by an element that is no gap
    body.unwrap_tags(["span"])
    body.merge_text_nodes()
    return re.sub(r"\s+", " ", body.text(separator=" "))


def stated(site: Path) -> list[Mapping[str, Any]]:
    content = json.loads((site / "runreport.json").read_text())
    return [
        section["facts"]
        for page in content["pages"]
        for section in page["sections"]
        if section["section"] == "ranking"
    ]


def test_the_page_of_the_printed_ranks_says_what_the_paper_says(site: Path) -> None:
    text = text_of(site / "by-the-printed-ranks.html")
    # section 3.2.2 and figure 1(a) of Demsar (2006)
    for number in ("3.143", "2.000", "2.893", "1.964"):
        assert number in text
    assert "Iman-Davenport F = 3.69, df 3 and 39, p = 0.020; Friedman chi-square 9.28" in text
    assert "Critical difference 1.25 (Nemenyi, alpha 0.05, 4 groups, 14 datasets)" in text
    assert "Critical difference 1.12 (Nemenyi, alpha 0.1, 4 groups, 14 datasets)" in text
    assert "no pair is told apart by Nemenyi's test of mean ranks over 6 comparisons" in text
    # and what decides: the same ranks corrected for ties, as scipy, Matlab and R have it
    assert "Iman-Davenport F = 4.19, df 3 and 39, p = 0.012; Friedman chi-square 10.23" in text
    groups = (
        "joined are model=C4.5+m+cf, model=C4.5+m and model=C4.5+cf; model=C4.5+cf and model=C4.5."
    )
    assert groups in text


def test_the_page_of_the_areas_says_what_they_say_themselves(site: Path) -> None:
    text = text_of(site / "index.html")
    # the tie of rounding on voting: C4.5+cf and C4.5+m+cf share 2.5, so 41 and 27 of 14
    assert "2.929" in text
    assert "1.929" in text
    assert "no pair is told apart by Wilcoxon signed-rank tests" in text
    assert "ANOVA" not in text


def test_the_data_say_the_same(site: Path) -> None:
    areas, printed = stated(site)
    plain = printed["omnibus"]["without_correction"]
    assert plain["chi2"] == pytest.approx(9.28, abs=0.01)
    assert plain["f"] == pytest.approx(3.69, abs=0.01)
    assert printed["post_hoc"] == "nemenyi"
    assert not any(pair["told_apart"] for facts in (areas, printed) for pair in facts["pairs"])
    for facts in (areas, printed):
        assert "POSTHOC_NO_PAIR" in [finding["name"] for finding in facts["findings"]]
