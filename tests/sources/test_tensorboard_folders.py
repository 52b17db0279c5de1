"""TensorBoard folders: which are runs, what settings say, what else becomes of records."""

from __future__ import annotations

import math
import struct
import warnings
from pathlib import Path

import pytest

from runreport.columns import values
from runreport.errors import SourceError
from runreport.sources.tensorboard import SOURCE
from tests.shared import SHARED, needs_shared
from tests.sources import event_logs as logs
from tests.sources.event_logs import WALL, Log, curve, event, scalar, summary
from tests.sources.test_tensorboard import codes, params, read


def metrics(found: object) -> set[tuple[str, str]]:
    return set(found)  # type: ignore[call-overload]  # a mapping by run and metric


@needs_shared("samples", "tensorboard")
def test_settings_of_tensorboardx_belong_to_the_run_that_they_lie_in() -> None:
    tables, found = read(SHARED / "samples" / "tensorboard")
    runs = {row["name"]: row for row in tables.runs.to_pylist()}
    assert set(runs) == {"run_lr0.001", "run_lr0.01"}
    assert params(tables, "run_lr0.01") == {"lr": "0.01", "optimizer": "adamw", "amp": "true"}
    assert runs["run_lr0.01"]["status"] == "finished"
    assert math.isclose(found["run_lr0.01", "hparam/acc"][0][2], 0.9, rel_tol=1e-7)
    kinds = {row["path"]: row["kind"] for row in tables.artifacts.to_pylist()}
    assert kinds["img@0.png"] == "image"
    assert kinds["note/text_summary@0"] == "text"
    assert kinds["pr@0"] == kinds["w@0"] == "plot-data"


@needs_shared("samples", "tensorboard_torch")
def test_curves_of_torch_are_metrics_of_the_run_that_they_lie_in() -> None:
    tables, found = read(SHARED / "samples" / "tensorboard_torch")
    assert metrics(found) == {
        (run, metric)
        for run in ("lr0.001", "lr0.01")
        for metric in ("train/loss", "val/acc", "hparam/acc", "both/a", "both/b")
    }
    assert found["lr0.01", "both/a"][0][2] == 1.0
    assert found["lr0.01", "both/b"][0][2] == 2.0
    assert params(tables, "lr0.001") == {"lr": "0.001", "opt": "sgd"}


@needs_shared("wild", "tensorboard")
def test_a_lone_validation_folder_is_a_part_of_its_run_unless_that_is_not_wished() -> None:
    _, found = read(SHARED / "wild" / "tensorboard")
    assert metrics(found) == {(f"kwt{n}", "validation/accuracy") for n in (1, 2, 3)}
    _, found = read(SHARED / "wild" / "tensorboard", join_folders=())
    assert metrics(found) == {(f"kwt{n}/validation", "accuracy") for n in (1, 2, 3)}


def test_train_and_validation_of_keras_are_one_run(tmp_path: Path) -> None:
    for run in ("a", "b"):
        Log(tmp_path / run).write(logs.settings({"units": 32}))
        Log(tmp_path / run / "train").write(curve("epoch_loss", [3.0, 2.0]))
        Log(tmp_path / run / "validation").write(curve("epoch_loss", [4.0]))
    tables, found = read(tmp_path)
    assert metrics(found) == {
        (run, f"{split}/epoch_loss") for run in "ab" for split in ("train", "validation")
    }
    assert params(tables, "b") == {"units": "32"}
    assert "RR379" in codes(tables)


def test_a_folder_called_test_beside_other_runs_is_a_run(tmp_path: Path) -> None:
    for run in ("test", "first", "second"):
        Log(tmp_path / run).write(curve("loss", [1.0]))
    _, found = read(tmp_path)
    assert metrics(found) == {(run, "loss") for run in ("test", "first", "second")}


def test_an_eval_folder_below_a_run_is_its_part(tmp_path: Path) -> None:
    Log(tmp_path / "model").write(curve("loss", [1.0, 2.0]))
    Log(tmp_path / "model" / "eval").write(curve("loss", [1.5]))
    Log(tmp_path / "other").write(curve("loss", [1.0]))
    _, found = read(tmp_path)
    assert metrics(found) == {("model", "loss"), ("model", "eval/loss"), ("other", "loss")}


def test_the_location_itself_may_be_a_run(tmp_path: Path) -> None:
    Log(tmp_path / "logs").write(curve("loss", [1.0]))
    tables, found = read(tmp_path / "logs")
    assert metrics(found) == {(".", "loss")}
    assert values(tables.runs["name"]) == ["logs"]


def test_curves_of_tensorboardx_lie_in_folders_of_folders(tmp_path: Path) -> None:
    Log(tmp_path / "run").write(curve("loss", [1.0]))
    for name in ("a", "train"):
        Log(tmp_path / "run" / "data" / "both" / name).write(curve("data/both", [2.0]))
    _, found = read(tmp_path)
    assert metrics(found) == {("run", "loss"), ("run", "data/both/a"), ("run", "data/both/train")}


def test_a_folder_that_only_looks_like_a_curve_is_a_run(tmp_path: Path) -> None:
    Log(tmp_path).write(curve("loss", [1.0]))
    Log(tmp_path / "loss_small").write([*curve("loss", [1.0]), *curve("acc", [1.0])])
    _, found = read(tmp_path)
    assert metrics(found) == {(".", "loss"), ("loss_small", "loss"), ("loss_small", "acc")}


def test_each_of_several_sets_of_settings_is_a_run(tmp_path: Path) -> None:
    # the example of PyTorch's documentation: five calls of add_hparams on one writer
    Log(tmp_path).write([])
    for number in range(5):
        call = [*logs.settings({"lr": 0.1 * number}), *curve("hparam/loss", [10.0 * number])]
        Log(tmp_path / f"175000000{number}.5").write(call)
    tables, found = read(tmp_path)
    assert len(values(tables.runs["run_id"])) == 5
    assert found["1750000003.5", "hparam/loss"][0][2] == 30.0
    assert params(tables, "1750000001.5") == {"lr": "0.1"}


def test_what_a_run_logged_itself_is_not_mixed_with_what_its_settings_repeat(
    tmp_path: Path,
) -> None:
    Log(tmp_path / "run").write(curve("acc", [0.1, 0.2, 0.3]))
    again = [*logs.settings({"lr": 0.1}), *curve("acc", [0.9])]
    Log(tmp_path / "run" / "1750000000.1").write(again)
    tables, found = read(tmp_path)
    assert [point[0] for point in found["run", "acc"]] == [0.0, 1.0, 2.0]
    assert any("acc" in p.message for p in tables.problems if p.code == "RR379")


def test_a_trial_with_settings_and_curves_is_no_part_of_a_writer_above_it(tmp_path: Path) -> None:
    Log(tmp_path).write(curve("best", [1.0]))
    for trial in ("t1", "t2"):
        training = [*logs.settings({"lr": 0.1}, None), *curve("loss", [3.0, 2.0, 1.0])]
        Log(tmp_path / trial).write(training)
    tables, found = read(tmp_path)
    assert metrics(found) == {(".", "best"), ("t1", "loss"), ("t2", "loss")}
    assert params(tables, "t1") == {"lr": "0.1"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(0, "unknown"), (1, "finished"), (2, "failed"), (3, "running"), (None, "unknown")],
)
def test_status_is_what_the_session_says(tmp_path: Path, status: int | None, expected: str) -> None:
    Log(tmp_path / "run").write([*logs.settings({"lr": 1}, status), *curve("loss", [1.0])])
    tables, _ = read(tmp_path)
    assert values(tables.runs["status"]) == [expected]


def test_params_keep_their_types(tmp_path: Path) -> None:
    given = {
        "whole": 32,
        "small": 1e-05,
        "part": 0.5,
        "yes": True,
        "no": False,
        "word": "sgd",
        "looks": "true",
        "nan": math.nan,
        "inf": math.inf,
        "ключ/α": "значение",
        "large": 2.0**60,
    }
    Log(tmp_path / "run").write(logs.settings(given))
    tables, _ = read(tmp_path)
    assert params(tables, "run") == {
        "whole": "32",
        "small": "1e-05",
        "part": "0.5",
        "yes": "true",
        "no": "false",
        "word": "sgd",
        "looks": "true",
        "nan": "NaN",
        "inf": "Infinity",
        "ключ/α": "значение",
        "large": "1.152921504606847e+18",
    }


def test_params_that_loggers_write_as_text_are_params(tmp_path: Path) -> None:
    table = "|param|value|\n|-|-|\n|seed|1|\n|env_id|CartPole-v1|\n|anneal|True|"
    Log(tmp_path / "rl").write(
        [event(WALL, 0, summary(logs.text("hyperparameters/text_summary", table)))]
    )
    written = '{"lr": 1e-05, "fp16": false, "optim": {"name": "adamw"}, "none": null}'
    Log(tmp_path / "hf").write([event(WALL, 0, summary(logs.text("args/text_summary", written)))])
    other = '{"loss": 1}'
    Log(tmp_path / "no").write([event(WALL, 0, summary(logs.text("sample/text_summary", other)))])
    tables, _ = read(tmp_path)
    assert params(tables, "rl") == {"seed": "1", "env_id": "CartPole-v1", "anneal": "True"}
    assert params(tables, "hf") == {"lr": "1e-05", "fp16": "false", "optim.name": "adamw"}
    assert params(tables, "no") == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (logs.tensor(1, logs.message(5, struct.pack("<f", 0.5))), 0.5),
        (logs.tensor(1, struct.pack("<Bf", 0x2D, 0.5)), 0.5),
        (logs.tensor(2, logs.message(4, struct.pack("<d", 0.1))), 0.1),
        (logs.tensor(2, logs.message(6, struct.pack("<d", 0.1))), 0.1),
        (logs.tensor(3, logs.message(7, logs.varint(-5))), -5.0),
        (logs.tensor(3, logs.whole(7, 300)), 300.0),
        (logs.tensor(9, logs.message(10, logs.varint(2**40))), 2.0**40),
        (logs.tensor(9, logs.message(4, struct.pack("<q", -7))), -7.0),
        (logs.tensor(10, logs.message(11, b"\x01")), 1.0),
        (logs.tensor(19, logs.message(13, logs.varint(0x3C00))), 1.0),
        (logs.tensor(19, logs.message(4, struct.pack("<e", 0.25))), 0.25),
        (logs.tensor(14, logs.message(4, b"\x80\x3f")), 1.0),
        (logs.tensor(14, logs.message(13, logs.varint(0x3F80))), 1.0),
        (logs.tensor(4, logs.message(4, b"\xff")), 255.0),
        (logs.tensor(23, logs.message(17, logs.varint(2**63))), 2.0**63),
        (logs.tensor(1, logs.message(4, struct.pack("<f", 2.0)), shape=(1, 1)), 2.0),
        (logs.tensor(1, logs.message(4, struct.pack("<f", math.nan))), math.nan),
    ],
)
def test_numbers_in_tensors_of_every_type_are_read(
    tmp_path: Path, content: bytes, expected: float
) -> None:
    shown = logs.plugin("scalars")
    records = [
        event(WALL + step, step, summary(logs.tensor_value("x", content, shown)))
        for step in range(40)
    ]
    path = Log(tmp_path).write(records)
    _, found = read(path)
    points = found[path.name, "x"]
    assert [point[0] for point in points] == [float(step) for step in range(40)]
    assert all(point[2] == expected or math.isnan(expected) for point in points)


def test_a_scalar_that_is_no_number_is_told(tmp_path: Path) -> None:
    pair = logs.tensor(1, logs.message(4, struct.pack("<ff", 1.0, 2.0)), shape=(2,))
    value = logs.tensor_value("pair", pair, logs.plugin("scalars"))
    path = Log(tmp_path).write([event(WALL, 0, summary(value)), *curve("loss", [1.0])])
    tables, found = read(path)
    assert metrics(found) == {(path.name, "loss")}
    assert codes(tables) == ["RR375"]


def test_the_plugin_told_in_the_first_record_holds_for_those_that_follow(tmp_path: Path) -> None:
    records = []
    for step in range(30):
        shown = logs.plugin("somebodys_own") if step == 0 else b""
        value = logs.tensor_value("odd", logs.float_tensor(1.0), shown)
        records.append(event(WALL, step, summary(value)))
    path = Log(tmp_path).write([*records, *curve("loss", [1.0])])
    _, found = read(path)
    assert metrics(found) == {(path.name, "loss")}


def test_large_pictures_are_skipped_and_numbers_beside_them_are_not(tmp_path: Path) -> None:
    picture = logs.image("picture", b"\x89PNG" + bytes(200_000))
    records = []
    for step in range(6):
        records += [event(WALL, step, summary(picture)), *curve("loss", [1.0], step)]
        records.append(event(WALL, step, summary(scalar("acc", 0.5), picture)))
    path = Log(tmp_path).write(records)
    tables, found = read(path)
    assert [point[0] for point in found[path.name, "loss"]] == [0, 1, 2, 3, 4, 5]
    assert [point[0] for point in found[path.name, "acc"]] == [0, 1, 2, 3, 4, 5]
    rows = tables.artifacts.to_pylist()
    assert [row["path"] for row in rows] == [f"picture@{step}.png" for step in range(6)]
    assert {row["bytes"] for row in rows} == {200_004}
    assert rows[0]["opener"] == f"{path.name}#picture#0"


def test_numbers_in_a_large_record_count_only_when_its_checksum_fits(tmp_path: Path) -> None:
    picture = logs.image("picture", b"\x89PNG" + bytes(200_000))
    path = Log(tmp_path).write(
        [event(WALL, 0, summary(scalar("acc", 0.5), picture)), *curve("loss", [1.0])]
    )
    data = bytearray(path.read_bytes())
    data[150_000] ^= 1
    path.write_bytes(data)
    tables, found = read(path)
    assert metrics(found) == {(path.name, "loss")}
    assert codes(tables) == ["RR373"]


def test_of_very_many_pictures_the_last_of_each_tag_are_listed(tmp_path: Path) -> None:
    records = [
        event(WALL, step, summary(logs.histogram(f"layer_{layer}", [1.0, 2.0])))
        for step in range(300)
        for layer in range(5)
    ]
    Log(tmp_path / "run").write(records)
    tables, _ = read(tmp_path)
    rows = tables.artifacts.to_pylist()
    assert len(rows) == 1_000
    assert {row["path"] for row in rows} == {
        f"layer_{layer}@{step}" for step in range(100, 300) for layer in range(5)
    }
    assert "RR374" in codes(tables)


def test_steps_that_a_restart_repeats_are_all_kept_and_told(tmp_path: Path) -> None:
    Log(tmp_path / "run", "events.out.tfevents.1.a").write(curve("loss", [3.0, 2.0, 1.0]))
    Log(tmp_path / "run", "events.out.tfevents.2.a").write(curve("loss", [2.5, 1.5], 1))
    tables, found = read(tmp_path)
    assert [point[0] for point in found["run", "loss"]] == [0.0, 1.0, 2.0, 1.0, 2.0]
    assert any("restart" in problem.message for problem in tables.problems)


def test_times_that_are_none_are_unknown(tmp_path: Path) -> None:
    records = [
        event(wall, step, summary(scalar("x", 1.0)))
        for step, wall in enumerate([math.nan, math.inf, -5.0, 1e300, 0.0, WALL] * 5)
    ]
    path = Log(tmp_path).write(records)
    _, found = read(path)
    times = [point[1] for point in found[path.name, "x"]]
    assert [math.isnan(time) for time in times] == [True, True, True, True, True, False] * 5


def test_nan_of_any_form_is_nan(tmp_path: Path) -> None:
    # a signalling NaN, as damaged memory and some compilers leave it
    value = logs.message(1, b"x") + b"\x15\x01\x00\x80\x7f"
    path = Log(tmp_path).write(event(WALL, step, summary(value)) for step in range(50))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, found = read(path)
    assert all(math.isnan(point[2]) for point in found[path.name, "x"])


def test_a_place_without_event_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(SourceError, match="RR370"):
        read(tmp_path)
    with pytest.raises(SourceError, match="RR370"):
        read(tmp_path / "missing")


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = Log(tmp_path / "outside").write(curve("secret", [1.0]))
    Log(tmp_path / "logs" / "run").write(curve("loss", [1.0]))
    (tmp_path / "logs" / "run" / "events.out.tfevents.9.link").symlink_to(outside)
    tables, found = read(tmp_path / "logs")
    assert metrics(found) == {("run", "loss")}
    assert "RR379" in codes(tables)


# ---- detection -------------------------------------------------------------------------------


def test_a_folder_of_runs_is_found_as_one_store(tmp_path: Path) -> None:
    for run in ("a", "b"):
        Log(tmp_path / run / "deep").write(curve("loss", [1.0]))
    found = SOURCE.detect(tmp_path)
    assert found is not None
    assert dict(found.config) == {"tensorboard": "."}
    assert found.summary == "TensorBoard: 2 event files in 2 folders"


def test_one_file_is_found_by_itself(tmp_path: Path) -> None:
    path = Log(tmp_path).write(curve("loss", [1.0]))
    found = SOURCE.detect(path)
    assert found is not None
    assert dict(found.config) == {"tensorboard": path.name}


def test_what_only_has_the_name_of_an_event_file_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "tfevents.md").write_text("how to read event files")
    assert SOURCE.detect(tmp_path) is None
    assert SOURCE.detect(tmp_path / "tfevents.md") is None
    assert SOURCE.detect(tmp_path / "missing") is None


def found_at(path: Path, *inside: str) -> bool:
    return SOURCE.detect(path.joinpath(*inside)) is not None


def test_a_log_is_found_where_it_begins(tmp_path: Path) -> None:
    for run in ("resnet/s0", "resnet/s1", "vgg/s0"):
        Log(tmp_path / "logs" / "cifar" / run).write(curve("loss", [1.0]))
    assert not found_at(tmp_path / "logs")
    assert found_at(tmp_path / "logs", "cifar")
    assert found_at(tmp_path / "logs", "cifar", "vgg")


def test_a_project_that_has_a_log_somewhere_is_no_log(tmp_path: Path) -> None:
    Log(tmp_path / "runs" / "a").write(curve("loss", [1.0]))
    (tmp_path / "data").mkdir()
    assert not found_at(tmp_path)
    assert found_at(tmp_path, "runs")
    Log(tmp_path / "tb").write(curve("loss", [1.0]))
    (tmp_path / "wandb").mkdir()
    assert not found_at(tmp_path)
    assert found_at(tmp_path, "tb")


def test_runs_of_only_a_validation_folder_are_found_together(tmp_path: Path) -> None:
    for run in ("a", "b"):
        Log(tmp_path / "models" / run / "validation").write(curve("loss", [1.0]))
    (tmp_path / "data").mkdir()
    assert not found_at(tmp_path)
    assert found_at(tmp_path, "models")
