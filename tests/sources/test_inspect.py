"""The source `inspect`: against the answers its example was made of, JSON by hand, and its SDK."""

from __future__ import annotations

import importlib.util
import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from runreport.sources.archive import Archive
from runreport.sources.inspect.runs import score_value
from tests.shared import ROOT, SHARED, needs_shared
from tests.sources.folder_stores import facts, found_at, read, write

SAMPLE = SHARED / "samples" / "inspect"
EXAMPLE = ROOT / "examples" / "evals"


def study() -> ModuleType:
    """What wrote the example's stores."""
    spec = importlib.util.spec_from_file_location("study", EXAMPLE / "study.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def header(**changes: Any) -> dict[str, Any]:
    return {
        "version": 2,
        "status": "success",
        "eval": {"task": "t", "model": "m/one", "created": "2026-01-02T03:04:05+00:00"},
        **changes,
    }


def sample(name: Any, value: Any, epoch: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": name, "epoch": epoch, "scores": {"match": {"value": value}}, **changes}


def archive(members: Mapping[str, Any], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return target.getvalue()


def eval_log(path: Path, samples: list[Any], **changes: Any) -> Path:
    write(path, archive({"summaries.json": samples, "header.json": header(**changes)}))
    return path


# ---- what tools wrote ----------------------------------------------------------------------------


def test_each_question_of_the_example_has_the_score_it_was_made_with() -> None:
    made = study()
    store = read("inspect", EXAMPLE / "inspect", unit="sample", fields=("subject",))
    assert not store.problems
    asked = made.questions("arithmetic")
    for model in made.SKILL:
        own = {
            run.params["item"].text: run
            for run in store.runs.values()
            if run.params["model"].text == f"mockllm/{model}"
        }
        right = made.knows("arithmetic", model)
        assert len(own) == len(right) == made.ITEMS
        for number, (question, known) in enumerate(zip(asked, right, strict=True)):
            run = own[f"arithmetic/{number}"]
            assert run.metrics["match"].last == float(known)
            assert run.params["metadata.subject"].text == question["subject"]
            assert run.metrics["total_tokens"].last == 8
            assert run.status == "finished"


def test_the_evaluations_of_the_example_have_the_means_of_its_answers() -> None:
    made = study()
    store = read("inspect", EXAMPLE / "inspect")
    by_model = {run.params["model"].text: run for run in store.runs.values()}
    for model in made.SKILL:
        run = by_model[f"mockllm/{model}"]
        right = made.knows("arithmetic", model)
        mean = sum(right) / len(right)
        assert run.metrics["match/accuracy"].last == pytest.approx(mean, abs=1e-12)
        # the standard error of a mean, with n - 1
        spread = math.sqrt(mean * (1 - mean) / (len(right) - 1))
        assert run.metrics["match/stderr"].last == pytest.approx(spread, abs=1e-12)
        assert run.metrics["total_samples"].last == made.ITEMS
        assert run.params["solver"].text == "generate"
        assert run.experiment == "arithmetic"
        (log,) = run.artifacts
        assert log.kind == "predictions"
        facts = {(fact.kind, fact.name): fact.version for fact in run.lineage}
        assert ("environment", "inspect_ai") in facts


@needs_shared("samples", "inspect")
@pytest.mark.parametrize("name", ["a", "b"])
def test_a_log_in_json_says_what_its_text_says(name: str) -> None:
    (path,) = (SAMPLE / name).glob("*.json")
    said = json.loads(path.read_text())
    run = read("inspect", path).runs[path.stem]
    assert run.status == "finished"
    assert run.started == datetime.fromisoformat(said["stats"]["started_at"])
    assert run.ended == datetime.fromisoformat(said["stats"]["completed_at"])
    metrics = said["results"]["scores"][0]["metrics"]
    assert run.metrics["match/accuracy"].last == metrics["accuracy"]["value"]
    assert run.metrics["match/stderr"].last == metrics["stderr"]["value"]
    (used,) = said["stats"]["model_usage"].values()
    assert run.metrics["output_tokens"].last == used["output_tokens"]
    assert run.tags["eval_id"] == said["eval"]["eval_id"]
    items = read("inspect", path, unit="sample").runs.values()
    letters = {"C": 1.0, "I": 0.0}
    assert [item.metrics["match"].last for item in items] == [
        letters[sample["scores"]["match"]["value"]] for sample in said["samples"]
    ]


@needs_shared("samples", "inspect")
def test_an_evaluation_that_failed_is_failed_and_so_are_its_samples() -> None:
    (run,) = read("inspect", SAMPLE / "error_run").runs.values()
    assert run.status == "failed"
    assert run.tags["error"].startswith("ConnectionError")
    items = read("inspect", SAMPLE / "error_run", unit="sample").runs.values()
    assert [item.status for item in items] == ["failed", "failed"]
    assert all("match" not in item.metrics for item in items)


@needs_shared("samples", "inspect")
def test_the_official_reader_says_the_same_of_the_samples() -> None:
    official = pytest.importorskip("inspect_ai.log", reason="inspect-ai is not installed")
    scorer = pytest.importorskip("inspect_ai.scorer")
    for path in (*SAMPLE.glob("*/*.eval"), *SAMPLE.glob("*/*.json")):
        log = official.read_eval_log(str(path))
        (run,) = read("inspect", path).runs.values()
        assert run.params["model"].text == log.eval.model
        assert run.tags["task_id"] == log.eval.task_id
        scores = log.results.scores if log.results else []
        for score in scores:
            for name, metric in score.metrics.items():
                assert run.metrics[f"{score.name}/{name}"].last == metric.value
        items = {
            item.tags["sample_id"]: item
            for item in read("inspect", path, unit="sample").runs.values()
        }
        assert set(items) == {str(sample.id) for sample in log.samples}
        number = scorer.value_to_float()
        for sample in log.samples:
            for name, score in (sample.scores or {}).items():
                assert items[str(sample.id)].metrics[name].last == number(score.value)


def test_the_official_reducer_averages_epochs_alike(tmp_path: Path) -> None:
    scorer = pytest.importorskip("inspect_ai.scorer", reason="inspect-ai is not installed")
    values = ["C", "P", "N", 0.25, True, "0.5", "yes", math.nan]
    log = eval_log(tmp_path / "l.eval", [sample("x", v, i + 1) for i, v in enumerate(values)])
    (item,) = read("inspect", log, unit="sample").runs.values()
    expected = scorer.mean_score()([scorer.Score(value=value) for value in values]).value
    assert item.metrics["match"].last == pytest.approx(expected, abs=1e-15)


# ---- scores --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("C", 1.0), ("I", 0.0), ("P", 0.5), ("N", 0.0), (True, 1.0), (False, 0.0), (0.25, 0.25),
        (3, 3.0), ("Yes", 1.0), ("NO", 0.0), ("true", 1.0), ("0.75", 0.75), ("c", None),
        ("nan", None), ("1_0", None), ("good", None), (None, None), ([1], None), ({}, None),
    ],
)  # fmt: skip
def test_a_score_counts_as_inspect_counts_it(value: Any, number: float | None) -> None:
    assert score_value(value) == number


def test_scores_of_several_values_are_a_metric_each(tmp_path: Path) -> None:
    parts = {"id": "x", "epoch": 1, "scores": {"judge": {"value": {"style": 4, "right": "P"}}}}
    log = eval_log(tmp_path / "l.eval", [parts])
    (item,) = read("inspect", log, unit="sample").runs.values()
    found = {name: metric.last for name, metric in item.metrics.items()}
    assert found == {"judge/style": 4.0, "judge/right": 0.5}


def test_a_score_that_is_no_number_is_named_and_missing(tmp_path: Path) -> None:
    log = eval_log(tmp_path / "l.eval", [sample("x", "splendid"), sample("y", "C")])
    store = read("inspect", log, unit="sample")
    assert [run.metrics.keys() for run in store.runs.values()] == [set(), {"match"}]
    (problem,) = store.problems
    assert problem.code == "RR375"
    assert "'x'" in problem.message
    assert "splendid" in problem.message


def test_a_field_that_no_sample_has_is_named(tmp_path: Path) -> None:
    log = eval_log(tmp_path / "l.eval", [sample("x", "C", metadata={"deep": {"k": 1}})])
    store = read("inspect", log, unit="sample", fields=("deep.k", "subject"))
    assert store.params("l#t/x")["metadata.deep.k"] == "1"
    (problem,) = store.problems
    assert (problem.code, "'subject'" in problem.message) == ("RR379", True)


def test_epochs_are_averaged_or_runs_of_their_own(tmp_path: Path) -> None:
    told = [
        sample("x", "C", 1), sample("x", "I", 2), sample("x", math.nan, 3),
        {"id": "x", "epoch": 4, "scores": {}, "error": "boom"}, sample("y", math.nan, 1),
    ]  # fmt: skip
    log = eval_log(tmp_path / "l.eval", told)
    mean = read("inspect", log, unit="sample").runs
    assert mean["l#t/x"].metrics["match"].last == 0.5
    assert mean["l#t/x"].status == "finished"
    assert mean["l#t/x"].tags["failed_epochs"] == "1"
    assert math.isnan(mean["l#t/y"].metrics["match"].last or 0.0)
    each = read("inspect", log, unit="sample", reduce="none").runs
    assert sorted(each) == ["l#t/x@1", "l#t/x@2", "l#t/x@3", "l#t/x@4", "l#t/y@1"]
    assert each["l#t/x@2"].params["epoch"].number == 2
    assert each["l#t/x@2"].params["item"].text == "t/x"
    assert each["l#t/x@4"].status == "failed"


def test_several_reducers_and_scorers_keep_their_metrics_apart(tmp_path: Path) -> None:
    def score(name: str, scorer: str, value: float, reducer: str | None = None) -> Any:
        metrics = {"accuracy": {"name": "accuracy", "value": value}}
        return {"name": name, "scorer": scorer, "reducer": reducer, "metrics": metrics}

    results = {
        "scores": [
            score("match", "match", 0.1, "mean"), score("match", "match", 0.2, "pass_at_2"),
            score("x", "one", 0.3), score("x", "two", 0.4), score("lone", "lone", 0.5, "max"),
        ],
    }  # fmt: skip
    log = eval_log(tmp_path / "l.eval", [], results=results)
    (run,) = read("inspect", log).runs.values()
    assert {name: metric.last for name, metric in run.metrics.items()} == {
        "match/mean/accuracy": 0.1,
        "match/pass_at_2/accuracy": 0.2,
        "one/x/accuracy": 0.3,
        "two/x/accuracy": 0.4,
        "lone/accuracy": 0.5,
    }


# ---- what was set --------------------------------------------------------------------------------


def test_settings_are_params_as_they_were_written(tmp_path: Path) -> None:
    about = {
        "task": "t", "model": "openai/gpt", "task_version": 3, "created": "2026-01-02T03:04:05Z",
        "task_args": {"shots": 5, "sub": {"deep": None, "on": True}},
        "model_args": {"lr": 1e-05, "outputs": [{"big": 1}], "stop": ["a", "b"]},
        "model_generate_config": {"temperature": 1.0, "seed": 7},
        "dataset": {"name": "d", "sample_ids": [1, 2], "samples": 2},
        "revision": {"type": "git", "origin": "https://u:p@host/r.git", "commit": "abc",
                     "dirty": True},
        "packages": {"inspect_ai": "0.3"},
    }  # fmt: skip
    plan = {"steps": [{"solver": "system"}, {"solver": "generate"}], "config": {"temperature": 0}}
    changes = {"eval": about, "plan": plan, "metadata": {"team": "ü"}, "tags": ["smoke"]}
    log = eval_log(tmp_path / "l.eval", [], status="cancelled", **changes)
    (run,) = read("inspect", log).runs.values()
    assert run.status == "killed"
    assert {name: param.text for name, param in run.params.items()} == {
        "model": "openai/gpt", "task": "t", "task_version": "3", "task_args.shots": "5",
        "task_args.sub.on": "true", "model_args.lr": "1e-05", "model_args.stop": '["a", "b"]',
        "generate.temperature": "0", "generate.seed": "7", "solver": "system, generate",
        "dataset.name": "d", "dataset.samples": "2", "metadata.team": "ü",
    }  # fmt: skip
    assert run.tags == {"tag.smoke": "true"}
    assert run.started == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    (code,) = [fact for fact in run.lineage if fact.kind == "code"]
    assert (code.digest, code.dirty, code.url) == ("abc", True, "https://host/r.git")


# ---- logs without an end, older and damaged ones -------------------------------------------------


def journal() -> dict[str, Any]:
    start = {"version": 2, "eval": header()["eval"], "plan": {}}
    first = [sample("a", "C"), sample("b", "I")]
    # b was told again, by a later part
    return {
        "_journal/start.json": start,
        "samples/a_epoch_1.json": sample("a", "C"),
        "_journal/summaries/2.json": first,
        "_journal/summaries/10.json": [sample("c", "C"), sample("b", "C")],
    }


def test_a_log_without_an_end_runs_and_has_what_its_journal_holds(tmp_path: Path) -> None:
    log = write(tmp_path / "l.eval", archive(journal()))
    store = read("inspect", log)
    (run,) = store.runs.values()
    assert run.status == "running"
    assert run.metrics["completed_samples"].last == 3
    assert store.codes() == {"RR379"}
    items = read("inspect", log, unit="sample").runs
    found = {key: item.metrics["match"].last for key, item in items.items()}
    assert found == {"l#t/a": 1.0, "l#t/b": 1.0, "l#t/c": 1.0}


def test_samples_are_read_one_by_one_where_nothing_sums_them_up(tmp_path: Path) -> None:
    members = {"header.json": header(), "samples/x_epoch_1.json": sample("x", "C"),
               "samples/y_epoch_1.json": b"{"}  # fmt: skip
    store = read("inspect", write(tmp_path / "l.eval", archive(members)), unit="sample")
    assert list(store.runs) == ["l#t/x"]
    assert store.codes() == {"RR373"}


def test_the_format_of_one_scorer_is_read(tmp_path: Path) -> None:
    old = header(
        version=1,
        results={"scorer": {"name": "includes"}, "metrics": {"accuracy": {"value": 0.5}}},
        samples=[{"id": 1, "epoch": 1, "score": {"value": "C"}}],
        stats={"model_usage": {"m": {"prompt_tokens": 3, "completion_tokens": 4}}},
    )
    log = write(tmp_path / "l.json", old)
    (run,) = read("inspect", log).runs.values()
    assert run.metrics["includes/accuracy"].last == 0.5
    assert run.metrics["input_tokens"].last == 3
    (item,) = read("inspect", log, unit="sample").runs.values()
    assert item.metrics["score"].last == 1.0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no ZIP archive"),
        (b"PK\x03\x04" + bytes(40), "no ZIP archive|neither"),
        (b"no archive at all", "no ZIP archive"),
        (archive({"other.txt": b"x"}), "neither header.json nor"),
        (archive({"header.json": b"[1]"}), "neither header.json nor"),
    ],
)
def test_what_is_no_log_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    log = write(tmp_path / "l.eval", content)
    with pytest.raises(SourceError, match=f"RR371.*({words})"):
        read("inspect", log)


def test_a_broken_log_leaves_the_others_alone(tmp_path: Path) -> None:
    eval_log(tmp_path / "good.eval", [])
    write(tmp_path / "bad.eval", b"PK\x03\x04 and then nothing")
    store = read("inspect", tmp_path)
    assert list(store.runs) == ["good"]
    assert store.codes() == {"RR371"}


def test_two_logs_of_one_stem_are_two_runs(tmp_path: Path) -> None:
    eval_log(tmp_path / "l.eval", [])
    write(tmp_path / "l.json", header())
    eval_log(tmp_path / "m.eval", [])
    assert sorted(read("inspect", tmp_path).runs) == ["l.eval", "l.json", "m"]


def test_reading_from_what_was_kept_says_the_same(tmp_path: Path) -> None:
    for kind in ({}, {"unit": "sample"}, {"unit": "sample", "fields": ("subject",)}):
        cold = read("inspect", EXAMPLE / "inspect", tmp_path / "cache", **kind)
        warm = read("inspect", EXAMPLE / "inspect", tmp_path / "cache", **kind)
        assert facts(cold) == facts(warm) == facts(read("inspect", EXAMPLE / "inspect", **kind))


# ---- detection -----------------------------------------------------------------------------------


def test_folders_and_logs_are_found_and_others_are_not(tmp_path: Path) -> None:
    log = eval_log(tmp_path / "logs" / "a" / "l.eval", [])
    assert found_at("inspect", log) == {"inspect": "l.eval"}
    assert found_at("inspect", log.parent) == {"inspect": "."}
    assert found_at("inspect", tmp_path / "logs") == {"inspect": "."}
    other = write(tmp_path / "logs" / "b" / "m.json", header())
    assert found_at("inspect", other) == {"inspect": "m.json"}
    assert found_at("inspect", tmp_path / "logs") == {"inspect": "."}
    # a folder in which other things lie too is not where logs are kept
    write(tmp_path / "logs" / "c" / "notes.json", {"version": 1, "name": "x"})
    assert found_at("inspect", tmp_path / "logs") is None
    assert found_at("inspect", write(tmp_path / "x.eval", b"text")) is None
    assert found_at("inspect", write(tmp_path / "x.json", {"status": "success"})) is None


@needs_shared("samples", "inspect")
def test_the_sample_is_found_as_one_store() -> None:
    assert found_at("inspect", SAMPLE) == {"inspect": "."}
    assert found_at("inspect", SAMPLE.parent) is None


# ---- archives ------------------------------------------------------------------------------------

CONTENTS = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
    st.binary(max_size=300),
    min_size=1,
    max_size=6,
)


@settings(max_examples=50, deadline=None)
@given(CONTENTS, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_members_are_what_the_standard_library_wrote(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes], method: int
) -> None:
    path = tmp_path_factory.mktemp("zip") / "x.eval"
    path.write_bytes(archive(contents, method))
    with zipfile.ZipFile(path) as official, Archive(path) as ours:
        assert list(ours.members) == official.namelist()
        assert {name: ours.read(name, 1_000) for name in ours.members} == {
            name: official.read(name) for name in official.namelist()
        }


@settings(max_examples=50, deadline=None)
@given(CONTENTS, st.data())
def test_a_cut_archive_gives_its_whole_members_and_no_others(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes], data: st.DataObject
) -> None:
    whole = archive(contents)
    cut = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path_factory.mktemp("zip") / "x.eval"
    path.write_bytes(whole[:cut])
    with zipfile.ZipFile(io.BytesIO(whole)) as official:
        places = [(info.header_offset, info.filename) for info in official.infolist()]
        end = official.start_dir
    ends = [*(offset for offset, _ in places[1:]), end]
    expected = [name for (_, name), after in zip(places, ends, strict=True) if after <= cut]
    if not expected:
        with pytest.raises(ValueError, match="no ZIP archive"):
            Archive(path)
        return
    with Archive(path) as ours:
        assert list(ours.members) == expected
        assert ours.cut is not None
        assert all(ours.read(name, 1_000) == contents[name] for name in expected)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_log_is_read_in_part_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    (first, _) = sorted((EXAMPLE / "inspect").glob("*.eval"))
    content = bytearray(first.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(
            st.one_of(
                st.integers(0, len(content) - 1),
                # the list of members at the end
                st.integers(len(content) - 6_000, len(content) - 1),
            )
        )
        content[place] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")
    log = write(folder / "l.eval", bytes(content))
    for unit in ("run", "sample"):
        try:
            codes = read("inspect", log, unit=unit).codes()
        except SourceError as error:
            codes = {problem.code for problem in error.problems}
        assert codes <= {"RR371", "RR372", "RR373", "RR375", "RR376", "RR379"}


def test_a_member_that_would_burst_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = archive({"header.json": b" " * 60_000_000})
    log = write(tmp_path / "l.eval", bomb)
    assert len(bomb) < 100_000
    with Archive(log) as ours, pytest.raises(ValueError, match="larger than 1 MB"):
        ours.read("header.json", 1_000_000)
    # sizes that lie: 100 bytes are announced
    lying = bytearray(bomb)
    lying[22:26] = struct.pack("<L", 100)
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<L", 100)
    log.write_bytes(lying)
    with Archive(log) as ours, pytest.raises(ValueError, match="checksum"):
        ours.read("header.json", 1_000_000)


def test_the_checksum_of_a_member_is_compared(tmp_path: Path) -> None:
    whole = bytearray(archive({"header.json": header()}, zipfile.ZIP_STORED))
    at = whole.find(b"m/one")
    whole[at : at + 5] = b"m/two"
    log = write(tmp_path / "l.eval", bytes(whole))
    with pytest.raises(SourceError, match="RR371"):
        read("inspect", log)
    # as a check of the check: with its own checksum it is read
    crc = zlib.crc32(json.dumps(header()).replace("m/one", "m/two").encode())
    for magic, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        place = whole.find(magic) + offset
        whole[place : place + 4] = struct.pack("<L", crc)
    log.write_bytes(whole)
    (run,) = read("inspect", log).runs.values()
    assert run.params["model"].text == "m/two"
