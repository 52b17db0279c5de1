"""Finding runs on a tracking server: experiments, their runs, the registry, the artifacts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from runreport.errors import SourceError
from runreport.sources.json_server import JsonServer, Refused
from runreport.sources.limits import Limits
from runreport.sources.mlflow import answers
from runreport.sources.mlflow.answers import ReadRun, Unfit
from runreport.sources.mlflow.collect import Collector
from runreport.sources.mlflow.facts import (
    LoggedModel,
    ModelVersion,
    select_experiments,
)
from runreport.sources.mlflow.paging import Values, pages, pages_or_refusal
from runreport.sources.mlflow.remote import Listing, list_artifacts
from runreport.tables import RunTables

ItemT = TypeVar("ItemT")

API = "/api/2.0/mlflow"
EXPERIMENTS = 100
"""Of one search for runs."""
RUNS = 200
"""Of one answer; fewer when it would be too large."""
NAMED_RUNS = 40
"""Of one search of the registry: they stand in an address, whose length servers limit."""
TOLD = 5
"""Problems of one kind that are told one by one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says of the wanted experiments."""

    tables: RunTables
    own_ids: Mapping[str, str]
    """Run id of the tables to MLflow's own."""
    keys: Mapping[str, Mapping[str, str]]
    """Run id of the tables to its metrics, each with its name in the store."""
    version: str | None
    """Of the server."""
    signs: Mapping[str, Mapping[str, Sequence[Any]]]
    """Run id of the tables to what is said of its metrics, by name in the store."""


def read_runs(server: JsonServer, wanted: Sequence[str], qualifier: str, limits: Limits) -> Found:
    """All runs of the wanted experiments (all of them when none is named).

    Raises:
        SourceError: RR305, RR321-RR334, RR339.
    """
    collector = Collector(qualifier, str(server.address), limits)
    search = _Search(server, collector, limits)
    experiments = dict(select_experiments(search.experiments(), wanted, str(server.address)))
    version = search.version()
    runs = search.runs(experiments)
    versions = search.versions(runs)
    models = search.models(experiments, version)
    for run, listing in zip(runs, search.artifacts(runs), strict=True):
        own = run.facts.run_id
        facts = replace(
            run.facts,
            versions=versions.get(own, ()),
            models=models.get(own, ()),
            artifacts=listing.artifacts,
        )
        collector.add(facts)
        search.tell_unread(run)
    return Found(
        collector.tables(),
        dict(collector.run_ids),
        _keys(collector, runs, limits),
        version,
        {collector.qualified(run.facts.run_id): run.signs for run in runs},
    )


@dataclass(frozen=True, slots=True)
class _Search:
    server: JsonServer
    collector: Collector
    limits: Limits

    def version(self) -> str | None:
        try:
            return self.server.text("/version")
        except SourceError as error:
            # some hosts send unknown paths to a login page
            if error.problems[0].code == "RR329":
                return None
            raise

    def experiments(self) -> list[tuple[str, str]]:
        """Id and name of every experiment that is not deleted, in the order of ids."""
        body = {"max_results": 1000, "view_type": "ACTIVE_ONLY"}
        found: dict[str, str] = {}
        for page in pages(self.server, f"{API}/experiments/search", body=body):
            with _shape(self.server, "experiments/search"):
                pairs = [answers.experiment(item) for item in answers.items(page, "experiments")]
            found.update(pair for pair in pairs if pair is not None)
        return sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0]))

    def runs(self, experiments: Mapping[str, str]) -> list[ReadRun]:
        """Every run that is not deleted, by start."""
        found: dict[str, ReadRun] = {}
        for page in self._run_pages(list(experiments)):
            for run in self._runs_in(page, experiments):
                found.setdefault(run.facts.run_id, run)
            if len(found) > self.limits.runs:
                message = f"showing the first {self.limits.runs:,} runs, by start"
                self.collector.tell("RR307", message, hint="name the experiments to read")
                break
        return sorted(found.values(), key=_by_start)[: self.limits.runs]

    def _run_pages(self, experiments: Sequence[str]) -> Iterator[Values]:
        for ids in _chunks(experiments, EXPERIMENTS):
            body = {
                "experiment_ids": ids,
                "max_results": RUNS,
                "run_view_type": "ACTIVE_ONLY",
                # runs that begin meanwhile come last, so that no page shifts
                "order_by": ["attributes.start_time ASC"],
            }
            yield from pages(self.server, f"{API}/runs/search", body=body)

    def _runs_in(self, page: Values, experiments: Mapping[str, str]) -> Iterator[ReadRun]:
        with _shape(self.server, "runs/search"):
            items = answers.items(page, "runs")
        for item in items:
            try:
                run = answers.read_run(item, experiments, str(self.server.address))
            except Unfit as error:
                self.collector.tell("RR335", f"a run was left out: {error}", _id_in(item))
                continue
            if run is not None:
                yield run

    def versions(self, runs: Sequence[ReadRun]) -> Mapping[str, tuple[ModelVersion, ...]]:
        """Run id to the versions of registered models that came from it, with their aliases."""
        found: list[tuple[str, Mapping[str, Any]]] = []
        # ids of other letters are not MLflow's and would need quoting
        ids = [r.facts.run_id for r in runs if re.fullmatch(r"[0-9A-Za-z_-]+", r.facts.run_id)]
        for some in _chunks(ids, NAMED_RUNS):
            names = ", ".join(f"'{run_id}'" for run_id in some)
            query = {"filter": f"run_id IN ({names})", "max_results": 1000}
            items = self._optional(f"{API}/model-versions/search", "model_versions", query=query)
            if items is None:
                return {}
            with _shape(self.server, "model-versions/search"):
                found += [(answers.text(item, "run_id"), item) for item in items]
        with _shape(self.server, "model-versions/search"):
            names_found = sorted({answers.text(item, "name") for _, item in found})
        aliases = {name: self._aliases(name) for name in names_found}
        by_run: dict[str, list[ModelVersion]] = {}
        with _shape(self.server, "model-versions/search"):
            for run_id, item in found:
                one = answers.version(item, aliases[answers.text(item, "name")])
                by_run.setdefault(run_id, []).append(one)
        return {run_id: tuple(sorted(some, key=_by_number)) for run_id, some in by_run.items()}

    def _aliases(self, name: str) -> Mapping[str, tuple[str, ...]]:
        # a search for versions leaves the aliases out
        model = self.server.inquire(f"{API}/registered-models/get", {"name": name})
        if isinstance(model, Refused):
            self._tell_refused("the aliases of a registered model", model)
            return {}
        with _shape(self.server, "registered-models/get"):
            found = answers.inner(model, "registered_model")
            answers.text(found, "name")
            return answers.aliases_of(found)

    def models(
        self, experiments: Mapping[str, str], version: str | None
    ) -> Mapping[str, tuple[LoggedModel, ...]]:
        """Run id to the models that it logged, which there are since MLflow 3."""
        is_old = version is None or version.partition(".")[0] in ("0", "1", "2")
        by_run: dict[str, list[LoggedModel]] = {}
        for ids in _chunks(list(experiments), EXPERIMENTS):
            body = {"experiment_ids": ids, "max_results": 100}
            items = self._optional(
                f"{API}/logged-models/search", "models", body=body, may_lack=is_old
            )
            if items is None:
                return {}
            with _shape(self.server, "logged-models/search"):
                for item in items:
                    if (one := answers.logged_model(item)) is not None:
                        by_run.setdefault(one[0], []).append(one[1])
        return {run_id: tuple(sorted(some, key=_by_id)) for run_id, some in by_run.items()}

    def artifacts(self, runs: Sequence[ReadRun]) -> Sequence[Listing]:
        """The files of each run, in the order of runs."""
        ids = [run.facts.run_id for run in runs]
        found: list[Listing] = []
        refused: list[tuple[str, str]] = []
        with closing(self.server.in_order(self._listing, ids)) as listings:
            for run_id, listing in zip(ids, listings, strict=True):
                found.append(Listing() if isinstance(listing, Refused | Unfit) else listing)
                if isinstance(listing, Refused | Unfit):
                    refused.append((run_id, _why(listing)))
                elif listing.is_cut:
                    message = f"showing {len(listing.artifacts):,} artifacts of more"
                    self.collector.tell("RR307", message, run_id)
                if isinstance(listing, Refused) and listing.status >= 500 and len(refused) > TOLD:
                    # a server that cannot reach its artifacts would fail, slowly, for every run
                    refused += [(other, "not asked for") for other in ids[len(found) :]]
                    break
        for run_id, words in refused[:TOLD]:
            self.collector.tell("RR336", f"its artifacts cannot be listed: {words}", run_id)
        if len(refused) > TOLD:
            message = f"nor can the artifacts of {len(refused) - TOLD:,} further runs"
            self.collector.tell("RR336", message)
        return [*found, *[Listing()] * (len(ids) - len(found))]

    def _listing(self, run_id: str) -> Listing | Refused | Unfit:
        """The files of a run, or why they cannot be listed."""
        try:
            return list_artifacts(self.server, run_id, self.limits.files)
        except Unfit as error:
            # not the error itself, whose traceback would keep the whole answer
            return Unfit(str(error))

    def _optional(
        self,
        path: str,
        name: str,
        query: Values | None = None,
        body: Values | None = None,
        may_lack: bool = False,
    ) -> list[Mapping[str, Any]] | None:
        """All objects of what a server may not have or not show; None, and told, when refused."""
        found: list[Mapping[str, Any]] = []
        for page in pages_or_refusal(self.server, path, query, body):
            if isinstance(page, Refused):
                if page.code or not may_lack:
                    self._tell_refused(name.replace("_", " "), page)
                return None
            with _shape(self.server, path):
                found += answers.items(page, name)
        return found

    def _tell_refused(self, what: str, refused: Refused) -> None:
        self.collector.tell("RR337", f"{what} cannot be read: {_why(refused)}")

    def tell_unread(self, run: ReadRun) -> None:
        """Say what of a run was left out."""
        for words in run.unread[:TOLD]:
            self.collector.tell("RR335", f"left out: {words}", run.facts.run_id)
        if len(run.unread) > TOLD:
            message = f"left out: {len(run.unread) - TOLD:,} further items"
            self.collector.tell("RR335", message, run.facts.run_id)


def _keys(
    collector: Collector, runs: Sequence[ReadRun], limits: Limits
) -> Mapping[str, Mapping[str, str]]:
    """Run id of the tables to its metrics there, each with its name in the store."""
    shown = {key: name for name, keys in collector.metric_names.items() for key in keys}
    found: dict[str, dict[str, str]] = {}
    for run in runs:
        names = found.setdefault(collector.qualified(run.facts.run_id), {})
        for key in sorted(metric for metric, _, _ in run.facts.metrics)[: limits.metrics]:
            names.setdefault(shown[key], key)
    return found


@contextmanager
def _shape(server: JsonServer, what: str) -> Iterator[None]:
    """What is `Unfit` inside makes the whole answer unusable."""
    try:
        yield
    except Unfit as error:
        message = f"the answer to {what.removeprefix(API)} has another shape than MLflow's: {error}"
        raise SourceError(server.problem("RR333", message, server.refusals.where)) from None


def _chunks(items: Sequence[ItemT], size: int) -> Iterator[list[ItemT]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _why(refusal: Refused | Unfit) -> str:
    if isinstance(refusal, Unfit):
        return str(refusal)
    words = refusal.words or refusal.code
    return f"HTTP {refusal.status}" + (f": {words}" if words else "")


def _id_in(run: Mapping[str, Any]) -> str | None:
    """The id of a run that cannot be read, if it has one."""
    info = run.get("info")
    found = info.get("run_id") if isinstance(info, dict) else None
    return found[:64] if isinstance(found, str) else None


def _by_start(run: ReadRun) -> tuple[int, str]:
    return run.facts.started_ms or 0, run.facts.run_id


def _by_number(version: ModelVersion) -> tuple[str, int, str]:
    return version.name, len(version.version), version.version


def _by_id(model: LoggedModel) -> tuple[str, str]:
    return model.name, model.model_id
