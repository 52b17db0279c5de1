"""Secrets go, settings stay."""

from __future__ import annotations

import json

import pytest

from runreport.redaction import REDACTED, redact, redact_text, scan, spared
from tests.shared import SHARED, needs_shared
from tests.studies import tables

# joined here so that no scanner takes this file for a leak
TOKEN = "ghp_" + "a1B2" * 9


def run(**more):
    return tables([{"name": "one", **more}])


def test_a_token_is_replaced_wherever_it_stands():
    facts = run(
        name=TOKEN, params={"x": f"--token {TOKEN}"}, tags={TOKEN: "y"}, user=TOKEN,
        lineage=[("command", f"train {TOKEN}", TOKEN, None, None, f"https://example.com/{TOKEN}")],
        artifacts=[(f"out/{TOKEN}.txt", "text", 1, None, None)], metrics={TOKEN: 1.0},
    )  # fmt: skip
    clean, count = redact(facts)
    assert count == 9
    for table in (clean.runs, clean.params, clean.tags, clean.lineage, clean.artifacts, clean.metrics):  # fmt: skip  # noqa: E501
        assert TOKEN not in str(table.to_pylist())


def test_passwords_in_addresses_go_and_the_address_stays():
    text = redact_text("https://ada:" + "hunter22xyz@git.example.com/repo.git")
    assert text == f"https://{REDACTED}@git.example.com/repo.git"


def test_a_param_named_password_is_replaced_whatever_it_looks_like():
    clean, count = redact(run(params={"db_password": "tr0ub4dor"}))
    assert clean.params["value"].to_pylist() == [REDACTED]
    assert count == 1


def test_hyperparameters_with_such_names_stay():
    params = {
        "max_token_length": "2048", "use_cls_token": "true", "password_strength_loss": "0.12",
        "secret_sauce_coef": "0.3", "pad_token": "<pad>", "tokenizer": "bert-base-uncased",
    }  # fmt: skip
    clean, count = redact(run(params=params))
    assert count == 0
    assert sorted(clean.params["value"].to_pylist()) == sorted(params.values())


def test_what_the_author_allows_by_name_stays_and_may_be_published(tmp_path):
    facts = run(params={"example": TOKEN})
    clean, count = redact(facts, ["example"])
    assert count == 0
    assert clean.params["value"].to_pylist() == [TOKEN]
    (tmp_path / "index.html").write_text(f"<p>{TOKEN}</p>")
    assert list(scan(tmp_path, spared(facts, ["example"]))) == []


def test_a_secret_in_a_page_is_named_by_place_never_by_value(tmp_path):
    (tmp_path / "index.html").write_text(f"<p>\n{TOKEN}</p>")
    (problem,) = scan(tmp_path)
    assert problem.code == "RR651"
    assert problem.place == "index.html:2"
    assert TOKEN not in problem.message + str(problem.hint)


@needs_shared("attacks", "secrets")
def test_planted_secrets_are_found_and_benign_lines_left_alone():
    folder = SHARED / "attacks" / "secrets"
    planted = ["".join(item["parts"]) for item in json.loads((folder / "positives.json").read_text())]  # fmt: skip  # noqa: E501
    missed = [text[:12] for text in planted if redact_text(text) == text]
    assert len(missed) <= len(planted) * 0.01, missed
    benign = json.loads((folder / "negatives.json").read_text())
    assert [line for line in benign if redact_text(line) != line] == []


@pytest.mark.parametrize("text", ["", "0.1", "x" * 300_000, "=" * 50_000, "a:" * 40_000])
def test_any_text_ends_quickly(text):
    assert isinstance(redact_text(text), str)
