"""Provenance for other programs: read back by the reference libraries where they are installed."""

from __future__ import annotations

import json

import pytest

from runreport.design import Metric
from runreport.sections import lineage, provenance
from runreport.sections.lineage import Options
from tests.studies import study

COMMIT = "5d0c9f2b7a41e86390d1f4c2ab87e6635f10c9d4"
SHA = "ab" * 32
ROWS = [
    ("code", "digits", "main", COMMIT, True, "https://git.example.org/digits"),
    ("command", "train.py --fast", None, None, None, None),
    ("data", "digits", "training", "a1b2", None, None),
    ("data", "images", None, f"md5:{'0f' * 16}.dir", None, None),
    ("environment", "torch", "2.1", None, None, None),
    ("environment", "python", "3.12", None, None, None),
    ("hardware", "gpu", "A100", None, None, None),
    ("model", "digits", "3", None, None, None),
    ("model", "digits@champion", "3", None, None, None),
]


def made(**changes):
    runs = [
        {
            "name": f"{group}-{seed}",
            "params": {"g": group, "seed": seed},
            "metrics": {"acc": 0.5 + 0.1 * seed + (0.2 if group == "b" else 0)},
            "lineage": ROWS,
            "artifacts": [("model/model.bin", "model", 12, f"sha256:{SHA}", None)],
            **changes,
        }
        for group in "ab"
        for seed in range(2)
    ]
    metric = Metric("acc", goal="maximize", primary=True)
    return study(runs, by=["g"], replicates="seed", baseline={"g": "a"}, metrics=[metric])


def entities(context):
    graph = json.loads(provenance.crate(context, ("in-toto-statement.json",)))["@graph"]
    return {entity["@id"]: entity for entity in graph}


def test_the_crate_is_read_by_the_reference_library(tmp_path):
    crates = pytest.importorskip("rocrate.rocrate", reason="rocrate is not installed")
    folder = tmp_path / "crate"
    folder.mkdir()
    (folder / "ro-crate-metadata.json").write_text(
        provenance.crate(made(), ("in-toto-statement.json",))
    )
    (folder / "in-toto-statement.json").write_text("{}")
    crate = crates.ROCrate(folder)
    actions = crate.get_by_type("CreateAction")
    assert sorted(action["name"] for action in actions) == ["a-0", "a-1", "b-0", "b-1"]
    (code,) = crate.get_by_type("SoftwareSourceCode")
    assert code["version"] == COMMIT
    # written and read once more, nothing is lost
    crate.write(tmp_path / "again")
    again = crates.ROCrate(tmp_path / "again")
    assert {e.id for e in again.get_entities()} == {e.id for e in crate.get_entities()}


def test_every_reference_of_the_crate_leads_somewhere():
    found = entities(made())

    def references(value):
        if isinstance(value, dict):
            if set(value) == {"@id"}:
                yield value["@id"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for entity in found.values():
        body = {key: value for key, value in entity.items() if key != "@id"}
        outside = [name for name in references(body) if name not in found]
        assert [name for name in outside if not name.startswith("http")] == []


def test_the_root_of_the_crate_says_what_the_specification_asks_for():
    root = entities(made())["./"]
    assert {"name", "description", "datePublished", "license"} <= root.keys()
    assert root["hasPart"] == [{"@id": "in-toto-statement.json"}]


def test_an_alias_names_its_model_version_in_the_crate():
    (model,) = [e for e in entities(made()).values() if e.get("alternateName")]
    assert (model["name"], model["version"], model["alternateName"]) == (
        "digits",
        "3",
        ["champion"],
    )


def test_the_statement_is_accepted_by_the_reference_library():
    statements = pytest.importorskip(
        "in_toto_attestation.v1.statement", reason="in-toto-attestation is not installed"
    )
    from google.protobuf import json_format
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
    from in_toto_attestation.v1 import statement_pb2

    run, _ = provenance.candidate(made())
    text = provenance.statement(run)
    read = statements.Statement.copy_from_pb(json_format.Parse(text, statement_pb2.Statement()))
    read.validate()
    assert dict(read.pb.subject[0].digest) == {"sha256": SHA}
    predicate = json.loads(text)["predicate"]
    parsed = json_format.ParseDict(predicate, provenance_pb2.Provenance())
    dependencies = parsed.build_definition.resolved_dependencies
    assert dict(dependencies[0].digest) == {"gitCommit": COMMIT}
    assert [d.name for d in dependencies] == ["digits", "digits (training)", "images"]


def test_the_statement_is_about_the_best_run_outside_of_the_baseline():
    run, why = provenance.candidate(made())
    assert run.name == "b-1"
    assert why == "the best acc of the finished runs outside of the baseline"


def test_a_failed_run_is_no_candidate():
    run, why = provenance.candidate(made(status="failed"))
    assert run is None
    assert why == "no finished run outside of the baseline"


def test_without_a_digest_there_is_no_statement_and_the_page_says_why():
    context = made(artifacts=[("model.bin", "model", 12, None, None)])
    run, _ = provenance.candidate(context)
    assert provenance.statement(run) is None
    files = lineage.compute(context, Options()).files
    assert files.why == "nothing that b-1 made has a digest"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"sha256:{SHA}", {"sha256": SHA}),
        (f"SHA256:{SHA.upper()}", {"sha256": SHA}),
        (f"md5:{'0f' * 16}.dir", {"md5": "0f" * 16}),
        ("0f" * 16, {"md5": "0f" * 16}),
        (f"md5:{SHA}", {}),
        ("a1b2", {}),
        ("no digest", {}),
        (None, {}),
    ],
)
def test_digests_name_their_algorithm_or_are_left_out(text, expected):
    assert provenance.digest_set(text) == expected


def test_equal_facts_give_equal_bytes():
    first, second = (lineage.compute(made(), Options()).files for _ in range(2))
    assert (first.crate, first.statement) == (second.crate, second.statement)
    assert first.crate.isascii()
