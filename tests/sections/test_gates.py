"""The page of gates: the outcome first, then what was found, then waivers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from runreport.blocks import Bullets, Note, Table, Text
from runreport.kinds import Context, Judged, Ruling
from runreport.sections.gates import SECTION, Options
from runreport.sections.summary import SECTION as SUMMARY
from runreport.sections.summary import Options as SummaryOptions
from runreport.sections.verdicts import plain
from runreport.spec.gates import Waiver
from tests.studies import study


def judged(title: str, passed: bool, **more: object) -> Judged:
    given = {
        "about": "metric",
        "severity": "critical",
        "rulings": (Ruling("new", passed, f"{title} was looked at."),),
        "passed": passed,
        "waived": False,
        "waiver": None,
        "expired": False,
    }
    return Judged(title=title, **{**given, **more})


def page(*gates: Judged) -> tuple:
    context = replace(report(), gates=gates)
    return SECTION.present(SECTION.compute(context, Options()), Options())


def report() -> Context:
    return study([{"name": "a", "params": {}}])


def words(block: Text) -> str:
    return plain(block.words)


def test_a_spec_without_gates_says_that_nothing_stops_a_promotion():
    (note,) = page()
    assert isinstance(note, Note)
    assert "nothing stops a promotion" in words(note.body[0])


def test_the_first_sentence_says_whether_and_what_stops_it():
    lead, *_ = page(judged("fast", True), judged("good", False), judged("cheap", False))
    assert words(lead) == "Not to be promoted (3 gates: 1 passed, 2 failed). Failed: good; cheap."
    lead, *_ = page(judged("fast", True), judged("good", False, severity="warning"))
    assert words(lead) == "No gate stops a promotion (2 gates: 1 passed, 1 warned)."


def test_each_candidate_has_a_row_with_its_own_outcome():
    rulings = (Ruling("new", True, "Fine."), Ruling("newer", False, "Not fine."))
    _, table = page(judged("good", False, rulings=rulings))
    assert isinstance(table, Table)
    cells = [[cell.value for cell in row.cells] for row in table.rows]
    assert cells == [
        ["good", "passed", "new", "Fine."],
        ["good", "failed", "newer", "Not fine."],
    ]


def test_waivers_stand_with_owner_reason_and_the_time_they_are_held_against():
    waiver = Waiver("Known flake", "Ada", date(2026, 5, 1))
    blocks = page(
        judged("good", False, waived=True, waiver=waiver),
        judged("fast", False, expired=True, waiver=waiver),
        judged("cheap", True, waiver=waiver),
    )
    (bullets,) = (block for block in blocks if isinstance(block, Bullets))
    assert [plain(line) for line in bullets.items] == [
        "good: Waived until 2026-05-01 by Ada: Known flake.",
        "fast: The waiver expired after 2026-05-01 and no longer holds (Ada: Known flake).",
        "cheap: The waiver until 2026-05-01 is not needed (Ada: Known flake).",
    ]
    assert "the report's time, 2026-03-02, not against the clock" in words(blocks[-1])


def test_the_summary_says_it_in_one_line():
    context = replace(report(), gates=(judged("good", False),))
    blocks = SUMMARY.present(SUMMARY.compute(context, SummaryOptions()), SummaryOptions())
    said = [words(block) for block in blocks if isinstance(block, Text)]
    assert "Not to be promoted (1 gate: 1 failed). Failed: good." in said


def test_the_outcome_is_recorded():
    context = replace(report(), gates=(judged("good", False),))
    assert SECTION.record(SECTION.compute(context, Options()))["stops"] is True
