"""Origin of the runs: what is the same, what differs between groups, what nobody logged."""

from __future__ import annotations

from runreport.blocks import Facts, Fold, Href, Note, Table
from runreport.formats import MISSING
from runreport.sections import lineage
from runreport.sections.lineage import Options
from runreport.sections.origins import origins
from tests import reading
from tests.studies import study

COMMIT = "5d0c9f2b7a41e86390d1f4c2ab87e6635f10c9d4"
OTHER = "ffffffffff41e86390d1f4c2ab87e6635f10c9d4"
REPOSITORY = "https://token:secret@git.example.org/team/digits.git"


def code(commit=COMMIT, branch="main", dirty=False, url=None):
    return ("code", "digits", branch, commit, dirty, url)


FULL = [
    code(),
    ("command", "train.py", "main", None, None, None),
    ("data", "digits", "training", "a1b2", None, None),
    ("environment", "python", "3.12", None, None, None),
    ("environment", "torch", "2.1", None, None, None),
    ("hardware", "A100", None, None, None, None),
]


def runs_of(**by_group):
    return [
        {"name": f"{group}-{index}", "params": {"g": group, "seed": index}, "lineage": rows}
        for group, many in by_group.items()
        for index, rows in enumerate(many)
    ]


def blocks_of(made, **options):
    """What compares facts; what is drawn, listed run by run and written has tests of its own."""
    chosen = Options(**{"graph": False, "provenance": False, **options})
    blocks = lineage.present(lineage.compute(made, chosen), chosen)
    return tuple(b for b in blocks if not (isinstance(b, Fold) and b.title == "Run by run"))


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
    facts, changed = reading.find(blocks_of(study(runs, by=["g"])), Table)
    assert reading.shown(facts) == [{"Fact": "torch", "g=a": "1.1", "g=b": "1.10"}]
    assert reading.column(changed, "Change") == ["upgraded minor version"]


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
    assert (
        "Logged for no run: commit, word on uncommitted changes, repository, command, dataset, "
        "environment, version of Python, hardware."
    ) in said


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


# ---- from group to group -------------------------------------------------------------------------


def environment(**versions):
    return [("environment", name, text, None, None, None) for name, text in versions.items()]


def test_packages_that_differ_are_ordered_by_what_matters():
    before = environment(numpy="1.26.4", torch="2.1.0", rich="12.0", attrs="23.1", six="1.16")
    after = environment(numpy="2.0.1", torch="2.2.0", rich="13.0", attrs="23.2", tqdm="4.0")
    made = study(runs_of(a=[before, before], b=[after]), by=["g"], baseline={"g": "a"})
    blocks = blocks_of(made)
    (table,) = [t for t in reading.find(blocks, Table) if t.caption == "6 packages differ"]
    assert [
        (row["Package"], row["Change"], row["g=a"], row["g=b"]) for row in reading.shown(table)
    ] == [
        ("numpy", "upgraded major version", "1.26.4", "2.0.1"),
        ("torch", "upgraded minor version", "2.1.0", "2.2.0"),
        ("rich", "upgraded major version", "12.0", "13.0"),
        ("attrs", "upgraded minor version", "23.1", "23.2"),
        ("six", "removed", "1.16", MISSING),
        ("tqdm", "added", MISSING, "4.0"),
    ]


def test_what_only_one_side_logged_is_said_and_not_called_added():
    made = study(runs_of(a=[FULL], b=[[code(OTHER)]]), by=["g"], baseline={"g": "a"})
    said = reading.said(blocks_of(made))
    assert "Not logged on both sides, so not compared: data sets, packages, hardware." in said
    assert not [t for t in reading.find(blocks_of(made), Table) if "package" in t.caption]


def test_data_and_machine_changes_are_listed():
    before = [("data", "a", None, "d1", None, None), ("data", "b", None, "d2", None, None),
              ("hardware", "gpu", "A100", None, None, None)]  # fmt: skip
    after = [("data", "b", None, "d3", None, None), ("data", "c", None, "d4", None, None),
             ("hardware", "gpu", "H100", None, None, None)]  # fmt: skip
    made = study(runs_of(a=[before], b=[after]), by=["g"], baseline={"g": "a"})
    tables = {table.caption: table for table in reading.find(blocks_of(made), Table)}
    data = reading.shown(tables["3 data sets differ"])
    assert [(row["Data"], row["Change"], row["g=a"], row["g=b"]) for row in data] == [
        ("a", "removed", "d1", MISSING),
        ("b", "changed", "d2", "d3"),
        ("c", "added", MISSING, "d4"),
    ]
    assert reading.shown(tables["1 fact of the machine differs"]) == [
        {"Machine": "gpu", "g=a": "A100", "g=b": "H100"}
    ]


def folder(digest, files, listed=True):
    rows = [("data", "images", None, digest, None, None),
            ("files", "images", str(len(files)), None, None, None)]  # fmt: skip
    each = [("file", f"images/{name}", None, text, None, None) for name, text in files.items()]
    return rows + (each if listed else [])


def test_files_of_a_data_folder_are_compared_where_both_sides_list_them():
    before = folder("md5:1.dir", {"a": "x", "b": "y", "c": "z"})
    after = folder("md5:2.dir", {"a": "x", "b": "Y", "d": "w", "e": "v"})
    made = study(runs_of(a=[before], b=[after]), by=["g"], baseline={"g": "a"})
    (table,) = [t for t in reading.find(blocks_of(made), Table) if "data set" in t.caption]
    assert [
        (row["Data"], row["Change"], row["g=a"], row["g=b"]) for row in reading.shown(table)
    ] == [
        ("images", "changed", "md5:1.dir (3 files)", "md5:2.dir (4 files)"),
        ("images/b", "changed", "y", "Y"),
        ("images/c", "removed", "z", MISSING),
        ("images/d", "added", MISSING, "w"),
        ("images/e", "added", MISSING, "v"),
    ]
    assert table.caption == "1 data set and 4 files of data differ"


def test_files_that_one_side_does_not_list_are_not_called_new():
    before = folder("md5:1.dir", {"a": "x"})
    after = folder("md5:2.dir", {"a": "x", "b": "y"}, listed=False)
    made = study(runs_of(a=[before], b=[after]), by=["g"], baseline={"g": "a"})
    (table,) = [t for t in reading.find(blocks_of(made), Table) if "data set" in t.caption]
    assert reading.column(table, "Data") == ["images"]


def test_without_a_repository_the_page_says_how_to_name_one():
    newer = [code(OTHER), *FULL[1:]]
    made = study(runs_of(a=[FULL], b=[newer]), by=["g"], baseline={"g": "a"})
    assert "name the repository in `lineage: {repository: ...}`" in reading.said(blocks_of(made))


def test_many_steps_are_folded_one_each():
    runs = runs_of(**{f"x{i}": [environment(torch=f"{i}.0")] for i in range(5)})
    runs += runs_of(same=[environment(torch="0.0")])
    made = study(runs, by=["g"], baseline={"g": "x0"})
    titles = [fold.title for fold in reading.find(blocks_of(made), Fold)]
    assert "From g=x0 to g=x4: 1 package" in titles
    assert "From g=x0 to g=same: no difference that both sides logged" in titles
    assert sum(title.startswith("From") for title in titles) == 5


def test_run_by_run_seed_parent_models_and_logged_changes_are_listed():
    rows = [
        code(dirty=True),
        ("parent", "p1", None, None, None, None),
        ("model", "digits", "3", None, None, None),
        ("model", "digits@champion", "3", None, None, None),
    ]
    run = {"name": "a", "params": {"g": "a", "random_state": 7}, "lineage": rows}
    run["artifacts"] = [("files/diff.patch", "text", 2000, None, None)]
    made = study([run], by=["g"])
    blocks = lineage.present(lineage.compute(made, Options()), Options())
    (fold,) = [b for b in reading.find(blocks, Fold) if b.title == "Run by run"]
    (table,) = reading.find(fold.body, Table)
    (row,) = reading.shown(table)
    assert row["Seed"] == "random_state 7"
    assert row["Parent"] == "p1"
    assert row["Models"] == "digits 3 (champion)"
    assert row["Uncommitted changes"].startswith("yes, logged (files/diff.patch")
