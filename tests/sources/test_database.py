"""SQLite files whose schema was damaged."""

from __future__ import annotations

import sqlite3

from runreport.sources.database import Database, Schema

SCHEMA = Schema("a program", "its.db", {"runs": frozenset({"id"})})


def test_a_name_of_the_schema_that_is_no_utf8_is_some_name_and_no_failure(tmp_path):
    path = tmp_path / "its.db"
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE runs (id INTEGER, note INTEGER)")
        store.execute("CREATE INDEX runs_by_note ON runs (note)")
        store.execute("INSERT INTO runs VALUES (1, 2)")
    store.close()
    whole = path.read_bytes()
    for text in (b"note INTEGER", b"runs_by_note"):
        assert text in whole
        path.write_bytes(whole.replace(text, text[:-4] + b"\xc8" + text[-3:]))
        found = Database(path, path.name, SCHEMA)
        with found.snapshot():
            assert found.has("runs", "id", "note")
            assert len(found.indexes) == 1
            assert "CREATE TABLE runs" in found.sql("runs")
            assert found.ask("SELECT id FROM runs").fetchall() == [(1,)]
