"""Families of metrics."""

from __future__ import annotations

from runreport.spec.families import expand, members
from tests.spec.specs import read

LOGGED = ["loss", "val/f1/cat", "val/f1/dog", "val/f1", "val/acc/cat"]


def test_a_star_stands_for_one_character_or_more():
    assert members("val/f1/*", LOGGED) == [("val/f1/cat", "cat"), ("val/f1/dog", "dog")]
    assert members("val/*/cat", LOGGED) == [("val/acc/cat", "acc"), ("val/f1/cat", "f1")]
    assert members("v.l/f1/*", LOGGED) == []


def test_members_take_their_familys_place_and_properties(tmp_path):
    text = """\
    metrics:
      loss: {goal: minimize}
      val/f1/*: {goal: maximize, unit: "%", scale: 100, context: class, label: F1}
      val/f1/dog: {goal: minimize}
    """
    spec = expand(read(tmp_path, text).spec, LOGGED)
    metrics = [metric for metric, _ in spec.metrics]
    assert [(m.name, m.goal, m.title) for m in metrics] == [
        ("loss", "minimize", "loss"),
        ("val/f1/cat", "maximize", "F1 (class cat)"),
        ("val/f1/dog", "minimize", "val/f1/dog"),
    ]
    assert (metrics[1].unit, metrics[1].scale) == ("%", 100.0)
    assert spec.metrics[1][1].line == 4


def test_without_context_or_label_members_are_called_as_logged(tmp_path):
    spec = expand(read(tmp_path, "metrics: {val/f1/*: }").spec, LOGGED)
    assert [metric.title for metric, _ in spec.metrics] == ["val/f1/cat", "val/f1/dog"]


def test_a_spec_without_families_stays_itself(tmp_path):
    spec = read(tmp_path, "metrics: {loss: }").spec
    assert expand(spec, LOGGED) is spec


def test_a_metric_that_was_logged_with_a_star_is_itself(tmp_path):
    spec = expand(read(tmp_path, "metrics: {a*: }").spec, ["a*", "ab"])
    assert [metric.name for metric, _ in spec.metrics] == ["a*"]
