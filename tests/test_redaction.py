"""Secrets go, settings stay."""

from __future__ import annotations

import json
import re
import time

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


@pytest.mark.parametrize(
    "command",
    [
        "train.py --api-key Zq3v9Lm2Xw81 --lr 0.1",
        "train.py --db_password=Zq3v9Lm2Xw81 --lr 0.1",
        "train.py -password 'Zq3v9Lm2Xw81' --lr 0.1",
        "WANDB_API_KEY=Zq3v9Lm2Xw81 train.py --lr 0.1",
        "train.py --hub-token Zq3v9Lm2Xw81 --lr 0.1",
    ],
)
def test_secrets_in_commands_go_and_the_command_stays(command):
    text = redact_text(command)
    assert "Zq3v9Lm2Xw81" not in text
    assert "train.py" in text
    assert text.endswith("--lr 0.1") or command.endswith("train.py --lr 0.1")


@pytest.mark.parametrize(
    "command",
    [
        "train.py --max_token_length 2048 --use-cls-token true --pad-token <pad>",
        "train.py --token-dropout 0.1 --password-loss --secret-sauce 0.3",
        "train.py --tokenizer bert-base-uncased --key-dim 64",
    ],
)
def test_settings_in_commands_stay(command):
    assert redact_text(command) == command


@pytest.mark.parametrize("name", ["dbPassword", "apiKey", "aws.secretAccessKey", "bot_token"])
def test_names_in_any_spelling_tell_a_secret(name):
    assert redact(run(params={name: "tr0ub4dor"}))[1] == 1


def test_a_token_without_a_known_shape_goes_when_it_is_surely_one():
    assert redact(run(params={"hub_token": "9f" * 20}))[1] == 1
    assert redact(run(params={"bos_token": "<|begin_of_text_0|>", "sep_token": "[SEP]"}))[1] == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("index.html", "<title>" + "".join(f"&#{ord(char)};" for char in TOKEN) + "</title>"),
        ("runs/r1.html", f"<p>see https://ada:{TOKEN[4:20]}@example.com/</p>"),
        ("data/index/runs.csv", f"name\r\n{TOKEN}\r\n"),
        ("data/index/runs.tex", TOKEN.replace("_", "\\_")),
        ("search/search_index.json", f'{{"docs": [{{"text": "{TOKEN}"}}]}}'),
    ],
)
def test_a_secret_is_seen_in_every_kind_of_file_however_it_is_written(tmp_path, name, text):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    (problem,) = scan(tmp_path)
    assert problem.severity == "error"
    assert problem.place.startswith(name)
    assert TOKEN[4:] not in problem.message


def test_a_secret_on_many_pages_is_one_problem_that_counts_them(tmp_path):
    for number in range(30):
        (tmp_path / f"p{number:02d}.html").write_text(f"<title>{TOKEN}</title>")
    (problem,) = scan(tmp_path)
    assert problem.place == "p00.html:1"
    assert "30 times" in problem.message


@pytest.mark.parametrize(
    "text", ["https://user:password@db/", "https://$USER:$TOKEN@db/", "https://user:***@db/"]
)
def test_how_documentation_writes_addresses_is_no_secret(tmp_path, text):
    (tmp_path / "index.html").write_text(f"<p>{text}</p>")
    assert list(scan(tmp_path)) == []


OPEN = {"DefaultEndpointsProtocol", "EndpointSuffix"}
"""Words of a connection string that are no secret, though longer than some."""


@needs_shared("attacks", "secrets")
@pytest.mark.parametrize("field", ["params", "tags", "command", "url", "name", "note"])
def test_planted_secrets_are_gone_from_every_field(field):
    folder = SHARED / "attacks" / "secrets"
    positives = json.loads((folder / "positives.json").read_text())
    planted = ["".join(item["parts"]) for item in positives]
    # the random part of a secret is its longest run of letters and digits
    parts = [max(re.findall(r"[A-Za-z0-9]+", text), key=len) for text in planted]
    shown, count = in_field(planted, field)
    left = [part for part in parts if part in shown and part not in OPEN]
    assert len(left) <= len(planted) * 0.01, left
    assert count >= len(planted) * 0.99
    benign = json.loads((folder / "negatives.json").read_text())
    assert in_field(benign, field)[1] == 0


def in_field(texts, field):
    """All that the tables say of runs with these texts in a field, and how much was replaced."""
    make = {
        "params": lambda text: {"params": {"note": text}},
        "tags": lambda text: {"tags": {"comment": text}},
        "command": lambda text: {"lineage": [("command", f"train.py {text}", *[None] * 4)]},
        "url": lambda text: {"lineage": [("code", "git", None, None, None, text)]},
        "name": lambda text: {"name": text},
        "note": lambda text: {"tags": {"mlflow.note.content": f"We used {text} here."}},
    }[field]
    facts = [{"id": f"r{n}", "name": "x", **make(text)} for n, text in enumerate(texts)]
    clean, count = redact(tables(facts))
    shown = (clean.runs, clean.params, clean.tags, clean.lineage)
    return str([table.to_pylist() for table in shown]), count


@needs_shared("attacks", "secrets")
def test_planted_secrets_are_found_and_benign_lines_left_alone():
    folder = SHARED / "attacks" / "secrets"
    planted = ["".join(item["parts"]) for item in json.loads((folder / "positives.json").read_text())]  # fmt: skip  # noqa: E501
    missed = [text[:12] for text in planted if redact_text(text) == text]
    assert len(missed) <= len(planted) * 0.01, missed
    benign = json.loads((folder / "negatives.json").read_text())
    assert [line for line in benign if redact_text(line) != line] == []


LONG = {
    "x": "x", "=": "=", "a:": "a:", "-": "-", "-a": "-a", "--a": "--a", "_": "secret_",
    "password": "password", "token": "--token ", "address": "a://", "userinfo": "a://b:",
    "key": "sk-", "jwt": "eyJ", "space": "password ", "pem": "-----BEGIN PRIVATE KEY-----",
}  # fmt: skip


@pytest.mark.parametrize("unit", LONG.values(), ids=LONG)
def test_any_text_ends_quickly(unit):
    started = time.monotonic()
    assert isinstance(redact_text(unit * (300_000 // len(unit))), str)
    assert time.monotonic() - started < 5
