"""Typed values from marked YAML, for any dataclass of options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import pytest

from runreport import registry
from runreport.design import MetricName, ParamName
from runreport.spec.expressions import Expression
from runreport.spec.limits import AtLeast, Between
from runreport.spec.marked import read_text
from runreport.spec.shape import Shaper, Unusable, hints


@dataclass(frozen=True, slots=True)
class Inner:
    level: Annotated[float, Between(0, 1)]
    name: str = "inner"


@dataclass(frozen=True, slots=True)
class Options:
    text: str = ""
    whole: int = 1
    real: float = 1.0
    flag: bool = False
    choice: Literal["auto", "yes", 3] = "auto"
    texts: tuple[str, ...] = ()
    numbers: tuple[float, ...] | None = None
    column: Expression | None = None
    columns: tuple[Expression, ...] = ()
    metric: MetricName | None = None
    metrics: tuple[MetricName, ...] = ()
    param: ParamName = ""
    either: int | str | tuple[str, ...] = 0
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    least: Annotated[int, AtLeast(1)] = 1


def shaped(text: str, cls: type = Options) -> tuple[Any, Shaper]:
    shaper = Shaper()
    try:
        return shaper.record(cls, read_text(text, "spec"), "options"), shaper
    except Unusable:
        return None, shaper


def test_every_type_is_read():
    text = (
        "{text: a, whole: 2, real: 3, flag: true, choice: 'yes', texts: [a, b], numbers: [1, 2.5],"
        " column: a > 1, columns: [max(b) as top, 7], metric: m, metrics: [n, o], param: p,"
        " either: [x], inner: {level: 0.5}, inners: [{level: 0.25, name: i}], least: 4}"
    )
    value, shaper = shaped(text)
    assert shaper.problems == []
    assert value.column.text == "a > 1"
    assert [(c.text, c.heading) for c in value.columns] == [("max(b)", "top"), ("7", None)]
    assert (value.text, value.whole, value.real, value.flag) == ("a", 2, 3.0, True)
    assert isinstance(value.real, float)
    assert (value.choice, value.texts, value.numbers) == ("yes", ("a", "b"), (1.0, 2.5))
    assert (value.either, value.inner, value.least) == (("x",), Inner(0.5), 4)
    assert value.inners == (Inner(0.25, "i"),)
    assert [(m.kind, m.name) for m in shaper.mentions] == [
        ("metric", "m"),
        ("metric", "n"),
        ("metric", "o"),
        ("param", "p"),
    ]
    assert shaper.mentions[0].span.column == text.index("metric: m") + len("metric: ") + 1


def test_nothing_written_is_the_default():
    value, shaper = shaped("{text: , whole: ~, numbers: null, metric: }")
    assert (value, shaper.problems) == (Options(), [])


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{text: 7}", "RR109", "expected a text, found the number 7"),
        ("{text: [a]}", "RR109", "expected a text, found a list"),
        ("{text: true}", "RR109", "expected a text, found true"),
        ("{whole: 1.5}", "RR109", "expected a whole number, found the number 1.5"),
        ("{whole: true}", "RR109", "expected a whole number, found true"),
        ("{whole: a}", "RR109", "expected a whole number, found the text 'a'"),
        ("{real: .inf}", "RR109", "expected a number, found the number .inf"),
        ("{flag: 1}", "RR109", "expected true or false, found the number 1"),
        ("{choice: ys}", "RR110", "expected auto, yes or 3, found the text 'ys'"),
        ("{choice: true}", "RR110", "expected auto, yes or 3, found true"),
        ("{texts: a}", "RR109", "expected a list, found the text 'a'"),
        ("{texts: {a: b}}", "RR109", "expected a list, found a mapping"),
        ("{numbers: [1, x]}", "RR109", "expected a number, found the text 'x'"),
        ("{column: [a]}", "RR109", "expected an expression, found a list"),
        ("{column: a >}", "RR120", None),
        ("{metric: 3}", "RR109", "expected a text, found the number 3"),
        ("{either: {a: b}}", "RR109", "a whole number or a text or a list, found a mapping"),
        ("{either: [1]}", "RR109", "expected a text, found the number 1"),
        ("{inner: 3}", "RR109", "expected a mapping (level, name), found the number 3"),
        ("{inner: {}}", "RR108", "this mapping needs 'level'"),
        ("{inner: {level: 2}}", "RR109", "expected a number between 0 and 1, found the number 2"),
        ("{inner: {level: 0.5, x: 1}}", "RR102", "unknown key 'x' in this mapping"),
        ("{least: 0}", "RR109", "expected a whole number 1 or more, found the number 0"),
        ("{txt: a}", "RR102", "unknown key 'txt' in options"),
    ],
)
def test_another_type_says_what_was_expected_and_found(text, code, message):
    value, shaper = shaped(text)
    assert [p.code for p in shaper.problems] == [code]
    if message is not None:
        assert message in shaper.problems[0].message
    assert value is not None, "what is wrong falls back to its default"


def test_items_that_are_wrong_leave_the_others():
    value, shaper = shaped("{texts: [a, 1, b, [c]]}")
    assert value.texts == ("a", "b")
    assert [p.span.column for p in shaper.problems] == [13, 19]


def test_places_inside_a_quoted_expression_are_exact():
    _, shaper = shaped("{column: 'a == ''x'' and b ++ ='}")
    (problem,) = shaper.problems
    assert problem.span.line == 1
    assert problem.span.column > len("{column: 'a == ''x'' and")


def test_long_values_are_cut_in_messages():
    _, shaper = shaped(f"{{whole: {'a' * 500}}}")
    assert len(shaper.problems[0].message) < 150


def test_a_type_that_nobody_can_read_is_a_bug_not_a_problem():
    @dataclass(frozen=True)
    class Odd:
        call: Callable[[], int]

    Odd.__annotations__["call"] = Callable[[], int]
    with pytest.raises(TypeError):
        shaped("{call: a}", Odd)


KINDS = [*registry.SECTIONS.values(), *registry.SOURCES.values()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "value", ["~", "true", "3", "-0.5", "a", "[]", "[a, {b: c}]", "{}", "'${'"]
)
def test_every_option_of_the_registry_reads_or_refuses_any_value(kind, value):
    for field in fields(kind.options):
        shaper = Shaper()
        shaper.attempt(hints(kind.options)[field.name], read_text(value, "spec"))
        assert all(problem.span is not None for problem in shaper.problems)
