"""The source `lm_eval`: against its files' own values, and the answers its example was made of."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.commands.guesses import guess_metrics
from runreport.errors import SourceError
from tests.shared import SHARED, needs_shared
from tests.sources.folder_stores import facts, found_at, read, write
from tests.sources.test_inspect import EXAMPLE, study

SAMPLE = SHARED / "samples" / "lm_eval_harness"
DATE = "2026-01-02T03-04-05.678901"


def results(**changes: Any) -> dict[str, Any]:
    return {
        "results": {"sums": {"alias": "sums", "acc,none": 0.5, "acc_stderr,none": "N/A"}},
        "versions": {"sums": 1.0},
        "n-shot": {"sums": 5},
        "config": {"model": "hf", "model_args": "pretrained=org/m,dtype=float16"},
        "lm_eval_version": "0.4.9",
        **changes,
    }


def stored(folder: Path, content: Any = None, lines: Any = None, task: str = "sums") -> Path:
    """A file of results with samples beside it."""
    path = write(folder / f"results_{DATE}.json", results() if content is None else content)
    if lines is not None:
        text = lines if isinstance(lines, bytes) else "".join(f"{json.dumps(x)}\n" for x in lines)
        write(folder / f"samples_{task}_{DATE}.jsonl", text)
    return path


def entry(doc: Any, **values: Any) -> dict[str, Any]:
    return {"doc_id": doc, "doc_hash": f"h{doc}", "filter": "none", "metrics": list(values),
            **values}  # fmt: skip


# ---- what tools wrote ----------------------------------------------------------------------------


def test_each_question_of_the_example_has_the_value_it_was_made_with() -> None:
    made = study()
    store = read("lm_eval", EXAMPLE / "lm_eval", unit="sample", fields=("subject", "q"))
    assert not store.problems
    asked = made.questions("choices")
    for model in made.SKILL:
        own = {
            run.params["item"].text: run
            for run in store.runs.values()
            if run.params["model_args.pretrained"].text == model
        }
        right = made.knows("choices", model)
        assert len(own) == len(right)
        for number, (question, known) in enumerate(zip(asked, right, strict=True)):
            run = own[f"choices/{number}"]
            assert run.metrics["acc"].last == float(known)
            assert run.params["doc.subject"].text == question["subject"]
            assert run.params["doc.q"].text == question["q"]
            assert run.params["num_fewshot"].number == 0


@needs_shared("samples", "lm_eval_harness")
def test_the_sample_has_the_values_of_its_files() -> None:
    store = read("lm_eval", SAMPLE)
    assert not store.problems
    files = sorted(SAMPLE.glob("*/*/results_*.json"))
    assert list(store.runs) == [str(f.relative_to(SAMPLE).with_suffix("")) for f in files]
    for run, file in zip(store.runs.values(), files, strict=True):
        said = json.loads(file.read_text())
        expected = {
            f"toy_add/{name.removesuffix(',none')}": value
            for name, value in said["results"]["toy_add"].items()
            if isinstance(value, int | float)
        }
        assert {name: metric.last for name, metric in run.metrics.items()} == expected
        assert run.params["random_seed"].number == said["config"]["random_seed"]
        assert run.params["model"].text == "dummy"
        assert run.params["toy_add.num_fewshot"].number == 0
        assert run.started == datetime.fromtimestamp(said["date"], UTC)
        assert run.duration_s == float(said["total_evaluation_time_seconds"])
        assert run.status == "finished"
        assert run.tags["task_hash.toy_add"] == said["task_hashes"]["toy_add"]
        assert {artifact.kind for artifact in run.artifacts} == {"text", "predictions"}


@needs_shared("samples", "lm_eval_harness")
def test_the_means_of_samples_are_the_results_of_the_sample() -> None:
    whole = read("lm_eval", SAMPLE).runs
    items = read("lm_eval", SAMPLE, unit="sample").runs
    for key, run in whole.items():
        own = [item for name, item in items.items() if name.startswith(f"{key}#")]
        assert len(own) == run.metrics["toy_add/sample_len"].last
        for metric in ("acc", "acc_norm"):
            values = [item.metrics[metric].last or 0.0 for item in own]
            mean = run.metrics[f"toy_add/{metric}"].last
            assert sum(values) / len(values) == pytest.approx(mean, abs=1e-12)


@needs_shared("samples", "lm_eval_harness")
def test_evaluations_on_the_same_documents_have_one_digest_of_data() -> None:
    one, other = read("lm_eval", SAMPLE).runs.values()
    first, second = ([fact for fact in run.lineage if fact.kind == "data"] for run in (one, other))
    assert first == second
    assert first[0].name == "toy_add"
    assert (first[0].digest or "").startswith("sha256:")


def test_other_documents_have_another_digest(tmp_path: Path) -> None:
    stored(tmp_path / "a", lines=[entry(0, acc=1), entry(1, acc=0)])
    stored(tmp_path / "b", lines=[entry(1, acc=1), entry(0, acc=0)])
    stored(tmp_path / "c", lines=[entry(0, acc=1), entry(2, acc=0)])
    stored(tmp_path / "d")
    digests = [
        fact.digest
        for run in read("lm_eval", tmp_path).runs.values()
        for fact in run.lineage
        if fact.kind == "data"
    ]
    assert digests[0] == digests[1] != digests[2]
    assert digests[3] is None


# ---- results -------------------------------------------------------------------------------------


def test_names_keep_their_filter_and_values_of_any_kind(tmp_path: Path) -> None:
    text = json.dumps(
        results(
            results={
                "gsm8k": {"alias": " - gsm8k", "exact_match,strict-match": 0.25,
                          "exact_match,flexible-extract": 1e-7, "exact_match_stderr,x": "N/A"},
                "wiki/ü": {"word_perplexity,none": math.inf, "bits,none": math.nan},
                "old": {"acc": 0.5, "acc_stderr": 0.1},
                "odd": {"list,none": [1, 2], "true,none": True},
            },
            groups={"mmlu": {"acc,none": 0.75}},
        )
    )  # fmt: skip
    store = read("lm_eval", stored(tmp_path, text))
    (run,) = store.runs.values()
    found = {name: metric.last for name, metric in run.metrics.items()}
    assert math.isnan(found.pop("wiki/ü/bits") or 0.0)
    assert found == {
        "gsm8k/exact_match,strict-match": 0.25, "gsm8k/exact_match,flexible-extract": 1e-7,
        "wiki/ü/word_perplexity": math.inf, "old/acc": 0.5, "old/acc_stderr": 0.1,
        "odd/true": 1.0, "mmlu/acc": 0.75,
    }  # fmt: skip
    (problem,) = store.problems
    assert problem.code == "RR375"
    assert "odd/list" in problem.message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("pretrained=org/m,dtype=float16,trust_remote_code=True",
         {"pretrained": "org/m", "dtype": "float16", "trust_remote_code": "True"}),
        ({"pretrained": "org/m", "lr": 1e-05, "max": None},
         {"pretrained": "org/m", "lr": "1e-05"}),
        ("base_url=http://host/v1?a=b, model=x", {"base_url": "http://host/v1?a=b", "model": "x"}),
        ("", {}),
        (None, {}),
    ],
)  # fmt: skip
def test_arguments_of_the_model_are_params_one_by_one(
    tmp_path: Path, arguments: Any, expected: dict[str, str]
) -> None:
    config = {"model": "hf", "model_args": arguments, "batch_sizes": [], "limit": 0.10}
    store = read("lm_eval", stored(tmp_path, results(config=config)))
    params = store.params(f"results_{DATE}")
    assert {
        name.removeprefix("model_args."): text
        for name, text in params.items()
        if name.startswith("model_args")
    } == expected
    assert params["limit"] == "0.1"
    assert params["sums.num_fewshot"] == "5"
    assert params["sums.version"] == "1.0"
    assert "batch_sizes" not in params


def test_lineage_says_what_the_environment_was(tmp_path: Path) -> None:
    said = (
        "PyTorch version: 2.4.0+cu121\nIs debug build: False\nOS: Ubuntu\n"
        "Python version: 3.10.14 (main)\nIs CUDA available: True\n"
        "CUDA runtime version: 12.1.105\n"
        "GPU models and configuration: GPU 0: NVIDIA A100\nGPU 1: NVIDIA H100\n\nNvidia driver: 5\n"
    )
    content = results(
        git_hash="abc123", pretty_env_info=said, transformers_version="4.44.0",
        model_name="org/m", config={"model": "hf", "model_sha": "f00"},
    )  # fmt: skip
    (run,) = read("lm_eval", stored(tmp_path, content)).runs.values()
    facts = {(fact.kind, fact.name, fact.version, fact.digest) for fact in run.lineage}
    assert facts == {
        ("code", "git", None, "abc123"),
        ("data", "sums", None, None),
        ("environment", "python", "3.10.14", None),
        ("environment", "torch", "2.4.0+cu121", None),
        ("environment", "cuda", "12.1.105", None),
        ("environment", "lm_eval", "0.4.9", None),
        ("environment", "transformers", "4.44.0", None),
        ("hardware", "gpu 0", "NVIDIA A100", None),
        ("hardware", "gpu 1", "NVIDIA H100", None),
        ("model", "org/m", None, "f00"),
    }


def test_standard_errors_are_given_no_direction(tmp_path: Path) -> None:
    numbers = {"acc,none": 0.5, "acc_stderr,none": 0.1}
    store = read("lm_eval", stored(tmp_path, results(results={"sums": numbers})))
    metrics, _ = guess_metrics(store.tables.rows)
    assert [(metric.name, metric.goal) for metric in metrics] == [
        ("sums/acc", "maximize"),
        ("sums/acc_stderr", None),
    ]


def test_results_of_older_versions_are_read_with_their_samples(tmp_path: Path) -> None:
    old = {
        "results": {"arc-easy": {"acc": 0.5}},
        "versions": {"arc-easy": 0},
        "config": {"model": "gpt2", "model_args": "", "num_fewshot": 2, "bootstrap_iters": 100},
    }
    write(tmp_path / "results.json", old)
    lines = [{"doc_id": 0, "target": "x", "acc": 1.0, "resps": []}, {"doc_id": 1, "acc": 0.0}]
    write(tmp_path / "pretrained__x_arc_easy.jsonl", json.dumps(lines, indent=2))
    write(tmp_path / "notes.jsonl", '{"doc_id": 5, "acc": 1}\n')
    (run,) = read("lm_eval", tmp_path).runs.values()
    assert run.metrics["arc-easy/acc"].last == 0.5
    assert run.params["num_fewshot"].text == "2"
    items = read("lm_eval", tmp_path, unit="sample").runs
    assert {key: item.metrics["acc"].last for key, item in items.items()} == {
        "results#arc-easy/0": 1.0,
        "results#arc-easy/1": 0.0,
    }


# ---- samples -------------------------------------------------------------------------------------


def test_a_document_with_several_filters_is_one_item(tmp_path: Path) -> None:
    lines = [
        {**entry(3, exact_match=1.0), "filter": "strict-match"},
        {**entry(3, exact_match=0.0), "filter": "flexible-extract"},
        entry(3, acc=True),
    ]
    path = stored(tmp_path, lines=lines)
    store = read("lm_eval", path, unit="sample")
    (item,) = store.runs.values()
    assert not store.problems
    assert {name: metric.last for name, metric in item.metrics.items()} == {
        "exact_match,strict-match": 1.0,
        "exact_match,flexible-extract": 0.0,
        "acc": 1.0,
    }


def test_what_cannot_be_read_of_samples_is_named_with_its_line(tmp_path: Path) -> None:
    good = json.dumps(entry(0, acc=1.0, bleu=[1, 2])).encode()
    nan = json.dumps(entry(1, acc=math.nan)).encode()
    lines = b"\n".join([good, nan, b"{broken", b"[1]", b'{"acc": 1}', b"", good, good[:30]])
    store = read("lm_eval", stored(tmp_path, lines=lines), unit="sample")
    first, second = store.runs.values()
    assert first.metrics["acc"].last == 1.0
    assert "bleu" not in first.metrics
    assert math.isnan(second.metrics["acc"].last or 0.0)
    told = [(problem.code, problem.place) for problem in store.problems]
    name = f"samples_sums_{DATE}.jsonl"
    assert ("RR373", f"{name}:3") in told
    assert ("RR375", f"{name}:4") in told
    assert ("RR375", f"{name}:5") in told
    assert ("RR372", f"{name}:8") in told
    assert ("RR376", name) in told  # document 0 is there twice
    assert ("RR375", name) in told  # bleu is no number


def test_a_field_that_no_document_has_is_named(tmp_path: Path) -> None:
    lines = [{**entry(0, acc=1.0), "doc": {"kind": "x"}}]
    store = read("lm_eval", stored(tmp_path, lines=lines), unit="sample", fields=("kind", "topic"))
    assert store.params(f"results_{DATE}#sums/0")["doc.kind"] == "x"
    (problem,) = store.problems
    assert (problem.code, "'topic'" in problem.message) == ("RR379", True)


def test_results_without_samples_say_so(tmp_path: Path) -> None:
    store = read("lm_eval", stored(tmp_path), unit="sample")
    assert not store.runs
    assert store.codes() == {"RR379"}


def test_samples_of_another_time_belong_to_other_results(tmp_path: Path) -> None:
    stored(tmp_path, lines=[entry(0, acc=1.0)])
    later = DATE.replace("2026", "2027")
    write(tmp_path / f"results_{later}.json", results())
    write(tmp_path / f"samples_sums_{later}.jsonl", json.dumps(entry(9, acc=0.0)) + "\n")
    items = read("lm_eval", tmp_path, unit="sample").runs
    assert list(items) == [f"results_{DATE}#sums/0", f"results_{later}#sums/9"]


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "it is empty"), ("{", "no JSON"), ("[]", "object `results`"), ("{}", "object `results`")],
)
def test_what_are_no_results_is_named(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(SourceError, match=f"RR371.*{words}"):
        read("lm_eval", stored(tmp_path, content))


def test_a_new_sample_is_seen_by_the_next_build(tmp_path: Path) -> None:
    folder, cache = tmp_path / "r", tmp_path / "cache"
    stored(folder, lines=[entry(0, acc=1.0)])
    first = read("lm_eval", folder, cache, unit="sample")
    assert facts(first) == facts(read("lm_eval", folder, cache, unit="sample"))
    stored(folder, lines=[entry(0, acc=1.0), entry(1, acc=0.0)])
    assert len(read("lm_eval", folder, cache, unit="sample").runs) == 2
    assert len(read("lm_eval", folder, cache).runs) == 1


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_files_are_read_in_part_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    source = EXAMPLE / "lm_eval" / "small"
    for file in source.iterdir():
        content = bytearray(file.read_bytes())
        for _ in range(data.draw(st.integers(0, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
        write(folder / file.name, bytes(content[:cut]))
    (path,) = folder.glob("results_*.json")
    for unit in ("run", "sample"):
        try:
            codes = read("lm_eval", path, unit=unit).codes()
        except SourceError as error:
            codes = {problem.code for problem in error.problems}
        assert codes <= {"RR312", "RR371", "RR372", "RR373", "RR375", "RR376", "RR379"}


# ---- detection -----------------------------------------------------------------------------------


@needs_shared("samples", "lm_eval_harness")
def test_the_sample_is_found_as_one_store() -> None:
    assert found_at("lm_eval", SAMPLE) == {"lm_eval": "."}
    assert found_at("lm_eval", SAMPLE / "seed1") == {"lm_eval": "."}
    assert found_at("lm_eval", SAMPLE.parent) is None


def test_files_that_begin_alike_are_not_taken_for_results(tmp_path: Path) -> None:
    own = stored(tmp_path / "a")
    assert found_at("lm_eval", own) == {"lm_eval": own.name}
    assert found_at("lm_eval", write(tmp_path / "x.json", {"results": {"a": 1}, "n": 2})) is None
    assert found_at("lm_eval", write(tmp_path / "y.json", {"results": [1], "versions": {}})) is None
    assert found_at("lm_eval", tmp_path / "nothing") is None
