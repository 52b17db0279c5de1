"""The graph from data over runs to models and aliases."""

from __future__ import annotations

from runreport.sections import genealogy
from tests.sections import planes
from tests.studies import study

COMMIT = "5d0c9f2b7a41e86390d1f4c2ab87e6635f10c9d4"


def rows(version, *, alias=None, data="a1b2"):
    found = [
        ("code", "digits", "main", COMMIT, False, None),
        ("data", "digits", "training", data, None, None),
        ("model", "digits", version, None, None, None),
    ]
    if alias:
        found.append(("model", f"digits@{alias}", version, None, None, None))
    return found


def graph_of(runs, **more):
    return genealogy.graph(study(runs, by=["g"], **more))


def names(found):
    return [(node.column, node.label, node.detail) for node in found.nodes]


def ties(found):
    label = [node.label for node in found.nodes]
    return {(label[edge.start], label[edge.end]): len(edge.run_ids) for edge in found.edges}


def test_data_and_code_lead_to_groups_and_groups_to_models_and_aliases():
    found = graph_of(
        [
            {"name": "a", "params": {"g": "a"}, "lineage": rows("1", alias="champion")},
            {"name": "b", "params": {"g": "b"}, "lineage": rows("2")},
        ]
    )
    assert sorted(names(found)) == [
        (0, "code", COMMIT[:10]),
        (0, "digits", "training a1b2"),
        (1, "g=a", "1 run"),
        (1, "g=b", "1 run"),
        (2, "digits", "1"),
        (2, "digits", "2"),
        (3, "champion", "digits"),
    ]
    assert ties(found)["code", "g=a"] == 1
    assert ties(found)["digits", "champion"] == 1
    assert found.left_out == 0


def test_data_whose_digests_start_alike_stay_apart():
    runs = [
        {"name": g, "params": {"g": g}, "lineage": rows("1", data=f"sha256:abcdefgh{g}")}
        for g in "ab"
    ]
    found = graph_of(runs)
    assert sum(node.detail == "training abcdef" for node in found.nodes) == 2


def test_runs_of_a_group_share_its_node():
    runs = [{"name": f"a{i}", "params": {"g": "a"}, "lineage": rows(str(i))} for i in range(3)]
    found = graph_of(runs)
    assert ties(found)["code", "g=a"] == 3
    assert sum(node.column == 2 for node in found.nodes) == 3


def test_a_model_that_a_run_started_from_is_an_origin():
    lineage = [("model", "bert-base", None, None, None, None)]
    found = graph_of([{"name": "a", "params": {"g": "a"}, "lineage": lineage}])
    assert [(node.column, node.label) for node in found.nodes] == [(0, "bert-base"), (1, "g=a")]


def test_more_nodes_than_fit_are_left_out_and_counted():
    runs = [
        {"name": f"r{i}", "params": {"g": str(i)}, "lineage": rows(str(i), data=f"d{i}")}
        for i in range(30)
    ]
    found = graph_of(runs)
    assert len(found.nodes) <= genealogy.MOST
    # 30 data sets, one commit, 30 groups, 30 versions
    assert len(found.nodes) + found.left_out == 91
    note = "".join(str(word) for word in genealogy.figure(found).note)
    assert note == f"{found.left_out} nodes left out."


def test_lines_of_what_belongs_together_do_not_cross():
    # by their names alone data and models would stand in the opposite order
    own = [rows(f"{9 - i}", data=f"d{9 - i}")[1:] for i in range(6)]
    runs = [{"name": f"r{i}", "params": {"g": str(i)}, "lineage": own[i]} for i in range(6)]
    found = graph_of(runs)
    places = {c: [n for n in found.nodes if n.column == c] for c in (0, 1, 2)}
    order = [n.run_ids for n in places[1]]
    assert [n.run_ids for n in places[0]] == order
    assert [n.run_ids for n in places[2]] == order


def test_without_lineage_nothing_is_drawn():
    found = graph_of([{"name": "a", "params": {"g": "a"}}])
    assert genealogy.figure(found) is None


def test_every_node_and_line_can_be_found_by_its_runs():
    runs = [
        {"name": "a", "params": {"g": "a"}, "lineage": rows("1", alias="champion")},
        {"name": "b", "params": {"g": "b"}, "lineage": rows("2")},
    ]
    found = graph_of(runs)
    figure = genealogy.figure(found)
    lines, boxes = planes.drawing_of(figure).marks
    assert len(lines.marks) == len(found.edges)
    assert len(boxes.marks) == len(found.nodes)
    # raises where marks are not what was drawn
    assert planes.svg_of(figure).count("champion") >= 1
    assert {i for mark in boxes.marks for i in mark.run_ids} == {"mlflow:0000", "mlflow:0001"}
