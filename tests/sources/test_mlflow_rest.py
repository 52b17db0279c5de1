"""Reading a tracking server over REST: what is asked, what is believed, and what a fault does."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from runreport.codes import CODES
from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.json_server import Retries
from runreport.sources.limits import Limits
from runreport.sources.mlflow import SOURCE, Options
from runreport.sources.mlflow.access import credentials_in, patience_in
from runreport.sources.mlflow.rest import open_rest
from runreport.sources.transport import Patience
from runreport.tables import SCHEMAS, RunTables
from tests.shared import ROOT
from tests.sources import fault_server
from tests.sources.fault_server import API, FAULTS, METRICS, Answers, Faulty, serving

PATIENT = Patience(body_bytes=2_000_000)
QUICK = Patience(connect_s=1.0, silence_s=0.1, exchange_s=0.2, body_bytes=2_000_000)
AGAIN = Retries(first_s=0.005)
HISTORY = f"{API}/metrics/get-history"
Facts = tuple[dict[str, Any], list[dict[str, Any]], tuple[Problem, ...]]


def opened(
    url: str,
    *experiments: str,
    told: list[Problem] | None = None,
    environ: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    patience: Patience = PATIENT,
    **context: Any,
) -> Reader:
    tell: Callable[[Problem], None] = (told if told is not None else []).append
    return open_rest(
        Options(url, tuple(experiments)),
        SourceContext(Path(), environ or {}, tell=tell, **context),
        patience=patience,
        retries=AGAIN,
        limits=limits or Limits(),
    )


def read(url: str, *experiments: str, **settings: Any) -> Facts:
    """All tables, all points, and every problem that was told."""
    told: list[Problem] = []
    reader = opened(url, *experiments, told=told, **settings)
    tables = reader.tables()
    tables.check()
    runs, metrics = tables.runs["run_id"].to_pylist(), tables.metrics["metric"].to_pylist()
    parts = reader.histories(runs, sorted(set(metrics)))
    points = [row for part in parts for row in part.to_pylist()]
    facts = {name: getattr(tables, name).to_pylist() for name in SCHEMAS}
    for row in facts["runs"]:
        row["url"] = row["url"].partition("/#/")[2]
    return facts, points, (*tables.problems, *told)


@pytest.fixture(scope="module")
def clean() -> Facts:
    with serving() as faulty:
        facts = read(faulty.url)
    assert len(facts[0]["runs"]) == 3
    assert facts[2] == ()
    return facts


def test_runs_are_read_from_every_page_with_all_their_facts(clean: Facts) -> None:
    facts, points, _ = clean
    assert [(row["run_id"], row["name"], row["experiment"]) for row in facts["runs"]] == [
        ("mlflow:a1", "run a1", "digits"),
        ("mlflow:b2", "run b2", "digits"),
        ("mlflow:c3", "run c3", "letters"),
    ]
    assert facts["runs"][0]["url"] == "experiments/1/runs/a1"
    assert facts["runs"][0]["duration_s"] == 5.0
    assert [(row["param"], row["value"]) for row in facts["params"][:2]] == [
        ("lr", "0.0"),
        ("seed", "0"),
    ]
    assert [(row["path"], row["kind"], row["bytes"]) for row in facts["artifacts"][:2]] == [
        ("plots/roc.png", "image", 12),
        ("train.log", "log", 34),
    ]
    models = [
        (row["run_id"], row["name"], row["version"])
        for row in facts["lineage"]
        if row["kind"] == "model"
    ]
    # the alias stands in the registered model, not in its versions
    assert models == [
        ("mlflow:a1", "clf", "1"),
        ("mlflow:b2", "clf", "2"),
        ("mlflow:b2", "clf@champion", "2"),
        ("mlflow:c3", "net", "m-1"),
    ]
    assert [(row["run_id"], row["metric"], row["step"]) for row in points] == [
        (f"mlflow:{run}", metric, float(step))
        for run in ("a1", "b2", "c3")
        for metric in sorted(METRICS)
        for step in range(3)
    ]
    assert points[0]["value"] == 1.0
    assert points[0]["time"].timestamp() == 1_770_000_000.0


def test_reading_twice_gives_the_same_and_the_same_fingerprint() -> None:
    with serving() as faulty:
        first, second = opened(faulty.url), opened(faulty.url)
        assert first.tables() == second.tables()
        assert first.fingerprint() == second.fingerprint()
        before = dict(first.fingerprint())
        list(first.histories(["mlflow:a1"], ["loss"]))
    assert before["mlflow server"] == "3.17.2"
    assert first.fingerprint()["answers"] != before["answers"]


def test_only_the_pairs_that_are_wanted_and_logged_are_fetched() -> None:
    with serving() as faulty:
        reader = opened(faulty.url)
        reader.tables()
        del faulty.requests[:]
        (part,) = reader.histories(["mlflow:c3", "other:1", "mlflow:a1"], ["loss", "nothing"])
    asked = {json.loads(line.partition("{")[1] + line.partition("{")[2])["run_id"]
             for line in faulty.requests}  # fmt: skip
    assert asked == {"c3", "a1"}
    assert {line.split()[1] for line in faulty.requests} == {HISTORY}
    assert part["run_id"].to_pylist() == ["mlflow:c3"] * 3 + ["mlflow:a1"] * 3


def test_the_interface_that_samples_is_never_used(clean: Facts) -> None:
    with serving() as faulty:
        read(faulty.url)
    assert not any("interval" in line or "bulk" in line for line in faulty.requests)


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [("digits", ["a1", "b2"]), ("2", ["c3"]), ("d*", ["a1", "b2"]), ("Default", [])],
)
def test_experiments_are_chosen_by_name_id_or_pattern(wanted: str, runs: list[str]) -> None:
    with serving() as faulty:
        tables = opened(faulty.url, wanted).tables()
    assert tables.runs["run_id"].to_pylist() == [f"mlflow:{run}" for run in runs]


def test_an_unknown_experiment_is_named_with_the_nearest() -> None:
    with serving() as faulty, pytest.raises(SourceError, match=r"RR305.*'digit'") as caught:
        opened(faulty.url, "digit").tables()
    assert "digits" in str(caught.value.problems[0].hint)


def test_a_path_before_the_interface_belongs_to_the_address() -> None:
    with serving(Answers(base="/team/mlflow")) as faulty:
        tables = opened(f"{faulty.url}/").tables()
        assert tables.runs["url"].to_pylist()[0] == f"{faulty.url}/#/experiments/1/runs/a1"
        with pytest.raises(SourceError, match="RR327") as caught:
            opened(faulty.url.removesuffix("/team/mlflow")).tables()
    assert "with its path" in str(caught.value.problems[0].hint)


# ---- credentials ---------------------------------------------------------------------------------

TOKEN = {"MLFLOW_TRACKING_TOKEN": "tok-3f81c0ffee"}
BASIC = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "pässword:1"}
# printf 'ada:pässword:1' | base64
BASIC_HEADER = "Basic YWRhOnDDpHNzd29yZDox"


@pytest.mark.parametrize(
    ("environ", "header"),
    [
        (TOKEN, "Bearer tok-3f81c0ffee"),
        ({**TOKEN, "MLFLOW_TRACKING_TOKEN": " tok-3f81c0ffee\n"}, "Bearer tok-3f81c0ffee"),
        (BASIC, BASIC_HEADER),
        # MLflow's own client prefers the password, too
        ({**TOKEN, **BASIC}, BASIC_HEADER),
    ],
)
def test_credentials_come_from_the_environment(environ: dict[str, str], header: str) -> None:
    def allowed(headers: Mapping[str, str]) -> bool:
        return headers.get("Authorization") == header

    with serving(allowed=allowed) as faulty:
        assert opened(faulty.url, environ=environ).tables().runs.num_rows == 3
        with pytest.raises(SourceError, match=r"RR326.*401") as caught:
            opened(faulty.url).tables()
    hint = str(caught.value.problems[0].hint)
    assert "MLFLOW_TRACKING_TOKEN" in hint
    assert "none of them is set" in hint


def test_half_of_a_login_is_told_and_not_sent() -> None:
    environ = {"MLFLOW_TRACKING_USERNAME": "ada"}
    with (
        serving(allowed=lambda _headers: False) as faulty,
        pytest.raises(SourceError, match="RR326") as caught,
    ):
        opened(faulty.url, environ=environ).tables()
    assert "MLFLOW_TRACKING_PASSWORD is not set" in str(caught.value.problems[0].hint)
    assert "Authorization" not in faulty.headers[0]


@pytest.mark.parametrize("environ", [TOKEN, BASIC])
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_no_message_and_no_table_holds_a_credential(environ: dict[str, str], name: str) -> None:
    """Whatever goes wrong, also when the server sends back what it was sent."""

    def echo(headers: Mapping[str, str]) -> bool:
        words = json.dumps({"error_code": "NO", "message": str(dict(headers))}).encode()
        faulty.fault = fault_server.body(words, status=401)
        return False

    with serving(fault=FAULTS[name]) as faulty:
        told = failure(faulty, environ)
        faulty.fault, faulty.allowed = None, echo
        told += failure(faulty, environ)
    assert "SourceError" in told
    coded = BASIC_HEADER.removeprefix("Basic ")
    assert not [word for word in ("c0ffee", "pässword", coded) if word in told]


def failure(faulty: Faulty, environ: dict[str, str]) -> str:
    """Everything that can be said about reading this server."""
    reader = opened(faulty.url, environ=environ, patience=QUICK)
    try:
        tables = reader.tables()
    except SourceError as error:
        return f"{error!r} {error} {error.problems} {error.__cause__!r} {reader!r}"
    return f"{tables.problems} {reader.fingerprint()}"


@pytest.mark.parametrize(
    "location",
    ["http://ada:hunter2@localhost:5000", "https://hunter2@host", "http://host/?token=hunter2"],
)
def test_credentials_in_an_address_are_refused_and_not_shown(location: str) -> None:
    with pytest.raises(SourceError, match="RR320") as caught:
        SOURCE.open(Options(location), SourceContext(Path(), {}))
    assert "hunter2" not in repr(caught.value.problems)
    assert caught.value.problems[0].hint


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_command_repeats_no_password_of_the_spec(tmp_path: Path, command: str) -> None:
    spec = tmp_path / "runreport.yaml"
    spec.write_text(
        "report: {title: Secret}\n"
        'sources:\n  - {mlflow: "http://ada:hunter2@localhost:5000"}\n'
        "pages:\n  - {title: A, sections: [summary]}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "runreport", command, str(spec)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "error[RR320]" in done.stderr
    assert "MLFLOW_TRACKING_PASSWORD" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_an_address_from_a_browser_says_where_to_cut_it() -> None:
    with pytest.raises(SourceError, match="RR320") as caught:
        SOURCE.open(Options("http://host:5000/#/experiments/3"), SourceContext(Path(), {}))
    assert "up to the `#`" in str(caught.value.problems[0].hint)


def test_a_token_that_would_split_the_header_is_refused() -> None:
    for token in ("abc\r\nX-Evil: 1", "tökén", "a\x00b"):
        with pytest.raises(SourceError, match="RR321") as caught:
            credentials_in({"MLFLOW_TRACKING_TOKEN": token})
        assert token not in repr(caught.value.problems)


def test_the_wait_for_an_answer_comes_from_the_environment() -> None:
    assert patience_in({"MLFLOW_HTTP_REQUEST_TIMEOUT": "45"}).silence_s == 45
    for text in ("", "soon", "-3", "nan", "inf"):
        assert patience_in({"MLFLOW_HTTP_REQUEST_TIMEOUT": text}) == Patience()


# ---- numbers, broken runs, limits ----------------------------------------------------------------


def with_runs(*broken: Callable[[dict[str, Any]], object], **extra: Any) -> Answers:
    """Answers whose runs were changed, each by its own function."""
    found = fault_server.runs(["1", "2"])
    for item, change in zip(found, broken, strict=False):
        change(item)
    return Answers(extra={f"{API}/runs/search": {"runs": found}, **extra})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NaN", math.nan),
        (math.nan, math.nan),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        (-math.inf, -math.inf),
        (1.7976931348623157e308, math.inf),
        (-1.7976931348623157e308, -math.inf),
        (10**400, math.inf),
        (1.797e308, 1.797e308),
        (3, 3.0),
        (-0.0, -0.0),
    ],
)
def test_numbers_that_json_does_not_know_are_states(written: Any, meant: float) -> None:
    def change(item: dict[str, Any]) -> None:
        item["data"]["metrics"][0]["value"] = written

    point = {"key": "loss", "value": written, "step": 1, "timestamp": 1}
    with serving(with_runs(change, **{HISTORY: {"metrics": [point]}})) as faulty:
        facts, points, problems = read(faulty.url)
    last = next(row["last"] for row in facts["metrics"] if row["metric"] == "loss")
    assert problems == ()
    # repr tells -0.0 from 0.0, and NaN equals NaN
    assert (repr(last), repr(points[0]["value"])) == (repr(meant), repr(meant))


def test_numbers_written_as_text_are_read_as_other_servers_write_them() -> None:
    point = {"key": "loss", "value": 1.5, "step": "7", "timestamp": "1770000000123"}
    with serving(Answers(extra={HISTORY: {"metrics": [point]}})) as faulty:
        _, points, problems = read(faulty.url, "letters")
    assert problems == ()
    assert (points[0]["step"], points[0]["time"].timestamp()) == (7.0, 1_770_000_000.123)


BROKEN: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "metric without value": lambda run: run["data"]["metrics"][0].pop("value"),
    "metric of text": lambda run: run["data"]["metrics"][0].update(value="high"),
    "metric of truth": lambda run: run["data"]["metrics"][0].update(value=True),
    "metric that is a list": lambda run: run["data"]["metrics"].insert(0, []),
    "metrics that are no list": lambda run: run["data"].update(metrics="many"),
    "huge step": lambda run: run["data"]["metrics"][0].update(step=10**400),
    "param without key": lambda run: run["data"]["params"][0].pop("key"),
    "param of number": lambda run: run["data"]["params"][0].update(value=3),
    "tag that is null": lambda run: run["data"]["tags"].append(None),
    "start of text": lambda run: run["info"].update(start_time="yesterday"),
    "start that is a list": lambda run: run["info"].update(start_time=[]),
    "name of number": lambda run: run["info"].update(run_name=3),
    "status of number": lambda run: run["info"].update(status={}),
    "inputs that are no list": lambda run: run.update(inputs={"dataset_inputs": 4}),
    "dataset without name": lambda run: run.update(inputs={"dataset_inputs": [{"dataset": {}}]}),
}
LEFT_OUT: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "no id": lambda run: run["info"].update(run_id=None, run_uuid=None),
    "id of number": lambda run: run["info"].update(run_id=7),
    "no info": lambda run: run.update(info=[]),
    "data that is text": lambda run: run.update(data="x"),
    "inputs that are text": lambda run: run.update(inputs="x"),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_item_costs_itself_and_is_told(clean: Facts, name: str) -> None:
    with serving(with_runs(BROKEN[name])) as faulty:
        facts, _, problems = read(faulty.url)
    (problem,) = [problem for problem in problems if problem.code == "RR335"]
    assert "run a1" in str(problem.place)
    assert problem.severity == "warning"
    assert [row["run_id"] for row in facts["runs"]] == ["mlflow:a1", "mlflow:b2", "mlflow:c3"]
    for table in ("params", "metrics", "tags", "artifacts"):
        others = [row for row in facts[table] if row["run_id"] != "mlflow:a1"]
        assert others == [row for row in clean[0][table] if row["run_id"] != "mlflow:a1"]


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_a_run_that_cannot_be_read_is_told_and_the_others_are_read(clean: Facts, name: str) -> None:
    with serving(with_runs(LEFT_OUT[name])) as faulty:
        facts, points, problems = read(faulty.url)
    (problem,) = problems
    assert problem.code == "RR335"
    assert "a run was left out" in problem.message
    assert facts["runs"] == clean[0]["runs"][1:]
    assert points == [row for row in clean[1] if row["run_id"] != "mlflow:a1"]


def test_deleted_runs_and_experiments_are_left_out_even_when_they_are_sent() -> None:
    def delete(item: dict[str, Any]) -> None:
        item["info"]["lifecycle_stage"] = "deleted"

    kept, gone = fault_server.experiments()[:2]
    gone["lifecycle_stage"] = "deleted"
    search = {f"{API}/experiments/search": {"experiments": [kept, gone]}}
    with serving(with_runs(delete)) as faulty:
        assert opened(faulty.url).tables().runs["run_id"].to_pylist() == ["mlflow:b2", "mlflow:c3"]
    with serving(Answers(extra=search)) as faulty, pytest.raises(SourceError, match="RR305"):
        opened(faulty.url, "digits").tables()


def test_points_that_are_no_numbers_are_counted_and_the_rest_is_read() -> None:
    good = {"key": "loss", "value": 1, "step": 0, "timestamp": 5}
    history = [good, {**good, "value": None}, {**good, "step": "x"}, {**good, "timestamp": 0.5}]
    with serving(Answers(extra={HISTORY: {"metrics": history}})) as faulty:
        _, points, problems = read(faulty.url, "letters")
    assert len(points) == 2
    assert [problem.message for problem in problems] == [
        "3 points of 'acc' cannot be read and were left out",
        "3 points of 'loss' cannot be read and were left out",
    ]


def test_a_metric_that_is_listed_and_has_no_points_is_told() -> None:
    with serving(Answers(extra={HISTORY: {}})) as faulty:
        _, points, problems = read(faulty.url, "letters")
    assert points == []
    assert [problem.code for problem in problems] == ["RR335", "RR335"]


def test_artifacts_that_cannot_be_listed_are_told_and_not_tried_for_ever() -> None:
    count = 200
    many = [fault_server.run(f"r{index}", "1", index) for index in range(count)]
    answers = Answers(
        extra={
            f"{API}/runs/search": {"runs": many},
            f"{API}/artifacts/list": lambda _asked: (
                500,
                {"error_code": "INTERNAL_ERROR", "message": "bucket is gone"},
            ),
        }
    )
    with serving(answers) as faulty:
        tables = opened(faulty.url).tables()
    assert tables.runs.num_rows == count
    assert tables.artifacts.num_rows == 0
    told = [problem.message for problem in tables.problems]
    assert told[0] == "its artifacts cannot be listed: HTTP 500: bucket is gone"
    assert told[-1] == f"nor can the artifacts of {count - 5} further runs"
    assert sum("artifacts/list" in line for line in faulty.requests) < 80


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "../../etc/passwd", "is_dir": False}],
        [{"path": "/etc", "is_dir": True}],
        [{"path": "a/../../b", "is_dir": True}],
        [{"path": 3}],
        [{"is_dir": True}],
        [{"path": "x", "file_size": "big"}],
        "x",
    ],
)
def test_artifacts_outside_their_folder_are_refused_for_that_run(files: Any) -> None:
    with serving(Answers(extra={f"{API}/artifacts/list": {"files": files}})) as faulty:
        tables = opened(faulty.url, "letters").tables()
    assert tables.artifacts.num_rows == 0
    assert [problem.code for problem in tables.problems] == ["RR336"]


def test_folders_without_end_are_cut_and_told() -> None:
    def nested(asked: Mapping[str, Any]) -> tuple[int, Any]:
        inside = f"{asked['path']}/" if "path" in asked else ""
        folders = [{"path": f"{inside}{name}", "is_dir": True} for name in "ab"]
        return 200, {"files": [{"path": f"{inside}f.txt"}, *folders]}

    with serving(Answers(extra={f"{API}/artifacts/list": nested})) as faulty:
        tables = opened(faulty.url, "letters").tables()
    assert tables.artifacts.num_rows == 100
    assert [problem.code for problem in tables.problems] == ["RR307"]


def test_limits_are_kept_and_told() -> None:
    limits = Limits(runs=2, files=1, params=1)
    with serving() as faulty:
        tables = opened(faulty.url, limits=limits).tables()
    assert (tables.runs.num_rows, tables.artifacts.num_rows, tables.params.num_rows) == (2, 2, 2)
    assert {problem.code for problem in tables.problems} == {"RR307"}
    assert any("the first 2 runs" in problem.message for problem in tables.problems)


def test_pages_that_are_too_large_are_asked_for_smaller() -> None:
    def search(asked: Mapping[str, Any]) -> tuple[int, Any]:
        runs = [fault_server.run(f"r{index}", "1", index) for index in range(50)]
        for item in runs:
            item["data"]["params"] = [{"key": "text", "value": "x" * 200_000}]
        start = int(asked.get("page_token", "0"))
        end = start + asked["max_results"]
        more = {"next_page_token": str(end)} if end < len(runs) else {}
        return 200, {"runs": runs[start:end], **more}

    with serving(Answers(extra={f"{API}/runs/search": search})) as faulty:
        tables = opened(faulty.url, "digits").tables()
    assert tables.runs.num_rows == 50


def test_the_registry_may_be_closed_to_us_and_that_is_told(clean: Facts) -> None:
    denied = (403, {"error_code": "PERMISSION_DENIED", "message": "not yours"})
    extra = {
        f"{API}/{path}": lambda _asked: denied
        for path in ("model-versions/search", "logged-models/search")
    }
    with serving(Answers(extra=extra)) as faulty:
        facts, points, problems = read(faulty.url)
    assert [(p.code, "not yours" in p.message) for p in problems] == [("RR337", True)] * 2
    assert points == clean[1]
    assert facts["params"] == clean[0]["params"]


@pytest.mark.parametrize(("version", "told"), [("2.22.0", 0), (None, 0), ("3.1.0", 1)])
def test_an_old_server_has_no_logged_models_and_a_new_one_should(
    version: str | None, told: int
) -> None:
    def says(_asked: Mapping[str, Any]) -> tuple[int, Any]:
        return (200, version) if version else (404, None)

    extra = {f"{API}/logged-models/search": lambda _asked: (404, None), "/version": says}
    with serving(Answers(extra=extra)) as faulty:
        reader = opened(faulty.url)
        assert [problem.code for problem in reader.tables().problems] == ["RR337"] * told
        assert reader.fingerprint()["mlflow server"] == (version or "unknown")


def test_text_from_a_server_is_cleaned() -> None:
    def change(item: dict[str, Any]) -> None:
        item["info"]["run_name"] = "a\x1b[31mb\ud800"
        item["data"]["params"][0]["value"] = "x\x00y"

    with serving(with_runs(change)) as faulty:
        tables = opened(faulty.url).tables()
    assert tables.runs["name"][0].as_py() == "a\ufffd[31mb\ufffd"
    assert tables.params["value"][0].as_py() == "x\ufffdy"


# ---- faults --------------------------------------------------------------------------------------


def count_requests() -> int:
    with serving() as faulty:
        read(faulty.url)
    return len(faulty.requests)


REQUESTS = 40
"""More than a clean reading sends: see the first test below."""


def outcome(name: str, first: int, last: int) -> tuple[Facts | Problem, float]:
    started = time.monotonic()
    with serving(fault=FAULTS[name], first=first, last=last) as faulty:
        try:
            found: Facts | Problem = read(faulty.url, deadline_s=5.0, patience=QUICK)
        except SourceError as error:
            found = error.problems[0]
        took = time.monotonic() - started
    return found, took


def test_the_faults_below_hit_every_request() -> None:
    assert 15 <= count_requests() <= REQUESTS


@pytest.mark.parametrize("stays", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("reset", "wrong_types") else pytest.mark.slow)
        for name in sorted(FAULTS)
    ],
)
def test_a_fault_at_any_request_gives_all_or_an_error_or_says_what_is_missing(
    clean: Facts, name: str, stays: bool
) -> None:
    """Never a part without a word, and never longer than the waits allow."""
    for first in range(1, count_requests() + 1):
        found, took = outcome(name, first, 10**9 if stays else first)
        assert took < 6.0, f"request {first}"
        if isinstance(found, Problem):
            assert found.code in CODES
            assert found.code.startswith("RR3")
            assert found.hint, f"request {first}: {found}"
        elif not found[2]:
            assert found == clean, f"request {first}"
        else:
            assert found[0]["runs"] == clean[0]["runs"], f"request {first}"
            assert found[0]["params"] == clean[0]["params"]


def test_a_server_that_dies_while_it_is_read_leaves_no_part() -> None:
    with serving() as faulty:
        reader = opened(faulty.url)
        tables = reader.tables()
    assert isinstance(tables, RunTables)
    with pytest.raises(SourceError, match="RR322"):
        list(reader.histories(tables.runs["run_id"].to_pylist(), ["loss"]))


def test_the_deadline_holds_for_the_whole_source() -> None:
    def slow(_asked: Mapping[str, Any]) -> tuple[int, Any]:
        time.sleep(0.1)
        return 200, {"metrics": fault_server.points("a1", "loss")}

    with serving(Answers(extra={HISTORY: slow})) as faulty:
        reader = opened(faulty.url, deadline_s=1.0)
        runs = reader.tables().runs["run_id"].to_pylist()
        started = time.monotonic()
        # six series take a tenth of a second, each time
        forever = (part for _ in range(100) for part in reader.histories(runs, METRICS))
        with pytest.raises(SourceError, match=r"RR325.*longer than 1 s"):
            list(forever)
        assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
def test_an_author_may_set_the_deadline_and_no_nonsense(seconds: float) -> None:
    with serving(fault=FAULTS["hang"]) as faulty:
        context = SourceContext(Path(), {}, deadline_s=0.2)
        for options, said in (
            (Options(faulty.url, deadline=0.4), "0.4 s"),
            (Options(faulty.url, deadline=seconds), "0.2 s"),
        ):
            with pytest.raises(SourceError, match=rf"RR325.*{said}") as caught:
                open_rest(options, context, patience=PATIENT).tables()
            assert "deadline: 600" in str(caught.value.problems[0].hint)


# ---- memory --------------------------------------------------------------------------------------


def test_an_old_server_that_sends_a_long_curve_in_one_answer_is_read() -> None:
    """MLflow 2 does not page histories; large answers are taken one at a time."""

    def whole(asked: Mapping[str, Any]) -> tuple[int, Any]:
        return 200, {
            "metrics": [
                {"key": asked["metric_key"], "value": step / 7, "timestamp": step, "step": step}
                for step in range(40_000)
            ]
        }

    with serving(Answers(extra={HISTORY: whole})) as faulty:
        reader = opened(faulty.url, patience=Patience())
        runs = reader.tables().runs["run_id"].to_pylist()
        parts = list(reader.histories(runs, METRICS))
    assert sum(part.num_rows for part in parts) == 3 * 2 * 40_000
    assert parts[0]["value"][39_999].as_py() == 39_999 / 7


READ = """
import sys
from pathlib import Path
from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.mlflow import SOURCE, Options
try:
    SOURCE.open(Options(sys.argv[1]), SourceContext(Path(), {})).tables()
except SourceError as error:
    print(error)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("peak", peak.split()[1])
"""
BOMBS: Mapping[str, Callable[[], bytes]] = {
    "texts": lambda: b'{"runs": [' + b'"ab",' * 4_700_000 + b'"ab"]}',
    "numbers": lambda: b'{"runs": [' + b"0.1," * 5_900_000 + b"1]}",
    "objects": lambda: b'{"runs": [' + b'{"a":1},' * 2_900_000 + b"{}]}",
    "lists": lambda: b'{"runs": [' + b"[]," * 7_900_000 + b"[]]}",
    "names": lambda: b'{"x": {' + b",".join(b'"k%07d":""' % i for i in range(1_700_000)) + b"}}",
}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("name", sorted(BOMBS))
def test_no_answer_fills_the_memory(name: str) -> None:
    with serving(fault=fault_server.body(BOMBS[name]())) as faulty:
        done = subprocess.run(
            [sys.executable, "-c", READ, faulty.url],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    assert int(done.stdout.rpartition("peak ")[2]) < 512_000
    assert ("RR331" in done.stdout) == (name != "names")
