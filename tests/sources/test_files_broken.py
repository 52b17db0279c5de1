"""Plain files that are broken, hostile or huge end in a named problem or a right reading."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.complaints import Complaints
from runreport.sources.files import SOURCE, Options, delimited, lines, sheets
from runreport.sources.files.places import File
from runreport.sources.files.text import decode
from runreport.sources.texts import Parser
from runreport.tables import RunTables
from tests.processes import PEAK_KB
from tests.shared import ROOT, SHARED, needs_shared

TABLES = SHARED / "attacks" / "tables"
PARSING = SHARED / "attacks" / "json" / "test_parsing"


def read(folder: Path, location: str, **options) -> RunTables:
    tables = SOURCE.open(Options(location, **options), SourceContext(folder, {})).tables()
    tables.check()
    return tables


def wrong(tables: RunTables) -> dict[str, str | None]:
    """Code to place of what was left out."""
    return {p.code: p.place for p in tables.problems if p.severity != "note"}


def last(tables: RunTables) -> dict[tuple[str, str], float | None]:
    rows = tables.metrics.to_pylist()
    return {(row["run_id"].partition(":")[2], row["metric"]): row["last"] for row in rows}


def refused(folder: Path, location: str, **options) -> dict[str, str | None]:
    with pytest.raises(SourceError) as caught:
        read(folder, location, **options)
    return {problem.code: problem.place for problem in caught.value.problems}


@needs_shared("attacks", "tables")
@pytest.mark.parametrize(
    ("name", "expected", "codes"),
    [
        ("bom.csv", {("bom#a", "loss"): 1.0}, {}),
        ("utf16.csv", {("utf16#a", "loss"): 1.0}, {}),
        ("cr.csv", {("cr#a", "loss"): 1.0}, {}),
        ("crlf.csv", {("crlf#a", "loss"): 1.0}, {}),
        ("no_nl.csv", {("no_nl#a", "loss"): 1.0}, {}),
        ("semicolon.csv", {("semicolon#a", "loss"): 1.5}, {}),
        ("formula.csv", {("formula#=cmd|calc", "loss"): 1.0}, {}),
        ("nul.csv", {("nul#a\ufffdb", "loss"): 1.0}, {}),
        ("nan_inf.csv", {("nan_inf#a", "loss"): 0.0}, {"RR352": "nan_inf.csv:7"}),
        ("bigint.csv", {}, {"RR349": "bigint.csv:2"}),
        ("dup_cols.csv", {}, {"RR350": "dup_cols.csv"}),
        ("dup_keys.jsonl", {}, {"RR350": "dup_keys.jsonl:1"}),
        ("header_only.csv", {}, {"RR359": "header_only.csv"}),
        ("truncated.jsonl", {("truncated#a", "loss"): 1.0}, {"RR346": "truncated.jsonl:2"}),
        ("surrogate.jsonl", {("surrogate#\ufffd", "loss"): 1.0}, {}),
    ],
)
def test_odd_tables_read_right_or_say_where(name, expected, codes):
    tables = read(TABLES, name)
    assert last(tables) == expected
    assert wrong(tables) == codes


@needs_shared("attacks", "tables")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty.csv", "RR345"), ("random.csv", "RR344"), ("deep.jsonl", "RR346"),
        ("fake.parquet", "RR348"), ("zero.parquet", "RR348"),
    ],
)  # fmt: skip
def test_files_without_any_reading_are_refused_by_name(name, code):
    assert refused(TABLES, name)[code].startswith(name)


@needs_shared("attacks", "tables")
def test_every_odd_table_in_one_folder_leaves_the_good_ones_as_they_are():
    together = read(TABLES, ".")
    alone = read(TABLES, "ok.csv")
    mine = [row for row in together.metrics.to_pylist() if row["run_id"].startswith("files:ok#")]
    assert mine == alone.metrics.to_pylist()
    named = " ".join(problem.place or "" for problem in together.problems)
    for broken in ("empty.csv", "random.csv", "fake.parquet", "zero.parquet", "quote.csv"):
        assert broken in named


@needs_shared("attacks", "json", "test_parsing")
def test_json_is_what_the_standard_says():
    """NaN and Infinity alone are understood besides: as words, never as silent numbers."""
    words = {"n_number_NaN.json", "n_number_infinity.json", "n_number_minus_infinity.json"}
    for path in sorted(PARSING.iterdir()):
        try:
            Parser().parse(decode(path.read_bytes(), path.name, Complaints(), latin=False))
            accepted = True
        except (ValueError, SourceError):
            accepted = False
        if path.name.startswith("y_") or path.name in words:
            assert accepted, path.name
        elif path.name.startswith("n_"):
            assert not accepted, path.name


@needs_shared("attacks", "json")
def test_no_json_file_does_more_than_be_refused_by_name(tmp_path):
    for path in sorted((SHARED / "attacks" / "json").rglob("*.json")):
        for suffix in (".json", ".jsonl"):
            copy = tmp_path / f"x{suffix}"
            copy.write_bytes(path.read_bytes())
            try:
                tables = read(tmp_path, copy.name)
            except SourceError as error:
                said = {p.code for p in error.problems}
                ok = said <= {"RR344", "RR346", "RR349", "RR350", "RR359"}
                if not ok:
                    pytest.fail(f"{path.name}: {said}")
            else:
                assert not path.name.startswith("n_") or suffix == ".jsonl", path.name
                assert all(p.place is None or copy.name in p.place for p in tables.problems)
            copy.unlink()


@needs_shared("attacks", "yaml")
def test_no_yaml_file_does_more_than_be_refused_by_name(tmp_path):
    for path in sorted((SHARED / "attacks" / "yaml" / "attack").iterdir()):
        copy = tmp_path / "x.yaml"
        copy.write_bytes(path.read_bytes())
        try:
            read(tmp_path, "x.yaml")
        except SourceError as error:
            said = {p.code for p in error.problems}
            if not said <= {"RR343", "RR344", "RR347", "RR349", "RR359"}:
                pytest.fail(f"{path.name}: {said}")


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from pathlib import Path
from runreport.errors import SourceError
from runreport.kinds import SourceContext
from runreport.sources.files import SOURCE, Options
folder = Path(sys.argv[1])
try:
    tables = SOURCE.open(Options(sys.argv[2]), SourceContext(folder, {})).tables()
    print(len(tables.rows), "runs", sorted({p.code for p in tables.problems}))
except SourceError as error:
    print("refused", sorted({p.code for p in error.problems}))
print(peak_kb() // 1024, file=sys.stderr)
"""


def bounded(folder: Path, name: str) -> str:
    """What a process of its own says of a file; it must stay under 512 MB."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK_KB + LIMITED, str(folder), name],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stderr.split()[-1]) < 512
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make", "expected"),
    [
        ("ones.json", lambda: b"[" + b"1," * 7_900_000 + b"1]", "refused"),
        ("empties.json", lambda: b"[" + b"{}," * 5_000_000 + b"{}]", "RR359"),
        (
            "numbers.json",
            lambda: json.dumps([i * 1.01 for i in range(900_000)]).encode(),
            "refused",
        ),
        ("huge.json", lambda: b"[" + b" " * 17_000_000 + b"]", "RR343"),
        ("brackets.json", lambda: b"[" * 5_000_000, "RR346"),
        ("line.jsonl", lambda: b'{"a":"' + b"x" * 5_000_000 + b'"}\n{"a":1}\n', "1 runs"),
        ("rows.csv", lambda: b"a,b\n" + b"x,y\n" * 4_000_000, "RR356"),
        ("columns.csv", lambda: b",".join(b"c%d" % i for i in range(200_000)) + b"\n", "RR359"),
        ("commas.csv", lambda: b"," * 8_000_000, "RR345"),
        ("quote.csv", lambda: b'a,b\n"' + b"x\n" * 10_000_000, "RR345"),
        ("keys.jsonl", lambda: b"".join(b'{"k%d":1}\n' % i for i in range(60_000)), "RR356"),
    ],
)
def test_large_and_bottomless_files_end_in_bounded_time_and_memory(tmp_path, name, make, expected):
    (tmp_path / name).write_bytes(make())
    assert expected in bounded(tmp_path, name)


@pytest.mark.slow
def test_a_small_parquet_file_that_unpacks_to_much_stays_within_memory(tmp_path):
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000), pa.array(["x" * 1_000_000]))
    table = pa.table({"note": text, "acc": range(3_000)})
    pq.write_table(table, tmp_path / "bomb.parquet", store_schema=False)
    assert (tmp_path / "bomb.parquet").stat().st_size < 2_000_000
    bounded(tmp_path, "bomb.parquet")


def test_rows_that_do_not_fit_the_header_are_left_out_and_counted(tmp_path):
    (tmp_path / "r.csv").write_text("a,b\n" + "1\n" * 10 + "x,2\n")
    tables = read(tmp_path, "r.csv")
    assert len(tables.rows) == 1
    places = [(p.place, p.message) for p in tables.problems if p.code == "RR349"]
    assert [place for place, _ in places] == ["r.csv:2", "r.csv:3", "r.csv:4", "r.csv"]
    assert places[-1][1].startswith("7 more")


def test_a_cell_that_is_no_number_is_missing_and_named(tmp_path):
    (tmp_path / "r.csv").write_text("id,accuracy\na,0.5\nb,oops\nc,0.7\n")
    tables = read(tmp_path, "r.csv")
    assert last(tables) == {("r#a", "accuracy"): 0.5, ("r#c", "accuracy"): 0.7}
    assert wrong(tables) == {"RR351": "r.csv:3"}


def test_a_broken_file_beside_good_ones_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("step,loss\n0,1\n1,2\n")
    (tmp_path / "b.csv").write_bytes(b"\x00\xff\x00\x01")
    tables = read(tmp_path, ".")
    assert [run.name for run in tables.rows] == ["a"]
    assert wrong(tables) == {"RR344": "b.csv"}


def test_nothing_there_is_said_with_the_way_to_mend_it(tmp_path):
    assert refused(tmp_path, "gone.csv") == {"RR340": "gone.csv"}
    assert refused(tmp_path, "*.csv") == {"RR341": "*.csv"}
    (tmp_path / "notes.txt").write_text("x")
    assert refused(tmp_path, "notes.txt") == {"RR341": "notes.txt"}
    assert refused(tmp_path, "a\0b") == {"RR340": "a\ufffdb"}


def test_links_lead_nowhere_outside_the_location(tmp_path):
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "r.csv").write_text("id,acc\nsecret,1\n")
    place = tmp_path / "results"
    place.mkdir()
    (place / "good.csv").write_text("id,acc\na,1\n")
    (place / "bad.csv").symlink_to(secret / "r.csv")
    (place / "folder").symlink_to(secret)
    (place / "loop").symlink_to(place)
    (place / "inside.csv").symlink_to(place / "good.csv")
    for location in ("results", "results/*.csv", "results/**/*.csv"):
        tables = read(tmp_path, location)
        assert [run.name for run in tables.rows] == ["a", "a"]
        assert "RR342" in wrong(tables)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "r.csv").write_text("id,acc\na,1\n")
    assert len(read(tmp_path, ".").rows) == 1
    assert set(refused(tmp_path, "pipe.csv")) == {"RR341"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(tmp_path):
    (tmp_path / "r.csv").write_text("id,acc\na,1\n")
    (tmp_path / "r.csv").chmod(0)
    assert set(refused(tmp_path, "r.csv")) == {"RR343"}


# ---- the fast way agrees with the slow one ------------------------------------------------------

CELLS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["", "nan", "NaN", "inf", "-Infinity", "NULL", "None", "1e999", "1e-400", " 1 ", "1_000",
         "0x10", "+1", ".5", "1.", "abc", "\u0661", "1d", "1e5 ", "TRUE"]
    ),
)  # fmt: skip


def both_ways(tmp_path: Path, text: str) -> tuple[object, object]:
    path = tmp_path / "h.csv"
    path.write_bytes(text.encode())
    file = File(path, "h.csv", "csv", path.stat().st_size)

    def numeric(head: sheets.Sheet) -> frozenset[str]:
        return frozenset(head.columns) - {"run"}

    found = []
    for size in (0, 10**12):
        sheets.FAST_BYTES = size
        quiet = Complaints()
        sheet = delimited.read(file, quiet, numeric)
        columns = {
            name: (column.numbers.valid.tolist(), column.numbers.values[column.numbers.valid])
            for name, column in sheet.columns.items()
            if name != "run"
        }
        found.append((repr(columns), list(sheet.columns["run"].texts), quiet.problems()))
    return found[0], found[1]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(st.sampled_from("ab"), CELLS, CELLS), min_size=1, max_size=8),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_large_files_read_as_small_ones(tmp_path, rows, ending):
    before = sheets.FAST_BYTES
    try:
        texts = [",".join(("run", "x", "y")), *(",".join(row) for row in rows)]
        fast, slow = both_ways(tmp_path, ending.join(texts) + ending)
    finally:
        sheets.FAST_BYTES = before
    assert fast == slow


VALUES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**25), 10**25),
    st.none(),
    st.booleans(),
    st.text(max_size=5),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(0, 3), max_size=2),
)
LINES = st.one_of(
    st.dictionaries(st.sampled_from(["x", "y", "run", "ü", 'a"b', 'a":b']), VALUES).map(json.dumps),
    st.sampled_from(
        ['{"x": 1, "x": 2}', '{"x" : 1, "y": 2}', '{"x": 1e999}', "{", "[]", "", '{"x": -0}',
         '{"x": 0.10}', '{"x": 1e400, "y": "\\ud800"}', '{"": 1}', ' {"x":1} ', '{"x": 01}']
    ),
)  # fmt: skip


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(LINES, min_size=1, max_size=6))
def test_large_line_files_read_as_small_ones(tmp_path, written):
    path = tmp_path / "h.jsonl"
    path.write_text("\n".join(written) + "\n")
    file = File(path, "h.jsonl", "jsonl", path.stat().st_size)
    before = sheets.FAST_BYTES
    found: list[object] = []
    try:
        for size in (0, 10**12):
            sheets.FAST_BYTES = size
            quiet = Complaints()
            try:
                sheet = lines.read(file, quiet, lambda head: frozenset(head.columns) - {"run"})
            except SourceError as error:
                found.append(str(error))
                continue
            columns = {
                name: column.numbers.values[column.numbers.valid].tolist()
                if name != "run"
                else column.texts
                for name, column in sheet.columns.items()
            }
            found.append((repr(columns), list(sheet.lines), quiet.problems()))
    finally:
        sheets.FAST_BYTES = before
    assert found[0] == found[1]


def test_a_large_file_of_lines_takes_the_fast_way_and_reads_right(tmp_path):
    rows = [{"step": i, "loss": i / 7, "note": "x", "seed": 3} for i in range(20_000)]
    (tmp_path / "h.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = File(tmp_path / "h.jsonl", "h.jsonl", "jsonl", 10**6)
    sheet = lines.read(file, Complaints(), lambda _head: frozenset({"step", "loss"}))
    assert isinstance(sheet.columns["loss"], sheets.NumberColumn)
    assert sheet.columns["loss"].numbers.values.tolist() == [i / 7 for i in range(20_000)]
    (run,) = read(tmp_path, "h.jsonl").rows
    assert {name: param.text for name, param in run.params.items()} == {"note": "x", "seed": "3"}
    assert run.metrics["loss"].last == 19_999 / 7


def test_reading_files_does_not_wait_for_pandas(tmp_path):
    (tmp_path / "h.csv").write_text("step,loss\n" + "".join(f"{i},{i / 7}\n" for i in range(9_000)))
    pq.write_table(pa.table({"step": [1, 2], "loss": [0.5, None]}), tmp_path / "p.parquet")
    script = PEAK_KB + LIMITED + "print('pandas' in sys.modules)\n"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), "."],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["2 runs ['RR357']", "False"]


def test_a_large_history_takes_the_fast_way_and_reads_right(tmp_path):
    rows = "".join(f"{i},{i / 7!r},{1 / (i + 1)!r}\n" for i in range(20_000))
    (tmp_path / "h.csv").write_text("step,loss,acc\n" + rows)
    file = File(tmp_path / "h.csv", "h.csv", "csv", 10**6)
    sheet = delimited.read(file, Complaints(), lambda _head: frozenset({"step", "loss", "acc"}))
    assert all(isinstance(column, sheets.NumberColumn) for column in sheet.columns.values())
    assert sheet.columns["loss"].numbers.values.tolist() == [i / 7 for i in range(20_000)]
    (run,) = read(tmp_path, "h.csv").rows
    assert run.metrics["acc"].last == 1 / 20_000
    assert run.metrics["acc"].count == 20_000
