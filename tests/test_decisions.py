"""What decisions cite, what has changed since, and the log of other reports' decisions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.processes import runreport

SPEC = """\
report: {{title: "{title}"}}
sources:
  - {{files: store.csv, shape: runs, params: [arm, seed], metrics: [accuracy]}}
groups: {{by: [arm], replicates: seed, baseline: arm == "old"}}
metrics: {{accuracy: {{goal: maximize, primary: true}}}}
comparison: {{look: 1}}
{decision}
pages:
  - title: Summary
    sections: [{sections}]
"""
CITING = """\
decision:
  id: ship
  question: Ship the new model?
  options: [ship it, wait]
  decided: Ship it.
  by: Vision
  date: "2026-03-05"
  because: "${{verdict.accuracy.new}} It costs $$5."
"""


def write(folder: Path, decision: str, title: str = "Report", sections: str = "decisions") -> None:
    text = SPEC.format(title=title, decision=decision.replace("{{", "{").replace("}}", "}"),
                       sections=sections)  # fmt: skip
    (folder / "runreport.yaml").write_text(text, "utf-8")


def store(folder: Path, lead: float) -> None:
    """Four runs of each arm; the new one is better by so much."""
    rows = ["arm,seed,accuracy,started"]
    for arm, level in (("old", 0.5), ("new", 0.5 + lead)):
        rows += [
            f"{arm},{s},{level + 0.01 * (s * 7 % 4)},2026-03-0{s + 1}T10:00:00Z" for s in range(4)
        ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store.csv").write_text("\n".join(rows) + "\n", "utf-8")


def build(folder: Path, *words: str) -> dict:
    """What a build leaves in `runreport.json`."""
    done = runreport("build", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    told: dict = json.loads((folder / "site" / "runreport.json").read_text("utf-8"))
    return told


def page(folder: Path) -> str:
    return (folder / "site" / "index.html").read_text("utf-8")


def log(told: dict) -> list[dict]:
    (section,) = told["pages"][0]["sections"]
    listed: list[dict] = section["facts"]["decisions"]
    return listed


# ---- what is cited -------------------------------------------------------------------------------


def test_a_cited_verdict_is_the_sentence_of_the_report(tmp_path):
    store(tmp_path, 0.3)
    write(tmp_path, CITING, sections="significance, decisions")
    told = build(tmp_path)
    comparison = told["pages"][0]["sections"][0]["facts"]["metrics"][0]["comparisons"][0]
    decision = told["decision"]
    assert decision["because"] == f"{comparison['words']} It costs $5."
    assert [one["path"] for one in decision["cited"]] == ["accuracy.new"]
    assert decision["cited"][0]["words"] == comparison["words"]
    assert decision["cited"][0]["changed"] is False
    assert "has changed since" not in page(tmp_path)


def test_a_changed_verdict_is_said_in_old_and_new_words_until_the_decision_is_rewritten(tmp_path):
    store(tmp_path, 0.3)
    write(tmp_path, CITING)
    first = build(tmp_path)["decision"]["cited"][0]
    store(tmp_path, -0.3)
    second = build(tmp_path)["decision"]["cited"][0]
    assert second["changed"] is True
    assert second["then"] == first["words"]
    assert "beats" in second["then"]
    assert "is worse than" in second["words"]
    assert "A verdict that this decision cites has changed since" in page(tmp_path)
    # another rebuild does not forget it
    assert build(tmp_path, "--no-cache")["decision"]["cited"][0] == second
    # back to what was decided on
    store(tmp_path, 0.3)
    assert build(tmp_path)["decision"]["cited"][0]["changed"] is False
    store(tmp_path, -0.3)
    write(tmp_path, CITING.replace("Ship it.", "Wait."))
    assert build(tmp_path)["decision"]["cited"][0]["changed"] is False


def test_a_decision_that_cites_what_is_not_compared_is_refused_with_its_place(tmp_path):
    store(tmp_path, 0.3)
    write(tmp_path, CITING.replace("accuracy.new", "accuracy.newest"))
    done = runreport("build", cwd=tmp_path)
    assert done.returncode == 2
    assert "error[RR430]: `${verdict.accuracy.newest}` names no comparison" in done.stderr
    assert "--> runreport.yaml:8:3" in done.stderr


def test_a_site_that_cannot_be_read_means_nothing_is_known_to_have_changed(tmp_path):
    store(tmp_path, 0.3)
    write(tmp_path, CITING)
    build(tmp_path)
    told = tmp_path / "site" / "runreport.json"
    content = json.loads(told.read_text("utf-8"))
    for broken in ([], {"digest": 1}, {**content["decision"], "cited": [1, {"path": []}]}, "x"):
        told.write_text(json.dumps({**content, "decision": broken}), "utf-8")
        store(tmp_path, 0.2)
        assert build(tmp_path, "--no-cache")["decision"]["cited"][0]["changed"] is False


# ---- the log -------------------------------------------------------------------------------------


def other(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runreport.yaml").write_text(f"sources: [{{files: x.csv}}]\n{text}\n", "utf-8")


def test_decisions_of_sites_and_specs_stand_in_one_log_the_latest_first(tmp_path):
    store(tmp_path / "reports" / "a", 0.3)
    write(tmp_path / "reports" / "a", CITING, title="Site A")
    build(tmp_path / "reports" / "a")
    other(tmp_path / "reports" / "b", "decision: {id: old, decided: Wait., date: 2025-01-01}")
    other(tmp_path / "reports" / ".hidden", "decision: {id: hidden, decided: No.}")
    (tmp_path / "reports" / "link").symlink_to(tmp_path / "elsewhere")
    other(tmp_path / "elsewhere", "decision: {id: linked, decided: No.}")
    own = tmp_path / "own"
    store(own, 0.3)
    decision = "decision: {id: now, decided: Go on., date: 2026-04-01, supersedes: ship}"
    write(own, decision, sections="decisions: ../reports")
    told = log(build(own))
    assert [one["id"] for one in told] == ["now", "ship", "old"]
    assert [one["superseded_by"] for one in told] == [[], ["now"], []]
    # the site and the spec it was built from are one decision, told by the site
    assert told[1]["report"] == "Site A"
    assert "superseded by now" in page(own)


def test_a_new_decision_below_the_folder_is_a_change(tmp_path):
    own = tmp_path / "own"
    store(own, 0.3)
    write(own, "decision: {id: now, decided: Go on.}", sections="decisions: ../reports")
    (tmp_path / "reports").mkdir()
    build(own)
    assert "nothing changed" in runreport("build", cwd=own).stdout
    other(tmp_path / "reports" / "b", "decision: {id: old, decided: Wait., date: 2025-01-01}")
    assert [one["id"] for one in log(build(own))] == ["old", "now"]


def test_a_report_that_lists_its_own_folder_does_not_list_itself_twice(tmp_path):
    store(tmp_path, 0.3)
    write(tmp_path, CITING, sections="decisions: .")
    build(tmp_path)
    assert [one["id"] for one in log(build(tmp_path, "--no-cache"))] == ["ship"]


def test_a_circle_of_decisions_is_an_error_that_names_it(tmp_path):
    own = tmp_path / "own"
    store(own, 0.3)
    write(own, "decision: {id: a, decided: A., supersedes: b}", sections="decisions: ../reports")
    other(tmp_path / "reports" / "b", "decision: {id: b, decided: B., supersedes: [c, z]}")
    other(tmp_path / "reports" / "c", "decision: {id: c, decided: C., supersedes: a}")
    done = runreport("build", cwd=own)
    assert done.returncode == 2
    assert "error[RR217]: decisions supersede each other: a -> b -> c -> a" in done.stderr
    assert "--> runreport.yaml:7:11" in done.stderr
    assert "a: runreport.yaml; b: b/runreport.yaml; c: c/runreport.yaml" in done.stderr
    assert not (own / "site").exists()


def test_two_decisions_of_one_name_are_said(tmp_path):
    own = tmp_path / "own"
    store(own, 0.3)
    write(own, "decision: {id: a, question: Mine?}", sections="decisions: ../reports")
    other(tmp_path / "reports" / "b", "decision: {id: a, question: Another?}")
    assert [one["question"] for one in log(build(own))] == ["Mine?"]
    assert "Two decisions are called a" in page(own)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    store(tmp_path, 0.3)
    write(tmp_path, CITING, sections="decisions: ../nowhere")
    build(tmp_path)
    assert "is no folder" in page(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["decision: [", "decision: 7", "decision: {decided: [1]}", "\x00decision", "- decision", "{{"],
)
def test_other_files_below_the_folder_stop_nothing(tmp_path, text):
    own = tmp_path / "own"
    store(own, 0.3)
    write(own, CITING, sections="decisions: ../reports")
    reports = tmp_path / "reports" / "site"
    reports.mkdir(parents=True)
    (tmp_path / "reports" / "x.yaml").write_text(text, "utf-8")
    (reports / "runreport.json").write_text(text, "utf-8")
    assert [one["id"] for one in log(build(own))] == ["ship"]


def test_what_other_reports_say_is_text(tmp_path):
    own, site = tmp_path / "own", tmp_path / "reports" / "site"
    store(own, 0.3)
    write(own, CITING, sections="decisions: ../reports")
    site.mkdir(parents=True)
    attack = "<script>alert(1)</script>"
    texts = dict.fromkeys(("id", "question", "decided", "by", "date", "because"), attack)
    content = {"schema": "runreport-results/1", "title": attack, "decision": texts}
    (site / "runreport.json").write_text(json.dumps(content), "utf-8")
    build(own)
    assert "<script>alert" not in page(own)
    assert "&lt;script&gt;alert(1)" in page(own) or "&#60;script" in page(own)


def test_the_working_folder_does_not_matter(tmp_path):
    store(tmp_path / "own", 0.3)
    write(tmp_path / "own", CITING, sections="decisions: ../reports")
    other(tmp_path / "reports" / "b", "decision: {id: old, decided: Wait., date: 2025-01-01}")
    done = runreport("build", os.path.join("own", "runreport.yaml"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "own" / "site" / "runreport.json").read_text("utf-8"))
    assert [one["id"] for one in log(told)] == ["ship", "old"]
