"""The parsers that the DVC source has of its own: tables of points, templates, tags of GTO."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.sources.complaints import Complaints
from runreport.sources.dvc import documents, gto, templates
from runreport.sources.dvc.curves import curves
from runreport.sources.loaded import UNKNOWN_TIME

Found = dict[str, list[tuple[str, str]]]


def rows(data: bytes, file: str = "m/a/b.tsv") -> tuple[Found, list[str]]:
    """Steps and values by metric as texts, so that NaN compares, and codes with places."""
    told = Complaints()
    found = curves(data, file, "a/b", told)
    return (
        {
            name: [(repr(float(s)), repr(float(v))) for s, v in zip(p.step, p.value, strict=True)]
            for name, p in found.items()
        },
        [f"{p.code} {p.place}" for p in told.problems()],
    )


numbers = st.one_of(
    st.floats(), st.integers(-(10**30), 10**30), st.just(math.nan), st.just(math.inf)
)


@given(st.lists(st.tuples(st.integers(0, 10**9), numbers), max_size=50), st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_table_that_dvclive_wrote_reads_as_it_was_logged(
    logged: list[tuple[int, float]], crlf: bool
) -> None:
    end = "\r\n" if crlf else "\n"
    text = io.StringIO()
    writer = csv.DictWriter(text, ["step", "b"], delimiter="\t", lineterminator=end)
    writer.writeheader()
    for step, value in logged:
        writer.writerow({"step": step, "b": value})
    found, told = rows(text.getvalue().encode())
    assert told == []
    expected = [(repr(float(step)), repr(float(value))) for step, value in logged]
    assert found == ({"a/b": expected} if logged else {})


cells = st.text("0123456789.-+eE_naif\t\"' ,x\u00e9", max_size=12)


@given(st.lists(cells, max_size=12), st.booleans())
@settings(max_examples=50, deadline=None)
def test_any_lines_are_read_or_told(lines: list[str], ended: bool) -> None:
    end = "\n" if ended and lines else ""
    data = ("step\tb\n" + "\n".join(lines) + end).encode()
    found, told = rows(data)
    complete = [line for line in data.decode().split("\n")[1:-1] if line.strip()]
    good = 0
    for line in complete:
        parts = next(csv.reader([line], delimiter="\t"), [])
        if len(parts) == 2 and all(_is_number(part) for part in parts):
            good += 1
    assert sum(len(points) for points in found.values()) == good
    empty = [line for line in complete if line.replace("\t", "").strip() == ""]
    if good < len(complete) - len(empty):
        assert any(code.startswith("RR375") for code in told)


def _is_number(cell: str) -> bool:
    if "_" in cell or not cell.isascii():
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_table_that_was_cut_gives_the_lines_before(cut: int) -> None:
    whole = b"step\tb\n0\t0.25\n1\t0.125\n2\t0.0625\n"
    data = whole[:-cut]
    found, told = rows(data)
    lines = data.split(b"\n")[1:-1]
    expected = [tuple(repr(float(cell)) for cell in line.split(b"\t")) for line in lines]
    assert found == ({"a/b": expected} if expected else {})
    assert told == (["RR372 m/a/b.tsv"] if not data.endswith(b"\n") else [])


def test_cells_that_are_no_numbers_are_told_by_line() -> None:
    data = b"step\tb\n0\t1\n1\tgood\n2\t\n3\t4\t5\n4\t6\n"
    found, told = rows(data)
    assert found == {"a/b": [("0.0", "1.0"), ("4.0", "6.0")]}
    assert told == ["RR375 m/a/b.tsv:3", "RR375 m/a/b.tsv:5"]


def test_other_columns_and_times_are_read() -> None:
    told = Complaints()
    data = b"timestamp,step,b,c\n1700000000000,5,1,2\n-1,3,3,nan\n"
    found = curves(data, "x.csv", "a/b", told)
    assert set(found) == {"a/b", "a/c"}
    times = found["a/b"].time
    assert times is not None
    assert times.tolist() == [1_700_000_000_000_000, UNKNOWN_TIME]
    assert found["a/b"].step.tolist() == [5.0, 3.0]
    (own,) = curves(b"loss\n1\n2\n", "loss.tsv", "loss", told).values()
    assert (own.step.tolist(), own.value.tolist(), own.time) == ([0.0, 1.0], [1.0, 2.0], None)
    assert told.problems() == ()


@pytest.mark.parametrize("data", [b"", b"\n", b"step\n1\n", b"\0\0\n\0\0\n", b"step\tb\n", b"\xff"])
def test_a_table_of_nothing_is_nothing(data: bytes) -> None:
    assert rows(data)[0] in ({}, {"a/b": [("1.0", "1.0")]})


# ---- templates ---------------------------------------------------------------------------------


def test_names_are_filled_in_with_values_of_any_kind() -> None:
    values = {"a": {"b": [1, {"c": "x"}]}, "lr": "1e-3"}
    assert templates.filled("${a.b[1].c}-${ lr }", values) == "x-1e-3"
    assert templates.filled("${a.b}", values) == [1, {"c": "x"}]
    assert templates.filled(["${lr}", {"${lr}": "\\${lr}"}], values) == [
        "1e-3",
        {"1e-3": "\\${lr}"},
    ]
    assert templates.filled("${nothing.here}", values) == "${nothing.here}"


def test_a_list_or_a_mapping_is_gone_through() -> None:
    stage = {"foreach": {"x": {"n": 1}, "y": {"n": 2}}, "do": {"cmd": "${key} ${item.n}"}}
    assert dict(templates.stages("s", stage, {})) == {
        "s@x": {"cmd": "x 1"},
        "s@y": {"cmd": "y 2"},
    }
    assert [name for name, _ in templates.stages("s", {"foreach": ["p", "q"], "do": {}}, {})] == [
        "s@p",
        "s@q",
    ]
    many = {"matrix": {"a": list(range(1_000)), "b": list(range(1_000))}, "cmd": "x"}
    assert len(list(templates.stages("s", many, {}))) == templates.MOST_STAGES


def test_templates_cannot_be_made_to_grow_without_end() -> None:
    values = {"x": "y" * 100_000, "n": list(range(10_000))}
    text = "${x}" * 10_000
    assert templates.filled(text, values) == text
    assert len(templates.filled("a${x}", values)) == 1 + templates.MAX_PART
    stage = {"foreach": "${n}", "do": {"cmd": "c", "outs": ["${x}-${item}"] * 10_000}}
    assert len(list(templates.stages("s", stage, values))) < 20


# ---- documents ---------------------------------------------------------------------------------


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes_are_a_document_or_a_reason(data: bytes) -> None:
    for name in ("a.yaml", "a.json", "a.toml", "a"):
        # nothing but a ValueError may come of it
        with contextlib.suppress(ValueError):
            documents.parse(data, name)


def test_of_several_merged_mappings_the_first_counts() -> None:
    text = b"a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], z: 3}\n"
    assert documents.yaml(text, "p.yaml")["c"] == {"x": "1", "y": "1", "z": "3"}


def test_a_python_file_is_not_run() -> None:
    with pytest.raises(documents.UnknownFormatError, match="without running it"):
        documents.parse(b"LR = 1\n", "params.py")


# ---- GTO ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["clf@v1.0.0"], [("clf", "v1.0.0")]),
        (["clf@v1.0.0", "clf#prod#1"], [("clf", "v1.0.0"), ("clf#prod", "v1.0.0")]),
        (["clf#prod#3"], [("clf#prod", None)]),
        (["clf#prod#1", "clf#prod!#2"], []),
        (["clf#prod#1", "clf#prod!#2", "clf#prod#3"], [("clf#prod", None)]),
        (["clf@v1.0.0", "clf@v1.0.0!"], []),
        (["sub/dir=clf@v2.1.0-rc.1"], [("sub/dir:clf", "v2.1.0-rc.1")]),
        (["v1.0", "release@1", "a@b", "clf@deprecated", "#x", "@v1.0.0"], []),
    ],
)
def test_tags_of_gto_are_models(tags: list[str], expected: list[tuple[str, str | None]]) -> None:
    assert [(f.name, f.version) for f in gto.models(tags)] == expected
    assert [(f.name, f.version) for f in gto.models(reversed(tags))] == expected


def test_a_store_crosses_to_another_process() -> None:
    from runreport.sources.dvc.objects import Objects
    from tests.shared import ROOT

    objects = Objects(ROOT / ".git" / "objects", sha256=False)
    copy = pickle.loads(pickle.dumps(objects))
    assert (copy.folder, copy.sha256) == (objects.folder, False)
