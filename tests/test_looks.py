"""Looks at growing data are counted once each, and remembered from build to build."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport import looks
from runreport.looks import Look
from runreport.pipeline import BuildRequest, BuildResult, build
from tests.studies import tables

DIGESTS = st.integers(0, 5).map(lambda n: f"{n:032x}")
LOOKS = st.builds(
    Look, st.just(1), st.integers(0, 9), DIGESTS, DIGESTS, st.just("2026-03-01T00:00:00")
)


def look(compared: int, data: int | None = None) -> Look:
    data = compared if data is None else data
    return Look(1, compared, f"{compared:032x}", f"{data:032x}", "2026-03-01T00:00:00+00:00")


def numbers(*seen: Look) -> list[int]:
    found: tuple[Look, ...] = ()
    counted = []
    for one in seen:
        found = looks.count(found, one)
        counted.append(found[-1].number)
    return counted


# ---- counting ------------------------------------------------------------------------------------


def test_grown_data_are_another_look_and_equal_data_are_not() -> None:
    assert numbers(look(1), look(1), look(2), look(2), look(3)) == [1, 1, 2, 2, 3]


def test_another_question_to_the_same_data_is_no_look() -> None:
    assert numbers(look(1, 7), look(2, 7), look(3, 7)) == [1, 1, 1]


def test_runs_that_are_not_compared_are_no_look() -> None:
    assert numbers(look(1, 7), look(1, 8), look(1, 9), look(2, 9)) == [1, 1, 1, 1]
    assert numbers(look(1, 7), look(1, 8), look(2, 9)) == [1, 1, 2]


def test_data_seen_before_are_no_look() -> None:
    assert numbers(look(1), look(2), look(1), look(2), look(3)) == [1, 2, 2, 2, 3]


@settings(max_examples=50, deadline=None)
@given(st.lists(LOOKS, max_size=12))
def test_numbers_never_fall_and_building_again_changes_nothing(seen: list[Look]) -> None:
    found: tuple[Look, ...] = ()
    for one in seen:
        before = found[-1].number if found else 0
        found = looks.count(found, one)
        assert before <= found[-1].number <= before + 1
        assert looks.count(found, one) == found
        assert looks.parse(json.loads(json.dumps([asdict(item) for item in found]))) == found


def test_so_many_looks_are_kept_and_their_number_goes_on() -> None:
    found: tuple[Look, ...] = ()
    for number in range(looks.MOST + 40):
        found = looks.count(found, look(number))
    assert len(found) == looks.MOST
    assert found[-1].number == looks.MOST + 40


# ---- digests -------------------------------------------------------------------------------------


def digest(runs: list[dict[str, Any]]) -> str:
    return looks.digest(tables(runs).rows, looks.logged)


def run(seed: int, score: float, **more: Any) -> dict[str, Any]:
    return {"id": f"a:{seed}", "metrics": {"score": score, "loss": -score}, **more}


def test_a_digest_knows_runs_and_values_and_not_their_order() -> None:
    first = digest([run(1, 0.5), run(2, 0.25)])
    assert digest([run(2, 0.25), run(1, 0.5)]) == first
    assert digest([run(1, 0.5), run(2, 0.26)]) != first
    assert digest([run(1, 0.5), run(2, 0.25), run(3, 0.1)]) != first
    assert digest([run(1, 0.5), run(3, 0.25)]) != first


def test_what_a_running_run_logs_is_no_look_at_its_outcome() -> None:
    done = [run(1, 0.5)]
    assert digest([*done, run(2, 0.1, status="running")]) == digest(done)
    assert digest([*done, run(2, 0.1)]) != digest(done)


def test_not_a_number_has_a_digest_like_any_value() -> None:
    assert digest([run(1, float("nan"))]) == digest([run(1, float("nan"))])


# ---- what a file says ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        None,
        {},
        ["a"],
        [{}],
        [{**asdict(look(1)), "number": 0}],
        [{**asdict(look(1)), "number": True}],
        [{**asdict(look(1)), "number": 1e3}],
        [{**asdict(look(1)), "number": 10**12}],
        [{**asdict(look(1)), "runs": -1}],
        [{**asdict(look(1)), "digest": "<script>"}],
        [{**asdict(look(1)), "data": None}],
        [{**asdict(look(1)), "time": "yesterday"}],
        [{**asdict(look(1)), "time": "2026-03-01" + "0" * 100}],
        [asdict(replace(look(1), number=2)), asdict(look(2))],
        [asdict(look(1)), asdict(look(2))],
        [asdict(replace(look(n), number=n + 1)) for n in range(looks.MOST + 1)],
    ],
)
def test_a_file_that_says_anything_else_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match=r"look|Invalid isoformat"):
        looks.parse(written)


# ---- builds --------------------------------------------------------------------------------------

SPEC = """\
report: {title: Nightly}
sources:
  - files: results.csv
    shape: runs
    params: [model, seed]
    metrics: [score, other]
groups: {by: [params.model], replicates: seed, baseline: model == "a"}
metrics: {score: {goal: maximize}}
pages:
  - title: Summary
    sections: [significance]
"""


def write(folder: Path, seeds: int, spec: str = SPEC) -> None:
    (folder / "runreport.yaml").write_text(spec)
    with (folder / "results.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["model", "seed", "score", "other"])
        for seed in range(seeds):
            rows.writerow(["a", seed, 0.5 + 0.01 * (seed * 7 % 5), 1])
            rows.writerow(["b", seed, 0.52 + 0.01 * (seed * 3 % 5), 2])


def built(folder: Path) -> BuildResult:
    return build(BuildRequest(folder / "runreport.yaml", {}))


def stated(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / "site" / "runreport.json").read_text())
    assert isinstance(content, dict)
    return content


def results(folder: Path) -> list[dict[str, Any]]:
    (page,) = stated(folder)["pages"]
    return [item["result"] for item in page["sections"][0]["facts"]["metrics"][0]["comparisons"]]


@pytest.fixture
def nightly(tmp_path: Path) -> Path:
    """A published report of five seeds."""
    write(tmp_path, 5)
    built(tmp_path)
    return tmp_path


def test_a_report_rebuilt_on_more_seeds_says_which_look_it_is(nightly: Path) -> None:
    first = (nightly / "site" / "runreport.json").read_bytes()
    assert stated(nightly)["look"] == 1
    built(nightly)
    assert (nightly / "site" / "runreport.json").read_bytes() == first
    write(nightly, 6)
    built(nightly)
    second = stated(nightly)
    assert second["look"] == 2
    assert [item["runs"] for item in second["looks"]] == [10, 12]
    (result,) = results(nightly)
    assert result["look"] == 2
    assert result["anytime"] is not None
    assert "PEEKING" in [finding["name"] for finding in result["warnings"]]


def test_a_changed_spec_is_no_look(nightly: Path) -> None:
    other = SPEC.replace("score: {goal: maximize}", "score: {goal: maximize}, other: {}")
    write(nightly, 5, other)
    built(nightly)
    write(nightly, 5, other.replace("groups:", "runs: {where: seed != 1}\ngroups:"))
    built(nightly)
    assert stated(nightly)["look"] == 1


def test_the_author_may_count(nightly: Path) -> None:
    write(nightly, 6, SPEC + "comparison: {look: 7}\n")
    built(nightly)
    assert stated(nightly)["look"] == 7
    assert [item["number"] for item in stated(nightly)["looks"]] == [1, 2]
    assert results(nightly)[0]["look"] == 7


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"schema": "someone-elses/9"}', "\udcff", '{"schema": "runreport-results/1", '
     '"looks": [{"number": "<script>"}]}', "[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_broken_or_foreign_is_a_note_and_counting_starts_again(
    nightly: Path, content: str
) -> None:
    path = nightly / "site" / "runreport.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    write(nightly, 6)
    done = built(nightly)
    (told,) = [problem for problem in done.problems if problem.code == "RR445"]
    assert told.severity == "note"
    assert "runreport.json" in told.message
    assert stated(nightly)["look"] == 1


def test_a_site_without_the_file_starts_at_one(nightly: Path) -> None:
    (nightly / "site" / "runreport.json").unlink()
    write(nightly, 6)
    assert not [problem for problem in built(nightly).problems if problem.code == "RR445"]
    assert stated(nightly)["look"] == 1
