"""The log of decisions: which hold, which are superseded, which rest on a verdict that changed."""

from __future__ import annotations

from dataclasses import replace

from runreport.blocks import Fold, Note, Table
from runreport.kinds import Citation, DecisionEntry, DecisionLog
from runreport.sections.decisions import SECTION, Options
from runreport.sections.verdicts import plain
from tests.studies import study

OWN = DecisionEntry(id="b", decided="Ship.", date="2026-02-01", supersedes=("a", "z"), is_own=True)
OTHER = DecisionEntry(
    id="a",
    decided="Wait.",
    date="2026-01-01",
    place="site",
    report="First",
    cited=(Citation("loss", "Now it is open.", "It was better."),),
)
OPEN = DecisionEntry(question="Which data?", place="data.yaml")


def page(*entries: DecisionEntry, **more: object) -> tuple:
    own = next((entry for entry in entries if entry.is_own), None)
    log = DecisionLog(entries, **more)
    context = replace(study([{"name": "r"}]), decided=own, decisions={"": log})
    return SECTION.present(SECTION.compute(context, Options()), Options())


def test_a_report_without_decisions_says_so():
    (note,) = page()
    assert isinstance(note, Note)
    assert note.title == "No decisions"


def test_each_decision_has_a_row_that_says_whether_it_holds():
    (table,) = (block for block in page(OWN, OTHER, OPEN) if isinstance(block, Table))
    states = {row.cells[1].value: row.cells[6].value for row in table.rows}
    assert states == {
        "b": "in force",
        "a": "superseded by b; a cited verdict changed",
        None: "open",
    }


def test_this_reports_decision_stands_in_full_with_what_it_supersedes():
    note = page(OWN, OTHER)[0]
    said = " ".join(plain(text.words) for text in note.body)
    assert "Ship." in said
    assert "Supersedes a, z." in said
    assert "No decision that was read is called z." in said


def test_a_changed_verdict_of_another_report_is_folded_away_with_both_sentences():
    (fold,) = (block for block in page(OWN, OTHER) if isinstance(block, Fold))
    note = fold.body[-1]
    assert note.title == "A verdict that this decision cites has changed since"
    assert plain(note.body[0].items[0]) == "loss. Then: It was better. Now: Now it is open."


def test_what_could_not_be_read_is_said():
    note = page(OWN, problems=("x.yaml: a mistake.",), cut=True)[-1]
    said = [plain(line) for line in note.body[0].items]
    assert said == [
        "x.yaml: a mistake.",
        "There are more files below the folder than are looked at.",
    ]
