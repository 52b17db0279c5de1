"""YAML with positions: what is read, what is refused, and where."""

import json
import re
import subprocess
import sys
import textwrap
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runreport.errors import Span, SpecError
from runreport.spec.marked import Marked, read_file, read_text
from tests.shared import SHARED, needs_shared

ATTACKS = SHARED / "attacks" / "yaml"


def plain(node: Marked):
    """The tree without its places."""
    if node.sequence is not None:
        return [plain(item) for item in node.sequence]
    if node.mapping is not None:
        return {key: plain(value) for key, value in node.mapping.items()}
    return node.value


def outcome(text: str):
    """What a text holds and the codes of its problems: one of the two is None."""
    try:
        return plain(read_text(text, "f.yaml")), None
    except SpecError as error:
        return None, {problem.code for problem in error.problems}


def refusal(text: str):
    with pytest.raises(SpecError) as caught:
        read_text(text, "f.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "value"),
    [
        # the core schema of YAML 1.2.2, section 10.3.2
        ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5), ("5.", 5.0), ("-0.0", 0.0), ("+12", 12),
        ("017", 17), ("0o17", 15), ("0xfF", 255), ("1_000", "1_000"), ("0b1", "0b1"),
        ("no", "no"), ("on", "on"), ("y", "y"), ("12:30", "12:30"), ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"), ("=", "="), ("true", True), ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None), ("null", None), ("Null", None), ("nULL", "nULL"), (".inf", float("inf")),
        ("-.INF", float("-inf")), ("nan", "nan"), ("inf", "inf"), ("1e", "1e"), ("-", None),
        ("'1e-3'", "1e-3"), ('"true"', "true"), ("1.2.3", "1.2.3"), ("0x", "0x"), ("--1", "--1"),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema_of_yaml_1_2(written, value):
    if written == "-":
        assert refusal("k: -")[0].code == "RR103"
        return
    got = plain(read_text(f"k: {written}", "f.yaml"))["k"]
    assert (got, type(got)) == (value, type(value))


def test_not_a_number_is_a_number():
    assert str(plain(read_text("k: .nan", "f.yaml"))["k"]) == "nan"


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**200), 10**200))
def test_numbers_survive_being_written(number):
    assert plain(read_text(f"k: {number!r}", "f.yaml"))["k"] == number


_LETTERS = st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from(
    "äß\u4e2d\U0001f600"
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(_LETTERS, max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcxyz_ -/", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_JSON)
def test_json_is_yaml(value):
    assert plain(read_text(json.dumps(value, ensure_ascii=False), "f.yaml")) == value


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        read_text(text, "f.yaml")
    except SpecError as error:
        for problem in error.problems:
            assert problem.span is not None
            lines = re.split("\r\n|\r|\n", text)
            assert 1 <= problem.span.column <= len(lines[problem.span.line - 1]) + 1


def test_every_key_and_value_knows_its_place():
    tree = read_text('a:\n  - b: "c d"\n    e: &x 12\n', "f.yaml")
    item = tree.mapping["a"].sequence[0]
    assert item.keys["b"] == Span("f.yaml", 2, 5, 1)
    assert item.mapping["b"].span == Span("f.yaml", 2, 8, 5)
    # the value, not its anchor
    assert item.mapping["e"].span == Span("f.yaml", 3, 11, 2)


@pytest.mark.parametrize(
    ("yaml_text", "part", "column"),
    [
        ("k: lr > 0.1", "0.1", 9),
        ('k: "lr > 0.1"', "0.1", 10),
        ("k: 'it''s > 0.1'", "0.1", 13),
        ('k: "\\u00e9\\t > 0.1"', "0.1", 16),
        ("k: größe > 0.1", "0.1", 12),
        ('k: &a "lr > 0.1"', "0.1", 13),
    ],
)
def test_a_part_of_a_text_is_placed_exactly(yaml_text, part, column):
    node = read_text(yaml_text, "f.yaml").mapping["k"]
    span = node.within(node.value.index(part), len(part))
    assert (span.line, span.column, span.length) == (1, column, 3)
    assert yaml_text[column - 1 : column + 2] == part


def test_aliases_stand_for_what_they_name():
    assert plain(read_text("a: &x [1, 2]\nb: *x\nc: {d: *x}", "f.yaml")) == {
        "a": [1, 2],
        "b": [1, 2],
        "c": {"d": [1, 2]},
    }


@pytest.mark.parametrize(
    ("text", "code", "words", "line", "column"),
    [
        ("a: 1\na: 2", "RR104", "first is on line 1", 2, 1),
        ("a: &x {b: 1}\nc:\n  <<: *x", "RR105", "merge key", 3, 3),
        ("a: 1\n---\nb: 2", "RR105", "second document", 2, 1),
        ("a: !!python/name:os.system x", "RR105", "!!python/name:os.system", 1, 4),
        ("? [a, b]\n: 1", "RR105", "key must be a name", 1, 3),
        ("a: *nobody", "RR103", "names no anchor", 1, 4),
        ("a: &x [*x]", "RR106", "contains itself", 1, 8),
        ("a: 1e999", "RR107", "too large", 1, 4),
        ("a: {x: ${store}}", "RR112", "without quotes", 1, 8),
        ("a: [${store}, b]", "RR112", "without quotes", 1, 5),
        ("a: b: c", "RR103", "mapping values", 1, 5),
        ("a:\n\tb: 1", "RR103", "cannot start any token", 2, 1),
        ("a: \x07", "RR101", "U+0007", 1, 4),
        ("a: x\u2028b: y", "RR101", "U+2028", 1, 5),
        # what the parser lets pass although YAML 1.2 forbids it
        ('a: "x"# y', "RR103", "comment without a space", 1, 7),
        ("a: [b,#c\n d]", "RR103", "comment without a space", 1, 7),
        ("a: {?b: 1}", "RR103", "`?`", 1, 5),
        ("a: [?b]", "RR103", "`?`", 1, 5),
        ("a: &b:c d", "RR103", "anchor", 1, 6),
        ('a: "b\n\tc"', "RR103", "tab", 2, 1),
        ("a: [\n\tb]", "RR103", "tab", 2, 1),
        ("a: >\n   \n b\n", "RR103", "deeper", 3, 2),
    ],
)  # fmt: skip
def test_what_a_spec_may_not_hold_is_refused_in_its_place(text, code, words, line, column):
    problems = refusal(text)
    assert (problems[0].code, problems[0].span.line, problems[0].span.column) == (
        code,
        line,
        column,
    )
    assert words in problems[0].message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: b#c", {"a": "b#c"}),
        ("a: http://x/?y#z", {"a": "http://x/?y#z"}),
        ("a: [b, # c\n d]", {"a": ["b", "d"]}),
        ("a: 'b' # c", {"a": "b"}),
        ("#a\nb: 1", {"b": 1}),
        ("a: >\n\n b\n\n c", {"a": "\nb\nc"}),
        ("a: |\n\n\n  b\n", {"a": "\n\nb\n"}),
        ("a: |2\n    b\n", {"a": "  b\n"}),
        ("- [-1, 2]\n", [[-1, 2]]),
        ("? a\n: b", {"a": "b"}),
        ('{\n\t"a": 1\n}', {"a": 1}),
        ("a: ?b", {"a": "?b"}),
        ('a: "x\n  y"', {"a": "x y"}),
        ("a: >-\n  b\n\nc: 1", {"a": "b", "c": 1}),
        ("- |\n  b\n-  c", ["b\n", "c"]),
        ("a: |\n   \n\nb: 1", {"a": "", "b": 1}),
    ],
)
def test_what_looks_alike_but_is_allowed_is_read(text, value):
    assert plain(read_text(text, "f.yaml")) == value


def test_all_problems_of_a_text_are_told_at_once():
    problems = refusal("a: 1\na: 2\nb: !x y\n<<: {c: 1}\n")
    assert [problem.code for problem in problems] == ["RR104", "RR105", "RR105"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\ntitle: caf\xe9".encode("latin-1"))
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 1_000_001)
    for path, words in [
        (latin, "byte 15 is not UTF-8"),
        (large, "larger than"),
        (tmp_path / "none.yaml", "no such file"),
        (tmp_path, "directory"),
        (tmp_path / "nul\0.yaml", "null"),
    ]:
        with pytest.raises(SpecError, match=words) as caught:
            read_file(path, path.name)
        assert [p.code for p in caught.value.problems] == ["RR101"]


def test_a_byte_order_mark_is_no_text(tmp_path):
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    tree = read_file(path, "bom.yaml")
    assert tree.keys["a"] == Span("bom.yaml", 1, 1, 1)


# ---- the corpora ---------------------------------------------------------------------------------

# what the attack files hold, by hand
READ = {"bad_date", "bom", "empty", "list_root", "long_scalar", "many_anchors", "norway",
        "quadratic_flow", "scalar_root", "underscore_int"}  # fmt: skip

_PROBE = """
import json, resource, sys, time
from pathlib import Path
limit = 512 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from runreport.errors import SpecError
from runreport.spec.marked import read_file
found = {}
for path in sorted(Path(sys.argv[1]).glob("*.yaml")):
    start = time.perf_counter()
    try:
        read_file(path, path.name)
        outcome = None
    except SpecError as error:
        outcome = [problem.code for problem in error.problems]
    found[path.stem] = (outcome, time.perf_counter() - start)
print(json.dumps(found))
"""


@needs_shared("attacks", "yaml", "attack")
def test_hostile_files_are_read_or_refused_within_two_seconds_and_512_mb():
    command = [sys.executable, "-c", textwrap.dedent(_PROBE), str(ATTACKS / "attack")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) >= 30
    assert {name for name, (codes, _) in found.items() if codes is None} == READ & set(found)
    assert {name: s for name, (_, s) in found.items() if s > 2} == {}


@needs_shared("attacks", "yaml", "attack")
def test_the_norway_file_says_what_it_says():
    assert plain(read_file(ATTACKS / "attack" / "norway.yaml", "norway.yaml")) == {
        "country": "no", "version": 1.10, "time": "12:30", "oct": 17, "exp": 1e-3, "tilde": None,
        "eq": "=",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "[" + "a," * 300_000 + "]",
        "- |\n" * 40_000,
        "a: " + "9" * 900_000,
        "{" * 20 + ":" * 900_000 + "${",
        "".join(f"k{i}: &a{i} 1\n" for i in range(24_000)),
        "a: &a [" + "x," * 1000 + "]\nb: [" + "*a," * 1000 + "]",
        '"' * 900_000,
        "\t" * 900_000,
        "[\n" + "\ta,\n" * 200_000 + "]",
        "#\n" * 450_000,
    ],
    ids=lambda text: text[:12],
)
def test_the_largest_files_take_seconds(text):
    start = time.perf_counter()
    _, codes = outcome(text)
    assert (codes or set()) <= {"RR103", "RR105", "RR106", "RR107"}
    # 1 to 2 s on a quiet machine
    assert time.perf_counter() - start < 20


def cases():
    """(id, text, must be refused, what it holds as JSON) of the YAML test suite."""
    for path in sorted((ATTACKS / "suite").glob("*.yaml")):
        for index, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            if "yaml" in case:
                text = case["yaml"]
                for glyph, meant in {"␣": " ", "—": "", "»": "\t", "↵": "", "←": "\r"}.items():
                    text = text.replace(glyph, meant)
                text = text.replace("⇔", "\ufeff").replace("∎\n", "")
                yield f"{path.stem}-{index}", text, case.get("fail", False), case.get("json")


def json_values(text: str):
    """JSON values, one behind the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        value, end = decoder.raw_decode(text[at:].lstrip())
        yield value
        at += len(text[at:]) - len(text[at:].lstrip()) + end


CASES = list(cases())


@needs_shared("attacks", "yaml", "suite")
def test_the_suite_is_there():
    assert sum(must_fail for _, _, must_fail, _ in CASES) >= 50
    assert len(CASES) >= 200


@pytest.mark.parametrize(
    ("text", "must_fail", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_a_case_of_the_yaml_suite_is_read_rightly_or_refused(text, must_fail, expected):
    got, codes = outcome(text)
    if codes is not None:
        assert codes
        return
    assert not must_fail
    values = [] if expected is None else list(json_values(expected))
    # a stream of several documents, of which all but one are empty, is read as that one
    if len(values) == 1:
        assert got == values[0]


@needs_shared("attacks", "yaml", "suite")
def test_most_of_the_suite_is_read_not_refused():
    good = [text for _, text, must_fail, _ in CASES if not must_fail]
    assert sum(outcome(text)[1] is None for text in good) / len(good) > 0.6
