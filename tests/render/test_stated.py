"""What pages state in words is in `runreport.json` too, as plain data."""

from __future__ import annotations

import html
import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runreport.pipeline import BuildRequest, build
from runreport.render.stated import ReportFacts, document, plain

EXAMPLE = Path(__file__).parents[2] / "examples" / "files" / "runreport.yaml"


@dataclass(frozen=True)
class Fact:
    name: str
    values: tuple[float, ...]


def test_values_become_plain_json() -> None:
    found = plain(
        {
            "nan": math.nan,
            "inf": -math.inf,
            "array": np.array([[1.0, math.nan]]),
            "number": np.float64(0.5),
            "count": np.int64(3),
            "fact": Fact("a", (1.0, 2.0)),
            "set": frozenset({"b", "a"}),
            "time": datetime(2026, 3, 1, tzinfo=UTC),
            "none": None,
            "yes": True,
        }
    )
    assert found == {
        "nan": None,
        "inf": None,
        "array": [[1.0, None]],
        "number": 0.5,
        "count": 3,
        "fact": {"name": "a", "values": [1.0, 2.0]},
        "set": ["a", "b"],
        "time": "2026-03-01T00:00:00+00:00",
        "none": None,
        "yes": True,
    }
    assert json.loads(json.dumps(found)) == found


def test_names_from_data_stay_inside_their_strings() -> None:
    hostile = '</script>"\u2028\u202e<b>'
    facts = ReportFacts(
        hostile, datetime(2026, 3, 1, tzinfo=UTC), 1, [hostile], 0.05, "holm", 1, []
    )
    written = document(facts, [])
    assert written.isascii()
    assert json.loads(written)["groups"] == [hostile]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("stated") / "site"
    build(BuildRequest(EXAMPLE, {}, output))
    return output


def comparisons(site: Path) -> list[dict[str, Any]]:
    content = json.loads((site / "runreport.json").read_text())
    assert content["schema"] == "runreport-results/1"
    return [
        comparison
        for page in content["pages"]
        for section in page["sections"]
        if section["section"] == "significance"
        for metric in section["facts"]["metrics"]
        for comparison in metric["comparisons"]
    ]


def test_every_sentence_of_a_verdict_stands_on_the_page_with_the_same_words(site: Path) -> None:
    text = html.unescape(re.sub(r"<[^>]+>", "", (site / "index.html").read_text()))
    found = comparisons(site)
    assert len(found) == 4
    for comparison in found:
        assert comparison["words"] in text


def test_the_numbers_are_unrounded(site: Path) -> None:
    for comparison in comparisons(site):
        result = comparison["result"]
        before, after = result["means"]
        assert result["difference"] == pytest.approx(after - before, rel=1e-12)
        assert result["adjusted"]["low"] < result["difference"] < result["adjusted"]["high"]
