"""Origin of the runs: what is the same, what differs between groups, what nobody logged."""

from __future__ import annotations

from runreport.blocks import Facts, Fold, Href, Note, Table
from runreport.sections import lineage
from runreport.sections.lineage import Options
from runreport.sections.origins import origins
from tests import reading
from tests.studies import study

COMMIT = "5d0c9f2b7a41e86390d1f4c2ab87e6635f10c9d4"
OTHER = "ffffffffff41e86390d1f4c2ab87e6635f10c9d4"
REPOSITORY = "https://token:secret@git.example.org/team/digits.git"


def code(commit=COMMIT, branch="main", dirty=False, url=None):
    return ("code", "git" if url is None else "digits", branch, commit, dirty, url)


FULL = [
    code(),
    ("command", "train.py", "main", None, None, None),
    ("data", "digits", "training", "a1b2", None, None),
    ("environment", "torch", "2.1", None, None, None),
    ("hardware", "A100", None, None, None, None),
]


def runs_of(**by_group):
    return [
        {"name": f"{group}-{index}", "params": {"g": group}, "lineage": rows}
        for group, many in by_group.items()
        for index, rows in enumerate(many)
    ]


def blocks_of(made, **options):
    chosen = Options(**options)
    return lineage.present(lineage.compute(made, chosen), chosen)


def facts_of(blocks):
    return {
        item.label: (reading.words(item.words), reading.words(item.detail))
        for block in reading.find(blocks, Facts)
        for item in block.items
    }


def test_what_is_the_same_everywhere_is_said_once():
    blocks = blocks_of(study(runs_of(a=[FULL, FULL], b=[FULL]), by=["g"]))
    facts = facts_of(blocks)
    assert facts["commit"] == ("5d0c9f2b7a…", f"{COMMIT} · all runs")
    assert facts["branch"] == ("main", "all runs")
    assert facts["uncommitted changes"] == ("no", "all runs")
    assert facts["command"] == ("train.py main", "all runs")
    assert facts["user"] == ("ada", "all runs")
    assert facts["data digits (training)"] == ("a1b2", "all runs")
    assert facts["torch"] == ("2.1", "all runs")
    assert facts["hardware"] == ("A100", "all runs")
    assert reading.find(blocks, Table) == []
    assert reading.find(blocks, Note) == []


def test_what_differs_between_groups_stands_side_by_side():
    newer = [code(OTHER), *FULL[1:]]
    blocks = blocks_of(study(runs_of(a=[FULL, FULL], b=[newer, FULL]), by=["g"]))
    (table,) = reading.find(blocks, Table)
    assert table.caption == "What differs between groups"
    (row,) = reading.shown(table)
    assert row == {
        "Fact": "commit",
        "g=a": "5d0c9f2b7a…",
        "g=b": "2 values 5d0c9f2b7a…, ffffffffff…",
    }
    assert reading.column(table, "g=a") == [COMMIT]
    (fold,) = reading.find(blocks, Fold)
    assert reading.said(fold.body) == ("commit: 5d0c9f2b7a… a-0, a-1, b-1; ffffffffff… b-0")


def test_what_differs_within_every_group_alike_is_shown_too():
    newer = [code(OTHER), *FULL[1:]]
    blocks = blocks_of(study(runs_of(a=[FULL, newer], b=[newer, FULL]), by=["g"]))
    (table,) = reading.find(blocks, Table)
    assert table.caption == "What differs within groups"
    assert "differs" not in table.rows[0].marks


def test_versions_are_text():
    runs = runs_of(a=[[("environment", "torch", "1.1", None, None, None)]])
    runs += runs_of(b=[[("environment", "torch", "1.10", None, None, None)]])
    (table,) = reading.find(blocks_of(study(runs, by=["g"])), Table)
    assert reading.shown(table) == [{"Fact": "torch", "g=a": "1.1", "g=b": "1.10"}]


def test_what_is_unknown_is_listed_with_the_runs():
    runs = runs_of(a=[FULL, FULL[1:]], b=[FULL[:2], []])
    said = reading.said(blocks_of(study(runs, by=["g"])))
    assert "No commit was logged for 2 runs: a-1, b-1." in said
    assert "No word on uncommitted changes was logged for 2 runs: a-1, b-1." in said
    assert "No command was logged for 1 run: b-1." in said
    assert "No dataset was logged for 2 runs: b-0, b-1." in said
    assert "No environment was logged for 2 runs: b-0, b-1." in said


def test_what_no_run_logged_is_said_in_short():
    said = reading.said(blocks_of(study(runs_of(a=[[]], b=[[]]), by=["g"])))
    assert "No hardware was logged for any run." in said
    assert "No commit was logged for any run." in said


def test_a_dataset_without_digest_and_uncommitted_code_are_named():
    rows = [code(dirty=True), ("data", "digits", None, None, None, None)]
    said = reading.said(blocks_of(study(runs_of(a=[rows, FULL]), by=["g"])))
    assert "No digest of a dataset was logged for 1 run: a-0." in said
    assert "Uncommitted changes: no commit holds the code of a-0." in said


def test_a_repository_is_a_link():
    blocks = blocks_of(study(runs_of(a=[[code(url=REPOSITORY)]]), by=["g"]))
    (facts,) = reading.find(blocks, Facts)
    links = [w for item in facts.items for w in item.words if isinstance(w, Href)]
    assert [(link.url, link.text) for link in links] == [(REPOSITORY, "digits")]


def test_many_equal_packages_are_folded_and_can_be_left_out():
    packages = [("environment", f"p{i}", f"{i}.0", None, None, None) for i in range(40)]
    made = study(runs_of(a=[packages], b=[packages]), by=["g"])
    (fold,) = reading.find(blocks_of(made), Fold)
    assert fold.title.startswith("40 parts of the environment are the same")
    (table,) = reading.find(fold.body, Table)
    assert reading.cell(table, "p7", "Version or digest").value == "7.0"
    assert reading.find(blocks_of(made, packages=False), Fold) == []


def test_two_repositories_and_two_gpus_stay_apart():
    rows = [
        ("code", "app", "main", COMMIT, None, None),
        ("code", "lib", "dev", OTHER, None, None),
        ("hardware", "A100", None, None, None, None),
        ("hardware", "V100", None, None, None, None),
    ]
    (run,) = study([{"name": "a", "lineage": rows}]).runs
    found = {origin.label: origin.text for origin in origins(run)}
    assert found["commit of app"] == COMMIT
    assert found["commit of lib"] == OTHER
    assert found["hardware"] == "A100, V100"


def test_without_runs_it_says_so():
    assert "This report has no runs." in reading.said(blocks_of(study([])))
