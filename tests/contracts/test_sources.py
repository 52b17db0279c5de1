"""What every source keeps to, whatever tracker it reads."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import fields, is_dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from runreport import registry
from runreport.commands.discovery import discover
from runreport.history import History
from runreport.kinds import Reader, SourceContext
from runreport.spec.load import load_spec
from runreport.spec.schema import field_docs
from runreport.tables import HISTORY_SCHEMA, SCHEMAS
from tests.sources.fuzzing import STORES, source_of, store_of

NAMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not store_of(name).exists(), reason=f"no ../shared/{'/'.join(STORES[name])} here"
        ),
    )
    for name in sorted(STORES)
]


def opened(name: str, cache: Path | None = None) -> Reader:
    """The reader of a sample store, as `init` would configure it."""
    place = store_of(name)
    store = discover(str(place), place.parent)[0]
    kind = registry.SOURCES[store.found.source]
    config = dict(store.found.config)
    options = kind.options(config.pop(store.found.source), **config)
    return kind.open(options, SourceContext(base=store.folder, environ={}, cache=cache))


def points(reader: Reader) -> pa.Table:
    tables = reader.tables()
    runs = tables.runs["run_id"].to_pylist()
    parts = list(reader.histories(runs, set(tables.metrics["metric"].to_pylist())))
    return pa.concat_tables(parts) if parts else HISTORY_SCHEMA.empty_table()


@pytest.mark.parametrize("name", sorted(registry.SOURCES))
def test_its_manual_holds_an_example_that_loads(name: str, tmp_path: Path) -> None:
    module = sys.modules[f"runreport.sources.{name}"]
    manual = module.__doc__ or ""
    assert manual.split("\n")[0].endswith((".", ":")) or ". " in manual.split("\n\n")[0]
    example = re.search(r"(?m)^    - \{?\w+: .*(?:\n(?:     .*)?)*", manual)
    assert example, "no example of a `sources` entry"
    spec = tmp_path / "runreport.yaml"
    spec.write_text("sources:\n" + textwrap.indent(textwrap.dedent(example[0]), "  "))
    loaded = load_spec(
        spec, sections=registry.SECTIONS, sources=registry.SOURCES, environ={"HOME": "x"}
    )
    assert {entry.kind for entry in loaded.sources} == {name}


@pytest.mark.parametrize("name", sorted(registry.SOURCES))
def test_what_an_author_may_write_is_documented(name: str) -> None:
    source = registry.SOURCES[name]
    assert source.name == name
    assert is_dataclass(source.options)
    names = [field.name for field in fields(source.options)]
    assert names[0] == "location"
    assert set(field_docs(source.options)) == set(names)
    assert not {"rename", "scale", "join"} & set(names)


def test_knowing_every_source_loads_nothing_heavy() -> None:
    heavy = (
        "numpy", "pyarrow", "pandas", "orjson", "matplotlib", "scipy", "mkdocs",
        "adbc_driver_sqlite", "mlflow", "wandb", "tensorboard", "optuna",
    )  # fmt: skip
    code = f"import sys, runreport.registry; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(re.findall(r"'(\w+)'", done.stdout))
    # the canonical tables are Arrow tables, which need numpy
    assert loaded <= {"numpy", "pyarrow"}


@pytest.mark.parametrize("name", NAMES)
def test_a_store_is_recognised_and_read(name: str) -> None:
    place = store_of(name)
    assert discover(str(place), place.parent)[0].found.source == source_of(name)
    tables = opened(name).tables()
    tables.check()
    assert tables.runs.num_rows


@pytest.mark.parametrize("name", NAMES)
def test_a_store_reads_the_same_twice_and_from_what_was_kept(name: str, tmp_path: Path) -> None:
    first, second = opened(name), opened(name)
    plain = first.tables()
    cached = [opened(name, tmp_path / ".runreport") for _ in range(2)]
    for other in (first.tables(), second.tables(), *(reader.tables() for reader in cached)):
        for table in SCHEMAS:
            assert same(getattr(other, table), getattr(plain, table)), table
        assert [p.message for p in other.problems] == [p.message for p in plain.problems]
    expected = points(first)
    for reader in (first, second, *cached):
        assert same(points(reader), expected)


def same(left: pa.Table, right: pa.Table) -> bool:
    """Equal rows in one order, NaN equal to NaN."""
    rows = [
        [[repr(value) for value in table[name].to_pylist()] for name in left.column_names]
        for table in (left, right)
    ]
    return rows[0] == rows[1]


@pytest.mark.parametrize("name", NAMES)
def test_histories_hold_what_the_summaries_count(name: str, tmp_path: Path) -> None:
    reader = opened(name)
    tables = reader.tables()
    history = History(tmp_path)
    table = points(reader)
    history.add(table)
    summed = history.summaries(history.metrics()).to_pylist()
    told = {
        (row["run_id"], row["metric"]): row for row in tables.metrics.to_pylist() if row["count"]
    }
    for row in summed:
        known = told.get((row["run_id"], row["metric"]))
        if known is None:
            # a source that tells last values alone
            continue
        for key in ("count", "first", "last", "min", "max", "last_step", "non_finite"):
            assert repr(known[key]) == repr(row[key]), (row["run_id"], row["metric"], key)


@pytest.mark.parametrize("name", NAMES)
def test_fingerprints_and_problems_name_no_place_of_this_machine(name: str) -> None:
    reader = opened(name)
    tables = reader.tables()
    root = str(store_of(name).parent)
    for key, digest in reader.fingerprint().items():
        assert root not in key
        assert re.fullmatch(r"[0-9a-f]{32,64}( .*)?", digest), digest
    for problem in tables.problems:
        assert root not in problem.message
        assert root not in (problem.place or "")
    other = opened(name)
    other.tables()
    assert reader.fingerprint() == other.fingerprint()


@pytest.mark.parametrize("name", NAMES)
def test_places_tell_of_every_change(name: str, tmp_path: Path) -> None:
    reader = opened(name)
    reader.tables()
    places = reader.places()
    if places is None:
        return
    origin = store_of(name)
    inside = {path.resolve() for path in ([origin] if origin.is_file() else origin.rglob("*"))}
    named = {Path(place).resolve() for place in places}
    assert named & (inside | {origin.resolve()})


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_or_missing_place_is_an_error_with_a_code(name: str, tmp_path: Path) -> None:
    from runreport.errors import SourceError

    kind = registry.SOURCES[source_of(name)]
    (tmp_path / "empty").mkdir()
    for location in ("gone", "empty"):
        context = SourceContext(base=tmp_path, environ={})
        with pytest.raises(SourceError) as caught:
            kind.open(kind.options(location), context).tables()
        assert all(problem.code.startswith("RR3") for problem in caught.value.problems)


@pytest.mark.parametrize("name", NAMES)
def test_a_store_of_one_tracker_is_not_taken_for_anothers(name: str, tmp_path: Path) -> None:
    origin = store_of(name)
    place = tmp_path / "project" / origin.name
    place.parent.mkdir()
    copy = shutil.copytree if origin.is_dir() else shutil.copyfile
    copy(origin, place)
    found = {store.found.source for store in discover("project", tmp_path)}
    assert source_of(name) in found
    assert found <= {source_of(name), "files"}
