"""Every code that a message may carry is explained, and no explanation is an orphan."""

import re

import pytest

from runreport.codes import CODES
from tests.shared import ROOT

CODE = re.compile(r'"(RR\d{3})"')


def used() -> set[str]:
    """Codes written as strings anywhere in the package but the books of codes themselves."""
    package = ROOT / "runreport"
    files = [path for path in package.rglob("*.py") if path.parent != package / "codes"]
    return {code for path in files for code in CODE.findall(path.read_text())}


def test_every_code_used_is_explained() -> None:
    assert sorted(used() - set(CODES)) == []


def test_every_explained_code_is_used() -> None:
    assert sorted(set(CODES) - used()) == []


@pytest.mark.parametrize("code", sorted(CODES))
def test_an_explanation_says_something(code: str) -> None:
    explanation = CODES[code]
    assert explanation.title
    assert explanation.title[0] == explanation.title[0].lower() or explanation.title[:2].isupper()
    assert len(explanation.text.split()) >= 10


def test_codes_are_written_in_order() -> None:
    assert list(CODES) == sorted(CODES)
