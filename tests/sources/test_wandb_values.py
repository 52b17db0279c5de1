"""What records of a W&B log come to: metrics, params, tags, lineage, status."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.sources.wandb_logs import (
    ARTIFACT,
    CONFIG,
    ENVIRONMENT,
    METRIC,
    START,
    SUMMARY,
    USED,
    exit_with,
    folder,
    history,
    item,
    message,
    record,
    run,
    summary,
    text,
    whole,
)
from tests.sources.wandb_reading import (
    codes,
    only,
    series,
    tables_at,
)

# ---- values --------------------------------------------------------------------------------------


def test_numbers_of_all_kinds_are_kept_as_logged(tmp_path: Path) -> None:
    values = [1, 1.5, -0.0, 1e-300, 2**63, 10**30, math.nan, math.inf, -math.inf, 0.1 + 0.2]
    where = folder(tmp_path, [run(), *(history(2, s, {"x": v}) for s, v in enumerate(values))])
    found = series(where, "x")
    np.testing.assert_array_equal([v for _, v in found], np.array(values, float))
    assert [s for s, _ in found] == list(range(10))


def test_integers_beyond_any_float_count_as_infinite(tmp_path: Path) -> None:
    rows = [record(2, 2, item(("x",), "9" * 400, is_json=True) + item(("_step",), 1))]
    where = folder(tmp_path, [run(), *rows])
    assert series(where, "x") == [(1, math.inf)]


def test_duplicate_and_unordered_steps_are_all_kept_in_the_order_of_the_file(
    tmp_path: Path,
) -> None:
    steps = [5, 3, 3, 9, 0]
    rows = [history(2, step, {"x": place}) for place, step in enumerate(steps)]
    where = folder(tmp_path, [run(), *rows])
    assert series(where, "x") == [(step, place) for place, step in enumerate(steps)]
    assert only(where).metrics["x"].last == 3


def test_names_are_those_logged_however_long(tmp_path: Path) -> None:
    names = ["a/b", "größe", "a.b", "with space", "n" * 300, "x" * 80, "x" * 81, "🚀"]
    where = folder(tmp_path, [run(), history(2, 0, dict.fromkeys(names, 1))])
    assert set(only(where).metrics) == set(names)


def test_nested_values_are_flattened_whether_in_the_key_or_in_the_value(tmp_path: Path) -> None:
    in_key = item(("a", "b", "c"), 1) + item(("a", "d"), 2)
    in_value = item(("old",), {"b": {"c": 3}, "d": 4, "_": None})
    rows = [record(n, 2, in_key + in_value + item(("_step",), n)) for n in range(40)]
    found = only(folder(tmp_path, [run(), *rows])).metrics
    assert {name: each.last for name, each in found.items()} == {
        "a.b.c": 1, "a.d": 2, "old.b.c": 3, "old.d": 4,
    }  # fmt: skip
    assert {each.count for each in found.values()} == {40}


def test_values_that_are_no_numbers_are_no_metrics_and_said(tmp_path: Path) -> None:
    rows = [history(2, s, {"w": "3", "b": True, "l": [1], "n": None, "x": s}) for s in range(3)]
    where = folder(tmp_path, [run(), *rows, summary(9, {"w": "3", "b": True, "l": [1]})])
    tables = tables_at(where)
    (found,) = tables.rows
    assert set(found.metrics) == {"x"}
    assert dict(found.tags) == {"summary.w": "3", "summary.b": "true"}
    (note,) = [p for p in tables.problems if "no numbers" in p.message]
    assert "'b', 'l', 'w'" in note.message
    assert note.severity == "note"


def test_a_value_that_is_no_json_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    bad = record(3, 2, item(("x",), "{", is_json=True) + item(("_step",), 1))
    where = folder(tmp_path, [run(), history(2, 0, {"x": 1}), bad, history(4, 2, {"x": 3})])
    assert series(where, "x") == [(0, 1), (2, 3)]
    assert "RR375" in codes(tables_at(where))


def test_steps_are_those_of_the_declared_metric_where_every_point_has_one(tmp_path: Path) -> None:
    declared = [
        record(2, METRIC, text(2, "val/*") + text(4, "epoch")),
        record(2, METRIC, text(1, "odd") + text(4, "epoch")),
        record(2, METRIC, text(1, "val/own") + text(4, "seen")),
    ]
    rows = [
        history(3, s, {"val/acc": s, "val/own": s, "epoch": s * 10, "seen": s * 100, "odd": s})
        for s in range(3)
    ]
    where = folder(tmp_path, [run(), *declared, *rows, history(9, 3, {"odd": 3})])
    assert series(where, "val/acc") == [(0, 0), (10, 1), (20, 2)]
    assert series(where, "val/own") == [(0, 0), (100, 1), (200, 2)]
    assert series(where, "odd") == [(s, s) for s in range(4)]
    assert series(where, "epoch") == [(0, 0), (1, 10), (2, 20)]


def test_a_step_is_taken_from_its_own_field_or_counted_where_no_item_tells_it(
    tmp_path: Path,
) -> None:
    rows = [
        record(2, 2, item(("x",), 1) + message(2, whole(1, 7))),
        record(3, 2, item(("x",), 2)),
        record(4, 2, item(("x",), 3) + message(2, b"")),
    ]
    assert series(folder(tmp_path, [run(), *rows]), "x") == [(7, 1), (8, 2), (0, 3)]


def test_config_is_updated_and_removed_in_order(tmp_path: Path) -> None:
    update = item(("lr",), 0.5, 1) + item(("deep", "er"), [1, {"a": None}]) + item(("e",), {}, 1)
    removal = message(2, text(1, "gone"))
    bodies = [
        run(config={"lr": 0.1, "gone": 1, "tiny": 1e-05, "_wandb": {}, "o": {"p": {"q": "r"}}}),
        record(2, CONFIG, update + removal),
        record(3, CONFIG, message(1, text(2, "o") + text(2, "p") + text(2, "q") + text(16, "1.0"))),
        record(3, CONFIG, item(("_wandb",), {"framework": "torch"}, 1)),
    ]
    found = only(folder(tmp_path, bodies))
    params = {key: param.text for key, param in found.params.items()}
    expected = {"lr": "0.5", "tiny": "1e-05", "deep.er": '[1, {"a": null}]', "o.p.q": "1.0"}
    assert params == expected
    assert ("environment", "torch") in [(fact.kind, fact.name) for fact in found.lineage]


def test_the_summary_ends_as_its_records_say_one_after_the_other(tmp_path: Path) -> None:
    one = [summary(2, {"a": n, "b": {"c": n}}) for n in range(50)]
    two = [
        record(3, SUMMARY, item(("b", "c"), 70)),
        record(4, SUMMARY, item(("b", "d"), 71)),
        summary(5, {"best": 0.9}),
    ]
    where = folder(tmp_path, [run(), *one, *two])
    found = {name: each.last for name, each in only(where).metrics.items()}
    assert found == {"a": 49, "b.c": 70, "b.d": 71, "best": 0.9}
    gone = record(6, SUMMARY, message(2, text(1, "a")))
    where = folder(tmp_path / "removed", [run(), *one, *two, gone, summary(7, {"b": 1})])
    found = {name: each.last for name, each in only(where).metrics.items()}
    assert found == {"b": 1, "best": 0.9}


def test_a_medium_that_is_not_there_is_listed_with_its_digest(tmp_path: Path) -> None:
    image = {"_type": "image-file", "path": "media/x.png", "sha256": "ab", "size": 5, "width": 9}
    nested = b"".join(item(("img", key), value) for key, value in image.items())
    rows = [record(2, 2, nested + item(("_step",), 3)), history(3, 4, {"old": image, "y": 1})]
    found = only(folder(tmp_path, [run(), *rows]))
    assert set(found.metrics) == {"y"}
    (artifact,) = found.artifacts
    assert (artifact.path, artifact.kind, artifact.bytes) == ("media/x.png", "image", 5)
    assert (artifact.digest, artifact.opener) == ("sha256:ab", None)


def test_environment_artifacts_and_inputs_become_lineage(tmp_path: Path) -> None:
    git = text(1, "https://user:hunter2@host/team/code.git") + text(2, "c0ffee")
    gpu = message(24, text(1, "NVIDIA A100"))
    about = text(2, "CPython 3.12.1") + text(5, "--lr") + text(5, "0.1 x") + text(6, "train.py")
    made = text(4, "model") + text(5, "clf") + text(6, "abc" * 10) + message(
        12, message(4, text(1, "m.pt") + whole(4, 10)) + message(4, text(1, "n.pt") + whole(4, 5))
    )  # fmt: skip
    used = text(1, "QXJ0") + text(2, "dataset") + text(3, "train-set:v3")
    bodies = [
        run(),
        record(2, ENVIRONMENT, about + message(9, git) + gpu + gpu + text(13, "ada")),
        record(3, ARTIFACT, made),
        record(4, USED, used),
    ]
    where = folder(tmp_path, bodies)
    (where / "files" / "requirements.txt").write_text("numpy==2\n")
    (where / "files" / "diff.patch").write_text("-a\n+b\n")
    found = only(where)
    facts = {(fact.kind, fact.name): fact for fact in found.lineage}
    code = facts["code", "code"]
    assert (code.digest, code.url, code.dirty) == ("c0ffee", "https://host/team/code.git", True)
    assert ("command", "train.py --lr '0.1 x'") in facts
    assert facts["environment", "python"].version == "3.12.1"
    assert facts["hardware", "gpu"].version == "2 x NVIDIA A100"
    assert ("data", "train-set:v3") in facts
    assert facts["model", "clf"].digest == "md5:" + "abc" * 10
    assert (facts["environment", "requirements"].digest or "").startswith("sha256:")
    (model,) = [artifact for artifact in found.artifacts if artifact.kind == "model"]
    assert (model.path, model.bytes) == ("clf@abcabcabcabc", 15)
    assert found.user == "ada"


@pytest.mark.parametrize(
    ("ending", "status"),
    [([exit_with(0)], "finished"), ([exit_with(3)], "failed"), ([exit_with(255)], "killed"),
     ([], "unknown")],
)  # fmt: skip
def test_the_status_is_what_the_exit_record_says(
    tmp_path: Path, ending: list[bytes], status: str
) -> None:
    where = folder(tmp_path, [run(), history(2, 0, {"x": 1}), *ending])
    tables = tables_at(where)
    (found,) = tables.rows
    assert found.status == status
    assert ("no exit record" in str(tables.problems)) == (status == "unknown")
    assert found.started is not None
    assert found.started.timestamp() == START
    assert (found.ended is None) == (status == "unknown")
    if ending:
        assert found.duration_s == 9
