"""One database of trackio: every layout so far, and only new rows when it has grown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runreport.cleaning import clean_text
from runreport.sources import moments
from runreport.sources.complaints import Complaints
from runreport.sources.database import Database, Schema
from runreport.sources.loaded import LoadedRun
from runreport.sources.pieces import Files
from runreport.sources.texts import flatten, parse_json, written
from runreport.sources.trackio.columns import Columns, microseconds, parsed
from runreport.tables import Artifact, Lineage

SCHEMA = Schema(
    program="trackio",
    usual="~/.cache/huggingface/trackio/PROJECT.db",
    needed={"metrics": frozenset({"id", "timestamp", "run_name", "step", "metrics"})},
)
TABLES = ("metrics", "system_metrics")


@dataclass(eq=False)
class Facts:
    """What is known of a run besides its points."""

    key: str
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    created: Any = None
    artifacts: list[Artifact] = field(default_factory=list)
    lineage: list[Lineage] = field(default_factory=list)

    def run(self, project: str, columns: Iterable[Columns], files: Files) -> LoadedRun:
        """With its points, and media as artifacts."""
        deep: list[str] = []
        own = {k: v for k, v in self.config.items() if isinstance(k, str) and k.startswith("_")}
        params = {key: item for key, item in self.config.items() if key not in own}
        metrics = {}
        media: dict[str, Artifact] = {}
        for taken in columns:
            metrics.update(taken.points())
            for item in taken.media:
                place = str(item["file_path"]).replace("\\", "/")
                start = f"{project}/{self.name}/"
                name = place.removeprefix(start)
                if name not in media:
                    found = files.artifact(f"media/{place}", name)
                    media[name] = found or Artifact(name, "other", None, None, None)
        group = own.get("_Group")
        user = own.get("_Username")
        return LoadedRun(
            key=self.key,
            name=self.name,
            started=moments.from_text(own.get("_Created")) or moments.from_text(self.created),
            user=user if isinstance(user, str) and user else None,
            params=flatten(params, written, deep),
            tags={"group": group} if isinstance(group, str) and group else {},
            metrics=metrics,
            artifacts=(*media.values(), *self.artifacts),
            lineage=tuple(self.lineage),
        )


class Project:
    """One database."""

    def __init__(self, path: Path, name: str, told: Complaints, *, system: bool) -> None:
        self.path = path
        self.name = name
        self.told = told
        self.tables = TABLES if system else TABLES[:1]
        self.left: Mapping[str, Any] | None = None
        """Where reading stopped."""
        self.appended = False
        self.db = Database(path, name, SCHEMA)
        self.db.keep_bytes()
        self._unread: set[str] = set()
        self._counted: dict[tuple[str, int], list[tuple[Any, ...]]] = {}

    def check(self, mark: Mapping[str, Any] | None) -> None:
        """See whether what an earlier reading took is still there as it was.

        Raises:
            SourceError: RR30x when the database cannot be read.
        """
        if mark is None:
            return
        with self.db.snapshot():
            self.appended = all(
                isinstance(mark.get(table), int)
                and self._sign(table, mark[table]) == mark.get(f"{table} sign")
                for table in self.tables
            )

    def runs(self, mark: Mapping[str, Any] | None) -> Iterator[LoadedRun]:
        """Every run, by its first row; only points after the mark where it still holds.

        Raises:
            SourceError: RR30x when it cannot be read to its end.
        """
        with self.db.snapshot():
            self._counted.clear()
            ends = {table: self._end(table) for table in self.tables}
            starts = {
                table: int(mark[table]) if self.appended and mark is not None else -1
                for table in self.tables
            }
            facts = self._facts()
            by_run = {
                table: _indexed(self.db, table, self._keys(table)[0]) for table in self.tables
            }
            for identity, known in facts.items():
                taken = []
                for table in self.tables:
                    columns = Columns("" if table == "metrics" else "system/")
                    span = (starts[table], ends[table])
                    for row in self._rows(table, identity, span, indexed=by_run[table]):
                        self._take(columns, table, known.key, row)
                    taken.append(columns)
                run = known.run(self.path.stem, taken, Files(self.path.parent))
                for columns in taken:
                    self._unread |= columns.unread
                yield run
            self.db.check_whole()
            self.left = {
                **ends,
                **{f"{table} sign": self._sign(table, ends[table]) for table in self.tables},
            }
        for name in sorted(self._unread):
            words = f"values of {clean_text(name)!r} are no numbers"
            self.told.add("RR375", self.name, f"{words}; they are not read", severity="note")

    def _rows(
        self, table: str, identity: tuple[str, str], span: tuple[int, int], *, indexed: bool
    ) -> Iterable[tuple[Any, ...]]:
        key, name = self._keys(table)
        step = "step" if self.db.has(table, "step") else "NULL"
        # without an index the rows of a run are found in the order of the table
        plus = "" if indexed else "+"
        query = f"""
            SELECT id, timestamp, {step}, metrics FROM {table}
            WHERE {plus}{key} IS ? AND {name} IS ? AND id > ? AND id <= ? ORDER BY id
        """  # noqa: S608  names of ours
        return self.db.ask(query, [identity[0], identity[1], *span])

    def _take(self, columns: Columns, table: str, run: str, row: tuple[Any, ...]) -> None:
        at, time, step, data = row
        try:
            value = parsed(data)
        except ValueError as error:
            words = f"row {at} of {table} is no JSON: {clean_text(str(error))[:100]}; it is lost"
            self.told.add("RR373", self.name, words, kind=table)
            return
        if not isinstance(value, Mapping):
            words = f"row {at} of {table} is no object; it is left out"
            self.told.add("RR373", self.name, words, kind=table)
            return
        if step is None and table != "metrics":
            step = columns.rows
        if isinstance(step, str) or not isinstance(step, int | float):
            words = f"row {at} of {table} has no step; it is left out"
            self.told.add("RR375", self.name, words, kind="step")
            return
        columns.add(float(step), microseconds(time), value)

    def _facts(self) -> dict[tuple[str, str], Facts]:
        """What is known of each run, by the values that name it in the tables."""
        found: dict[tuple[str, str], Facts] = {}
        for table in ("metrics", "configs", "system_metrics"):
            if not self.db.has(table, "run_name"):
                continue
            key, name = self._keys(table)
            if table in self.tables:
                rows = self._counts(table, self._end(table))
            else:
                query = f"SELECT {key}, {name}, min(id) FROM {table} GROUP BY 1, 2 ORDER BY 3"  # noqa: S608  names of ours
                rows = self.db.ask(query).fetchall()
            for run_id, run_name, *_ in rows:
                identity = (run_id, run_name)
                if not all(map(_is_sound, identity)):
                    words = f"a run is called {clean_text(_text(run_name))[:80]!r}, no UTF-8 text"
                    self.told.add("RR371", self.name, f"{words}; it is left out", kind="name")
                elif identity not in found:
                    found[identity] = Facts(_text(run_id), _text(run_name))
        if self.db.has("configs", "run_name", "config"):
            key, name = self._keys("configs")
            created = "created_at" if self.db.has("configs", "created_at") else "NULL"
            query = f"SELECT {key}, {name}, config, {created} FROM configs ORDER BY id"  # noqa: S608  names of ours
            for run_id, run_name, data, time in self.db.ask(query):
                if (facts := found.get((run_id, run_name))) is not None:
                    facts.created = time
                    facts.config = self._config(data, facts)
        keys: dict[str, list[Facts]] = {}
        for facts in found.values():
            keys.setdefault(facts.key, []).append(facts)
        for same in keys.values():
            # renamed while it ran: one id, two names
            for number, facts in enumerate(same[1:], 2):
                facts.key = f"{facts.key}/{number}"
        self._linked(found)
        return found

    def _config(self, data: Any, facts: Facts) -> Mapping[str, Any]:
        try:
            raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
            value = parse_json(raw if isinstance(raw, bytes) else b"")
        except ValueError as error:
            words = f"the config of run {clean_text(facts.name)[:80]!r} is no JSON: {error}"
            self.told.add("RR373", self.name, words, kind="config")
            return {}
        return value if isinstance(value, Mapping) else {}

    def _linked(self, found: Mapping[tuple[str, str], Facts]) -> None:
        """Artifacts that runs made or used."""
        links, versions = "run_artifact_links", "artifact_versions"
        if not (
            self.db.has(links, "run_id", "run_name", "artifact_version_id", "direction")
            and self.db.has(versions, "artifact_id", "version", "manifest", "manifest_digest")
            and self.db.has("artifacts", "id", "name")
        ):
            return
        query = f"""
            SELECT l.run_id, l.run_name, l.direction, a.name, v.version, v.manifest,
                v.manifest_digest
            FROM {links} l JOIN {versions} v ON v.id = l.artifact_version_id
            JOIN artifacts a ON a.id = v.artifact_id ORDER BY l.id
        """  # noqa: S608  names of ours
        by_id = {facts.key: facts for facts in found.values()}
        files = Files(self.path.parent)
        for run_id, run_name, direction, name, version, manifest, digest in self.db.ask(query):
            facts = found.get((run_id, run_name)) or by_id.get(_text(run_id))
            if facts is None:
                continue
            if direction == "input":
                sign = f"sha256:{digest}" if isinstance(digest, str) else None
                facts.lineage.append(Lineage("data", _text(name), f"v{version}", sign))
                continue
            facts.artifacts += self._blobs(f"{_text(name)}:v{version}", manifest, files)

    def _blobs(self, name: str, manifest: Any, files: Files) -> Iterator[Artifact]:
        try:
            entries = parsed(manifest)
        except ValueError:
            entries = None
        for entry in entries if isinstance(entries, list) else ():
            path, digest = (entry.get(k) for k in ("path", "digest")) if _is_map(entry) else (0, 0)
            if isinstance(path, str) and isinstance(digest, str):
                place = f"artifacts/{self.path.stem}/blobs/sha256/{digest[:2]}/{digest}"
                sign = f"sha256:{digest}"
                made = files.artifact(place, f"{name}/{path}", sign)
                yield made or Artifact(f"{name}/{path}", "other", None, sign, None)

    def _keys(self, table: str) -> tuple[str, str]:
        """The columns that name a run."""
        return ("run_id" if self.db.has(table, "run_id") else "run_name", "run_name")

    def _end(self, table: str) -> int:
        if table not in self.db.columns:
            return 0
        return int(self.db.ask(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])  # noqa: S608  names of ours

    def _counts(self, table: str, end: int) -> list[tuple[Any, ...]]:
        """Each run's names, first row, rows and last row up to an id, by the first row."""
        found = self._counted.get((table, end))
        if found is None:
            key, name = self._keys(table)
            query = f"""
                SELECT {key}, {name}, min(id), count(*), max(id) FROM {table}
                WHERE id <= ? GROUP BY 1, 2 ORDER BY 3
            """  # noqa: S608  names of ours
            found = self._counted[table, end] = self.db.ask(query, [end]).fetchall()
        return found

    def _sign(self, table: str, end: int) -> str:
        """What tells whether rows up to an id are what they were: deleted, renamed, rewritten."""
        if table not in self.db.columns:
            return ""
        digest = hashlib.sha256()
        for row in map(repr, self._counts(table, end)):
            digest.update(row.encode("utf-8", "surrogatepass"))
        query = f"SELECT * FROM {table} WHERE id <= ? ORDER BY id DESC LIMIT 20"  # noqa: S608  names of ours
        for row in map(repr, self.db.ask(query, [end])):
            digest.update(row.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:32]


def _indexed(db: Database, table: str, key: str) -> bool:
    """Whether a run's rows are found without reading the table."""
    query = "SELECT i.name FROM pragma_index_list(?) i"
    for (index,) in db.ask(query, [table]).fetchall():
        row = db.ask("SELECT name FROM pragma_index_info(?) WHERE seqno = 0", [index]).fetchone()
        if row is not None and row[0] == key:
            return True
    return False


def _is_sound(value: Any) -> bool:
    """Whether a value can be asked for: bytes that are no UTF-8 cannot."""
    try:
        _text(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)
