"""The example of two models on the same questions says what their answers say, counted by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from tests.shared import ROOT
from tests.sources.test_inspect import study

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "evals"


def built(spec: Path, folder: Path) -> Mapping[str, Any]:
    """What a report says of its one comparison."""
    done = subprocess.run(
        [sys.executable, "-m", "runreport", "build", str(spec), "-o", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads((folder / "runreport.json").read_text())
    (facts,) = [
        section["facts"]
        for page in said["pages"]
        for section in page["sections"]
        if section["section"] == "significance"
    ]
    (metric,) = facts["metrics"]
    (comparison,) = metric["comparisons"]
    return dict(comparison)


def answers(model: str) -> list[bool]:
    """Which of the 96 questions a model answers rightly, of both benchmarks."""
    made = study()
    return [*made.knows("arithmetic", model), *made.knows("choices", model)]


def test_models_are_compared_by_the_questions_that_they_answer_differently(tmp_path: Path) -> None:
    comparison = built(EXAMPLE / "runreport.yaml", tmp_path / "site")
    small, large = answers("small"), answers("large")
    gained = sum(b and not a for a, b in zip(small, large, strict=True))
    lost = sum(a and not b for a, b in zip(small, large, strict=True))
    result = comparison["result"]
    assert result["test"] == "McNemar test"
    assert result["n"] == [96, 96]
    assert result["paired"] is True
    assert result["means"] == pytest.approx([100 * sum(small) / 96, 100 * sum(large) / 96])
    assert result["difference"] == pytest.approx(100 * (gained - lost) / 96)
    # so few differ that the exact test is due: it is a binomial one
    assert gained + lost < 25
    expected = stats.binomtest(gained, gained + lost, 0.5).pvalue
    assert result["p_value"] == pytest.approx(expected, rel=1e-12)
    assert result["verdict"] == "better"


def test_questions_of_one_subject_are_counted_as_one_where_the_author_says_so(
    tmp_path: Path,
) -> None:
    text = (EXAMPLE / "runreport.yaml").read_text()
    for name in ("inspect", "lm_eval"):
        text = text.replace(f"{name}: {name},", f"{name}: {EXAMPLE / name},")
    assert "items: item " in text
    spec = tmp_path / "runreport.yaml"
    spec.write_text(text.replace("items: item ", "cluster: subject\n  items: item "))
    result = built(spec, tmp_path / "site")["result"]
    made = study()
    subjects = [
        str(item["subject"]) for name in ("arithmetic", "choices") for item in made.questions(name)
    ]
    differences = [
        100 * (int(b) - int(a)) for a, b in zip(answers("small"), answers("large"), strict=True)
    ]
    means = [
        sum(d for d, own in zip(differences, subjects, strict=True) if own == subject)
        / subjects.count(subject)
        for subject in made.SUBJECTS
    ]
    # subjects have equally many questions, so that the mean of all is the mean of their means
    expected = stats.ttest_1samp(means, 0)
    assert result["clusters"] == len(made.SUBJECTS)
    assert result["difference"] == pytest.approx(sum(means) / len(means))
    assert result["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
