"""The JSON Schema of the spec."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest
import yaml

from runreport import registry
from runreport.spec.keys import TOP
from runreport.spec.schema import field_docs, json_schema
from tests.shared import ROOT
from tests.spec.specs import read

SCHEMA = json_schema(registry.SECTIONS, registry.SOURCES)


def validator():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed here")
    return jsonschema.Draft202012Validator(SCHEMA)


def readme_spec() -> str:
    return re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M)[0]


def example(module_doc: str) -> str:
    """The YAML of a docstring: its indented lines."""
    lines = [line[4:] for line in module_doc.split("\n") if line.startswith("    ")]
    return "\n".join(lines)


def test_it_is_a_schema_of_the_dialect_it_names():
    validator().check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "runreport.yaml").read_text(),
        (ROOT / "examples/files/runreport.yaml").read_text(),
        readme_spec(),
    ],
    ids=["runreport.yaml", "examples/files", "README"],
)
def test_shipped_specs_are_valid(text):
    errors = [
        f"{list(e.absolute_path)}: {e.message[:200]}"
        for e in validator().iter_errors(yaml.safe_load(text))
    ]
    assert errors == []


VALID = [
    "sources: [{mlflow: a}]",
    "report: Title\nsources: [{mlflow: a}]",
    "sources: [{mlflow: a}]\nruns: {limit: '${n}', sort: -loss}\nvars: {n: 3}",
    "sources: [{mlflow: a}]\ngroups: {by: all_but(seed)}",
    "sources: [{mlflow: a}]\nmetrics: {loss: , time: {margin: 5%}, acc: {margin: 0.5}}",
    "sources: [{mlflow: a}]\npages: [{title: T, sections: [{bars: loss, title: A}, parallel: ]}]",
    "sources: [{mlflow: a}]\nprofiles: {nightly: {runs: {limit: 3}}}",
]
INVALID = [
    "sources: []",
    "sources: [{mlflow: a, experimens: [x]}]",
    "sources: [{mlfow: a}]",
    "sources: [{mlflow: a}]\nthem: print",
    "sources: [{mlflow: a}]\nruns: {limit: 0}",
    "sources: [{mlflow: a}]\nruns: {limit: many}",
    "sources: [{mlflow: a}]\ngroups: {by: optimizer}",
    "sources: [{mlflow: a}]\nmetrics: {loss: {goal: max}}",
    "sources: [{mlflow: a}]\nmetrics: {loss: {scale: 0}}",
    "sources: [{mlflow: a}]\ncomparison: {alpha: 1}",
    "sources: [{mlflow: a}]\npages: [{title: T}]",
    "sources: [{mlflow: a}]\npages: [{title: T, sections: [history]}]",
    "sources: [{mlflow: a}]\npages: [{title: T, sections: [history: {metric: a, bnd: ci}]}]",
    "sources: [{mlflow: a}]\npages: [{title: T, sections: [parallel], foreach: runs}]",
    "sources: [{mlflow: a}]\ngates: [{metric: a, require: best}]",
]


@pytest.mark.parametrize("text", VALID)
def test_what_the_loader_takes_the_schema_takes(tmp_path, text):
    assert list(validator().iter_errors(yaml.safe_load(text))) == []
    assert read(tmp_path, text).errors == ()


@pytest.mark.parametrize("text", INVALID)
def test_what_the_loader_refuses_the_schema_refuses(tmp_path, text):
    assert list(validator().iter_errors(yaml.safe_load(text))) != []
    assert read(tmp_path, text).errors != ()


def test_every_key_is_there_and_described():
    assert list(SCHEMA["properties"]) == list(TOP)
    assert all(entry["description"] for entry in SCHEMA["properties"].values())
    assert SCHEMA["additionalProperties"] is False


def sections() -> dict:
    (pages, _variable) = SCHEMA["properties"]["pages"]["anyOf"]
    items = pages["items"]["properties"]["sections"]["items"]
    return items["anyOf"][1]["properties"]


def test_every_section_is_there_with_its_manual_and_options():
    entries = sections()
    assert set(entries) == {*registry.SECTIONS, "title"}
    for name, section in registry.SECTIONS.items():
        record = entries[name]["anyOf"][0]
        own = {field.name for field in fields(section.options)}
        assert set(record["properties"]) == own | {"title"}
        assert len(entries[name]["description"].split()) > 3, name
        undocumented = [key for key in own if "description" not in record["properties"][key]]
        assert undocumented == [], name


def test_every_source_is_there_with_its_options():
    (entries, _variable) = SCHEMA["properties"]["sources"]["anyOf"]
    found = {entry["title"]: entry for entry in entries["items"]["anyOf"]}
    assert set(found) == set(registry.SOURCES)
    for name, source in registry.SOURCES.items():
        own = [field.name for field in fields(source.options)]
        assert set(found[name]["properties"]) == {name, "rename", "scale", "join", *own[1:]}
        assert found[name]["required"][0] == name
        assert found[name]["description"]


def test_defaults_are_told():
    band = sections()["history"]["anyOf"][0]["properties"]["band"]
    assert band["default"] == "ci"
    assert band["anyOf"][0]["enum"] == ["ci", "sd", "minmax", "none"]


def test_it_is_plain_json_and_equal_each_time():
    again = json_schema(registry.SECTIONS, registry.SOURCES)
    assert json.dumps(again, allow_nan=False) == json.dumps(SCHEMA, allow_nan=False)


def test_strings_under_fields_are_found():
    options = registry.SECTIONS["history"].options
    assert field_docs(options)["metric"].startswith("The metric drawn")
    assert field_docs(int) == {}
