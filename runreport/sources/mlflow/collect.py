"""From what MLflow stores say of each run to the canonical tables, within limits and aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, Severity
from runreport.sources.limits import LIMITS, Limits
from runreport.sources.mlflow.facts import RunFacts, lineage_of, status_of, utc
from runreport.sources.mlflow.wholesale import Wholesale
from runreport.tables import Artifact, RunTables


class Collector:
    """Gathers runs and problems into the canonical tables of one source."""

    def __init__(self, qualifier: str, store: str, limits: Limits = LIMITS) -> None:
        self.qualifier = qualifier or "mlflow"
        self.store = store
        """How problems call the place."""
        self.limits = limits
        self.run_ids: dict[str, str] = {}
        """Run id of the tables to MLflow's own."""
        self.metric_names: dict[str, set[str]] = {}
        """Metric of the tables to the names in the store: they differ by unprintable characters."""
        self._cleaned: dict[str, str] = {}
        """Names by how they were logged: runs share most of them."""
        self._plain: set[str] = set()
        """Of these names, the ones that are fit as they are."""
        self.problems: list[Problem] = []
        """In the order they were met."""
        self._runs: list[tuple[Any, ...]] = []
        self._params: list[tuple[str, str, str]] = []
        self._metrics: list[tuple[Any, ...]] = []
        self._artifacts: list[tuple[Any, ...]] = []
        self._lineage: list[tuple[Any, ...]] = []
        self._tags: list[tuple[str, str, str]] = []
        self._whole: RunTables | None = None
        """Of runs that were taken all at once."""

    def take(self, many: Wholesale, artifacts: Mapping[str, Sequence[Artifact]]) -> None:
        """Take all runs of the store into the tables: artifacts by MLflow's own run ids."""
        self._whole = many.tables(artifacts)
        self.run_ids.update(many.run_ids)
        self.metric_names.update((name, {name}) for name in many.metric_names)

    def qualified(self, run_id: str) -> str:
        """The id of a run in the tables."""
        return clean_text(f"{self.qualifier}:{run_id}")

    def tell(
        self, code: str, message: str, run_id: str | None = None, *, where: str = "",
        severity: Severity = "warning", hint: str | None = None,
    ) -> None:  # fmt: skip
        """Note a problem: in a run when its id is given, else in the store."""
        places = (self.store, f"run {run_id}" if run_id is not None else "", where)
        place = clean_text(", ".join(filter(None, places)))
        self.problems.append(Problem(code, clean_text(message), None, hint, severity, place))

    def add(self, run: RunFacts) -> None:
        """Take a run into the tables."""
        known = self.qualified(run.run_id)
        if known in self.run_ids:
            self.tell("RR306", "a second run of the same id was left out", run.run_id)
            return
        self.run_ids[known] = run.run_id
        tags = self._texts(run, "tags", run.tags, self.limits.tags)
        tag = dict(tags)
        parent = tag.get("mlflow.parentRunId")
        started, ended = self._time(run, "start"), self._time(run, "end")
        self._runs.append(
            (
                known,
                self.qualifier,
                run.experiment,
                run.name or tag.get("mlflow.runName") or run.run_id[:8],
                status_of(run.status),
                started,
                ended,
                self._duration(run, started, ended),
                run.user or tag.get("mlflow.user") or None,
                self.qualified(parent) if parent else None,
                run.url,
            )
        )
        self._tags += ((known, key, value) for key, value in tags)
        params = self._texts(run, "params", run.params, self.limits.params)
        self._params += ((known, key, value) for key, value in params)
        self._add_metrics(run, known)
        files = run.artifacts
        self._artifacts += ((known, f.path, f.kind, f.bytes, f.digest, f.opener) for f in files)
        for fact in lineage_of(run, tag, self.limits.inputs):
            self._lineage.append(
                (known, fact.kind, fact.name, fact.version, fact.digest, fact.dirty, fact.url)
            )

    def tables(self) -> RunTables:
        """Everything gathered so far."""
        if self._whole is not None:
            return replace(self._whole, problems=tuple(self.problems))
        return RunTables.from_rows(
            runs=self._runs,
            params=self._params,
            metrics=self._metrics,
            artifacts=self._artifacts,
            lineage=self._lineage,
            tags=self._tags,
            problems=self.problems,
        )

    def _texts(
        self, run: RunFacts, what: str, items: Sequence[tuple[str, str]], most: int
    ) -> list[tuple[str, str]]:
        """Params or tags within the limits, by name."""
        whole = dict(sorted(items))
        if (
            len(whole) == len(items) <= most
            and self._plain.issuperset(whole)
            and max(map(len, whole.values()), default=0) <= self.limits.value
        ):
            self._say_cut(run, what, len(items), most)
            return list(whole.items())
        kept: dict[str, str] = {}
        for key, value in sorted(items)[:most]:
            name = self._key(run, what, key)
            if name in kept:
                self.tell("RR306", f"two {what} are called {name!r}; one is shown", run.run_id)
                continue
            if len(value) > self.limits.value:
                message = f"showing the first {self.limits.value:,} characters of {name!r}"
                self.tell("RR307", message, run.run_id, where=what)
                value = value[: self.limits.value]
            kept[name] = value
        self._say_cut(run, what, len(items), most)
        return list(kept.items())

    def _add_metrics(self, run: RunFacts, known: str) -> None:
        most, seen = self.limits.metrics, set()
        for key, value, step in sorted(run.metrics, key=lambda item: item[0])[:most]:
            name = key if key in self._plain else self._key(run, "metrics", key)
            self.metric_names.setdefault(name, set()).add(key)
            if name in seen:
                self.tell("RR306", f"two metrics are called {name!r}; one is shown", run.run_id)
                continue
            seen.add(name)
            self._metrics.append(
                (known, name, "", None, None, value, None, None, None, None, step, None)
            )
        self._say_cut(run, "metrics", len(run.metrics), most)

    def _key(self, run: RunFacts, what: str, key: str) -> str:
        name = self._cleaned.get(key)
        if name is None:
            name = self._cleaned[key] = clean_text(key)
        if len(name) <= self.limits.key:
            if name == key:
                self._plain.add(key)
            return name
        message = f"a name of {len(name):,} characters was cut to {self.limits.key:,}"
        self.tell("RR307", message, run.run_id, where=what)
        return name[: self.limits.key]

    def _say_cut(self, run: RunFacts, what: str, given: int, most: int) -> None:
        count = max(given, run.totals.get(what, 0))
        if count > most:
            self.tell("RR307", f"showing {most:,} of {count:,} {what}", run.run_id)

    def _time(self, run: RunFacts, which: str) -> datetime | None:
        ms = run.started_ms if which == "start" else run.ended_ms
        moment = utc(ms)
        if ms and moment is None:
            message = f"its {which} time, {str(ms)[:30]} ms, is no time between 1970 and 2200"
            self.tell("RR312", message, run.run_id, severity="note")
        return moment

    def _duration(
        self, run: RunFacts, started: datetime | None, ended: datetime | None
    ) -> float | None:
        if started is None or ended is None:
            return None
        if ended < started:
            message = "it ends before it starts, so its duration is unknown"
            self.tell("RR312", message, run.run_id, severity="note")
            return None
        return (ended - started).total_seconds()
