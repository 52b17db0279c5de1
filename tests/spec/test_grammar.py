"""What is an expression, what is none, and where it says so."""

import string
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.errors import Span, SpecError
from runreport.spec.expressions import Expression, parse
from runreport.spec.grammar import FUNCTIONS, MAX_LENGTH, MAX_NESTING
from runreport.spec.marked import read_text
from runreport.spec.nodes import Call, Comparison, Operation


def tree(text: str):
    return parse(text).tree


def refused(text: str, **options):
    """The problem of a text and the part of it that the problem points to."""

    def locate(start, length):
        return Span("f.yaml", 1, start + 1, length)

    with pytest.raises(SpecError) as caught:
        parse(text, locate=locate, **options)
    (problem,) = caught.value.problems
    start = problem.span.column - 1
    return problem, text[start : start + problem.span.length]


def outcome(text: str, **options):
    """The expression, or None, and the codes of what is wrong with it."""
    try:
        return parse(text, **options), []
    except SpecError as error:
        return None, [problem.code for problem in error.problems]


# ---- trees ---------------------------------------------------------------------------------------


def test_operators_bind_as_in_python():
    node = tree("not a == 1 and b > 2 * c + 1 or d")
    assert node.operator == "or"
    both = node.operands[0]
    assert both.operator == "and"
    assert both.operands[0].operator == "not"
    (sign, right), = both.operands[1].rest  # fmt: skip
    assert (sign, right.operator) == (">", "+")
    assert right.operands[0].operator == "*"


@pytest.mark.parametrize(
    ("text", "family", "name"),
    [
        ("lr", None, "lr"),
        ("model.lr", None, "model.lr"),
        ("params.model.lr", "params", "model.lr"),
        ('params["a b"]', "params", "a b"),
        ("metrics['val/f1']", "metrics", "val/f1"),
        ('tags["mlflow.user"]', "tags", "mlflow.user"),
        ("run.name", "run", "name"),
        ("params", None, "params"),
        ("größe", None, "größe"),
        # letters that Python's parser would fold into others: U+FF4C, U+017F
        ("\uff4cr", None, "\uff4cr"),
        ("params.\u017fize", "params", "\u017fize"),
    ],
)
def test_names_are_read_as_written(text, family, name):
    node = tree(text)
    assert (node.family, node.name) == (family, name)
    assert node.at == (0, len(text))


def test_every_node_knows_its_place_in_characters():
    node = tree('größe > 1 and contains(x, "äöü")')
    first, second = node.operands
    assert first.first.at == (0, 5)
    assert first.rest[0][1].at == (8, 1)
    assert second.at == (14, 18)
    assert second.arguments[1].at == (26, 5)


def test_a_metric_is_read_where_another_points():
    node = tree("at(min(val_loss)).val_accuracy")
    assert isinstance(node, Call)
    assert (node.function, node.arguments[0].function) == ("at", "min")
    assert (node.other.name, node.other.at) == ("val_accuracy", (18, 12))
    assert tree('at(max(a)).metrics["b/c"]').other.name == "b/c"
    assert tree("at(max(a)).metrics.b").other.name == "b"
    assert tree("at(max(a)).größe").other.name == "größe"


def test_lists_and_chains_are_comparisons():
    node = tree("1 < a <= 3")
    assert isinstance(node, Comparison)
    assert [sign for sign, _ in node.rest] == ["<", "<="]
    assert [item.value for item in tree('a in [1, "b", true]').rest[0][1].items] == [1.0, "b", True]
    assert tree("a not in (1, 2)").rest[0][0] == "not in"


def test_lines_of_a_folded_text_are_one_expression():
    assert tree("a > 1\n  and b < 2\n").operator == "and"


@pytest.mark.parametrize("form", FUNCTIONS.values())
def test_every_function_is_read_in_the_form_that_messages_show(form):
    text = form.replace("(metric", "(m").replace('"text"', '"t"').replace(").other", ").o")
    assert isinstance(tree(text), Call)


# ---- around the expression -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "body", "heading"),
    [
        ("max(a) as best", "max(a)", "best"),
        ('max(a) as "Best value"', "max(a)", "Best value"),
        ("max(a) as 'it\\'s'", "max(a)", "it's"),
        ('contains(a, " as b") as c', 'contains(a, " as b")', "c"),
        ('a == "x as y"', 'a == "x as y"', None),
        ("a as val/f1", "a", "val/f1"),
        ("  a  ", "a", None),
        ("class_as", "class_as", None),
    ],
)
def test_a_heading_is_split_off(text, body, heading):
    expression = parse(text)
    assert (expression.text, expression.heading) == (body, heading)
    assert expression.title == (heading or body)


def test_a_leading_minus_means_descending_only_where_runs_are_sorted():
    assert parse("-val_loss", sort=True) == Expression("val_loss", descending=True)
    assert parse(" - max(a) as b", sort=True) == Expression("max(a)", None, "b", True)
    plain = parse("-val_loss")
    assert not plain.descending
    assert isinstance(plain.tree, Operation)


def test_places_are_those_of_the_file():
    node = read_text('runs:\n  sort: ["- größe > x as y"]\n', "f.yaml")
    marked = node.mapping["runs"].mapping["sort"].sequence[0]
    expression = parse(marked, sort=True)
    assert expression.span == Span("f.yaml", 2, 10, 18)
    right = expression.tree.rest[0][1]
    assert expression.place(*right.at) == Span("f.yaml", 2, 21, 1)


def test_an_expression_made_of_its_text_is_parsed_when_used():
    assert Expression("a > 1").tree == parse("a > 1").tree
    with pytest.raises(SpecError):
        _ = Expression("a >").tree


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "part", "words"),
    [
        ("", "RR120", "", "empty"),
        ("   ", "RR120", "", "empty"),
        ("a >", "RR120", ">", "ends too early"),
        ("a and", "RR120", "d", "ends too early"),
        ("(a", "RR120", "(", "never closed"),
        ("a > 3)", "RR120", ")", "unmatched"),
        ("a == 'b", "RR120", "'", "closing quote"),
        ("a && b", "RR120", "&", "`&`"),
        ("a = 3", "RR120", "=", "`=`"),
        ("a:b > 3", "RR120", ":", "`:`"),
        ("a; b", "RR120", ";", "`;`"),
        ("tags.a#b", "RR120", "#", "`#`"),
        ("params.lambda > 1", "RR120", "lambda", "`lambda` is a word"),
        ("not class", "RR120", "class", "`class` is a word"),
        ("(" * 300 + "1" + ")" * 300, "RR120", "(", "too many nested"),
        ("-" * 60 + "1", "RR120", "-" * (60 - MAX_NESTING - 1) + "1", "nested deeper"),
        ("+".join("a" * 60), "RR120", "+".join("a" * 19), "nested deeper"),
        ("a" * (MAX_LENGTH + 1), "RR120", "a", "is the most"),
        ("a.b.c()", "RR122", "a.b.c()", "own functions"),
        ("a[0]", "RR121", "a[0]", "name in quotes"),
        ("a['b']", "RR121", "a['b']", "only params, tags, metrics"),
        ("'a'.b", "RR121", "'a'.b", "name before the dot"),
        ("a if b else c", "RR121", "a if b else c", "not part of the language"),
        ("[x for x in y]", "RR121", "[x for x in y]", "not part"),
        ("lambda: 1", "RR121", "lambda: 1", "not part"),
        ("{1: 2}", "RR121", "{1: 2}", "not part"),
        ("f'{a}'", "RR121", "f'{a}'", "not part"),
        ("a ** 2", "RR121", "a ** 2", "not part"),
        ("a // 2", "RR121", "a // 2", "not part"),
        ("val/f1@0.5 > 1", "RR121", "val/f1@0.5", "not part"),
        ("a is b", "RR121", "a is b", "`is`"),
        ("a == None", "RR121", "None", "`None`"),
        ("1j", "RR121", "1j", "expected a number"),
        ("b'x'", "RR121", "b'x'", "expected a number"),
        ("...", "RR121", "...", "expected a number"),
        ("'\\ud800'", "RR121", "'\\ud800'", "surrogate"),
        ("[1, 2]", "RR121", "[1, 2]", "right of `in`"),
        ("a in b", "RR121", "b", "expected a list"),
        ("a + [1]", "RR121", "[1]", "right of `in`"),
        ("__import__('os')", "RR122", "__import__", "no function"),
        ("mxa(a)", "RR122", "mxa", "no function"),
        ("max(a, b)", "RR122", "max(a, b)", "takes 1 argument, not 2"),
        ("max()", "RR122", "max()", "takes 1 argument, not 0"),
        ("max(a=1)", "RR122", "max(a=1)", "named arguments"),
        ("max(*a)", "RR121", "*a", "not part"),
        ("max(3)", "RR122", "3", "takes a metric"),
        ("max(params.a)", "RR122", "params.a", "takes a metric"),
        ("max(min(a))", "RR122", "min(a)", "takes a metric"),
        ("has(a + b)", "RR122", "a + b", "takes a name"),
        ("at(a).b", "RR122", "a", "min, max, first or last"),
        ("at(mean(a)).b", "RR122", "mean(a)", "min, max, first or last"),
        ("at(max(a))", "RR122", "at(max(a))", "missing"),
        ("max(a).b", "RR122", "max(a).b", "nothing follows"),
        ("at_step(a, b)", "RR122", "b", "step's number"),
        ("step_above(a, b)", "RR122", "b", "number to reach"),
        ("last_step(a, 1)", "RR122", "last_step(a, 1)", "1 argument"),
        ("at_step(a, true)", "RR122", "true", "step's number"),
        ("contains(a, b)", "RR122", "b", "text in quotes"),
        ("since(7)", "RR122", "7", "text in quotes"),
        ("since('soon')", "RR116", "'soon'", "no length of time"),
        ("matches(a, '(')", "RR123", "'('", "cannot be used"),
        ("all_but(seed)", "RR122", "all_but", "no function"),
        ("a as", "RR125", "", "heading"),
        ("a as b c", "RR125", "b c", "one word"),
        ("a as ''", "RR125", " ''", "characters"),
    ],
)
def test_what_is_refused_names_its_part_of_the_text(text, code, part, words):
    problem, found = refused(text)
    assert problem.code == code
    assert words in problem.message
    if len(text) < 200:
        assert found == part


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a && b", "`and`, `or`, `not`"),
        ("a = 3", "`==`"),
        ("a:b > 3", 'params["a:b"]'),
        ("params.lambda", 'write params["lambda"]'),
        ("lambda > 1", 'params["lambda"] or metrics["lambda"] or tags["lambda"]'),
        ("val/f1@0.5", 'metrics["val/f1@0.5"]'),
        ("mxa(a)", "did you mean `max(metric)`?"),
        ("all_but(seed)", "groups.by"),
        ("a == None", "has(x)"),
    ],
)
def test_the_remedy_is_in_the_hint(text, hint):
    assert hint in refused(text)[0].hint


@pytest.mark.parametrize("text", ["max(a)", "3", "'text'", "a + b", "-a", "at(min(a)).b"])
def test_a_filter_must_be_a_condition(text):
    assert refused(text, condition=True)[0].code == "RR124"


@pytest.mark.parametrize("text", ["a", "a > 1", "not a", "a or b", "has(a)", "since('7d')", "true"])
def test_conditions_are_accepted(text):
    assert parse(text, condition=True).text == text


# ---- everything else -----------------------------------------------------------------------------

_PIECES = st.sampled_from(
    ["a", "params", "metrics", ".", "[", "]", "(", ")", '"x"', "'", '"', " ", "as", "and", "or",
     "not", "in", "==", "<", "-", "+", "/", "*", "1", "1e-3", ",", "max", "at", "min", "at_step",
     "matches", "since", "lambda", "if", "else", "\n", "\t", "#", "\\", "ä", "\U0001f600", "\0",
     "\u2028", "{", "}", ":", ";", "~", "@", "%", "...", "None", "true", "0x", "9" * 30, "_", "f'"]
)  # fmt: skip


@settings(deadline=timedelta(seconds=2), max_examples=400)
@given(
    st.one_of(
        st.text(max_size=200),
        st.text(string.printable, max_size=200),
        st.lists(_PIECES, max_size=40).map("".join),
    )
)
def test_any_text_is_an_expression_or_a_problem_in_its_place(text):
    places = []

    def locate(start, length):
        places.append((start, length))
        return Span("f.yaml", 1, start + 1, length)

    for sort in (True, False):
        expression, codes = outcome(text, locate=locate, sort=sort)
        assert codes or expression.text in text
        assert all(code[:4] in ("RR11", "RR12") for code in codes)
    assert all(0 <= start <= len(text) and length >= 0 for start, length in places)


BOMBS = [
    "(" * 1_000, "[" * 1_000, "-" * 1_999 + "1", "not " * 499 + "a", "a." * 999 + "b",
    "a+" * 999 + "b", "a<" * 999 + "b", "a[" * 900, "max(" * 400, '"' * 1_999, "\\" * 1_999,
    "a/" * 999 + "b", "9" * 2_000, "a in [" + "1," * 900 + "]", "a as " * 300, "{" * 1_000,
    "1" + "if 1 else 1" * 150, "a\n" * 900,
]  # fmt: skip


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: text[:8])
def test_bombs_end_quickly(text):
    start = time.perf_counter()
    _, codes = outcome(text)
    assert len(codes) <= 1
    assert time.perf_counter() - start < 2
