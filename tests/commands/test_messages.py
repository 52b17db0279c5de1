"""Problems as people and programs see them."""

from __future__ import annotations

import json
import unicodedata

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.commands import messages
from runreport.commands.messages import as_github, as_json, as_text, columns, printable
from runreport.errors import Problem, Span


def shown(problem: Problem) -> list[str]:
    return as_text(problem, {}).split("\n")


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Writes a spec into the current folder and gives back its name."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes) -> str:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        (tmp_path / "runreport.yaml").write_bytes(data)
        return "runreport.yaml"

    return write


def test_a_problem_reads_as_the_design_shows_it(file):
    text = "a:\n" * 9 + "  base_line: sgd\n"
    problem = Problem(
        "RR102",
        "unknown key 'base_line'",
        Span(file(text), 10, 3, 9),
        "did you mean 'baseline'?",
    )
    assert as_text(problem, {}) == (
        "error[RR102]: unknown key 'base_line'\n"
        "  --> runreport.yaml:10:3\n"
        "10 |   base_line: sgd\n"
        "   |   ^^^^^^^^^\n"
        "   = hint: did you mean 'baseline'?"
    )


def under(line: str, needle: str, file) -> tuple[str, str]:
    """The shown line and the caret line of a problem about `needle`."""
    span = Span(file(line + "\n"), 1, line.index(needle) + 1, len(needle))
    lines = shown(Problem("RR102", "x", span))
    return lines[2].split(" | ", 1)[1], lines[3].split(" | ", 1)[1]


def cells(text: str) -> list[str]:
    """A text by terminal columns; a wide character fills two."""
    found: list[str] = []
    for char in text:
        if unicodedata.combining(char):
            found[-1] += char
        else:
            found += [char] + [""] * (unicodedata.east_asian_width(char) in "WF")
    return found


@pytest.mark.parametrize(
    "line",
    [
        "a: NEEDLE",
        "\ta:\tNEEDLE",
        "日本語: NEEDLE",
        "日\t本: NEEDLE  # 語",
        "e\u0301\u0301: NEEDLE",
        "x" * 500 + " NEEDLE " + "y" * 500,
        "日" * 300 + " NEEDLE",
    ],
)
def test_carets_stand_below_the_text_they_are_about(file, line):
    text, carets = under(line, "NEEDLE", file)
    columns_of = cells(text)
    at = [index for index, char in enumerate(carets) if char == "^"]
    assert "".join(columns_of[at[0] : at[-1] + 1]) == "NEEDLE"
    assert len(text) < 250


def test_wide_text_has_carets_as_wide(file):
    _, carets = under("a: 日本", "日本", file)
    assert carets == "   ^^^^"


def test_a_long_span_is_cut_with_its_window(file):
    line = "a: " + "x" * 5000
    lines = shown(Problem("RR102", "m", Span(file(line), 1, 4, 5000)))
    assert max(map(len, lines)) < 120
    assert lines[2].endswith("\u2026")


@pytest.mark.parametrize("position", [(7, 1), (1, 99), (0, 1)])
def test_a_place_outside_the_file_has_no_frame_or_an_empty_one(file, position):
    lines = shown(Problem("RR102", "m", Span(file("a: 1\n"), *position)))
    assert len(lines) in (2, 4)


@pytest.mark.parametrize("name", ["gone.yaml", "\0", ".", "x" * 5000])
def test_a_file_that_cannot_be_read_has_no_frame(file, name):
    assert len(shown(Problem("RR102", "m", Span(name, 1, 1)))) == 2


def test_lines_are_counted_as_the_loader_counts_them(file):
    span = Span(file(b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n"), 3, 1, 1)
    assert shown(Problem("RR102", "m", span))[2] == "3 | c: 3"


def test_a_value_of_the_command_line_is_shown_itself():
    span = Span("--set runs.limt=3", 1, 12, 4)
    assert shown(Problem("RR102", "m", span))[1:] == [
        " --> --set runs.limt=3",
        "1 | --set runs.limt=3",
        "  |            ^^^^",
    ]


def test_a_place_that_is_no_text_is_named():
    assert shown(Problem("RR301", "m", place="runs.db: run 3"))[1] == " --> runs.db: run 3"


HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://x\x07link",
    "a\rb\nc\x08d",
    "\u202eevil\u2066",
    "\x9b31m",
    "\u2028\u2029",
    "soft\u00adhyphen\u200b",
    "\ud800",
    "\U000e0001tag",
    "\ufeff",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_reaches_the_terminal_as_a_command(file, text):
    name = file(f"a: {text}\n")
    problem = Problem("RR102", text, Span(name, 1, 1), hint=text, place=text)
    for written in (*shown(problem), *as_github(problem).split("\n")):
        odd = [c for c in written if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        assert odd == []


def test_what_is_coded_stays_legible():
    assert printable("a\x1bb\u202ec\n") == "a\\x1bb\\u202ec\\n"
    assert printable("naïve 日本 ✓") == "naïve 日本 ✓"


def test_a_message_without_end_is_cut():
    assert len(as_text(Problem("RR102", "x" * 100_000), {})) < 3000


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("ｱ", 1)])
def test_columns_follow_the_terminal(text, width):
    wcwidth = pytest.importorskip("wcwidth", reason="wcwidth is not installed here")
    assert columns(text) == wcwidth.wcswidth(text) == width


@given(
    text=st.text(), line=st.integers(-3, 9), column=st.integers(-3, 40), length=st.integers(-3, 40)
)
def test_any_place_in_any_text_is_shown(tmp_path_factory, text, line, column, length):
    path = tmp_path_factory.mktemp("texts") / "spec.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    written = as_text(Problem("RR102", text, Span(str(path), line, column, length)), {})
    assert all(char == "\n" or unicodedata.category(char) not in ("Cc", "Cf") for char in written)


# ---- colours -------------------------------------------------------------------------------------


class Terminal:
    """A stream that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        return


@pytest.mark.parametrize(
    ("environ", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(monkeypatch, environ, colored):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    messages.show_problems([Problem("RR102", "m")])
    assert ("\x1b[" in terminal.text) is colored
    assert click.unstyle(terminal.text) == "error[RR102]: m\n"


def test_a_log_gets_no_colours(capsys):
    messages.show_problems([Problem("RR102", "m", severity="warning")])
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "warning[RR102]: m\n")


def test_nothing_wrong_writes_nothing(capsys):
    messages.show_problems([])
    assert capsys.readouterr() == ("", "")


# ---- for machines --------------------------------------------------------------------------------


def test_github_gets_a_workflow_command_with_escapes():
    problem = Problem("RR102", "50% of\na::b", Span("a,b:c.yaml", 3, 5, 4), "x", "warning")
    assert as_github(problem) == (
        "::warning file=a%2Cb%3Ac.yaml,line=3,col=5,endColumn=9,title=RR102"
        "::50%25 of%0Aa::b%0Ahint: x"
    )


def test_github_annotates_without_a_file_too():
    assert as_github(Problem("RR301", "m", place="store", severity="note")) == (
        "::notice title=RR301::store: m"
    )
    assert "file=" not in as_github(Problem("RR113", "m", Span("--set a=b", 1, 7, 1)))


def test_json_holds_every_problem_whole(capsys):
    problems = [
        Problem("RR102", "m\x1b", Span("a.yaml", 3, 5, 4), "h"),
        Problem("RR301", "n", place="store", severity="warning"),
    ]
    messages.show_problems(problems, "json")
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.isascii()
    told = json.loads(captured.out)
    assert (told["errors"], told["warnings"], told["notes"]) == (1, 1, 0)
    assert told["problems"][0] == {
        "code": "RR102",
        "severity": "error",
        "message": "m\x1b",
        "hint": "h",
        "file": "a.yaml",
        "line": 3,
        "column": 5,
        "length": 4,
        "place": None,
    }
    assert told["problems"][1]["place"] == "store"
    assert json.loads(as_json([])) == {"problems": [], "errors": 0, "warnings": 0, "notes": 0}
