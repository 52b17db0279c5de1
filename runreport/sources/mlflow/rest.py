"""Runs of an MLflow tracking server, read over its REST interface.

Only what is asked for travels: the experiments that are wanted, and the raw history of single
(run, metric) pairs, page by page; never the bulk interval, which samples. No proxy is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa

from runreport.errors import Problem, SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.json_server import Deadline, JsonServer, Retries
from runreport.sources.limits import LIMITS, Limits
from runreport.sources.mlflow import shelf
from runreport.sources.mlflow.access import TIMEOUT, address_of, credentials_in, patience_in
from runreport.sources.mlflow.answers import Points, Unfit
from runreport.sources.mlflow.keptruns import Fetched, KeptRuns, Series
from runreport.sources.mlflow.options import Options
from runreport.sources.mlflow.paging import pages
from runreport.sources.mlflow.points import Parts
from runreport.sources.mlflow.search import Found, read_runs
from runreport.sources.refusals import Refusals
from runreport.sources.transport import Patience
from runreport.tables import RunTables

HISTORY = "/api/2.0/mlflow/metrics/get-history"
PAGE = 10_000
"""Points of one answer, about a megabyte."""


def open_rest(
    options: Options,
    context: SourceContext,
    *,
    patience: Patience | None = None,
    retries: Retries | None = None,
    limits: Limits = LIMITS,
) -> Reader:
    """A reader of the server that the location names; nothing is asked of it yet.

    Raises:
        SourceError: RR320 an address we cannot use, RR321 credentials that cannot be sent.
    """
    refusals = Refusals(
        address=address_of(options.location),
        credentials=credentials_in(context.environ),
        what="an MLflow tracking server",
        slow_advice=f"is it overloaded? {TIMEOUT} is how many seconds to wait for it",
    )
    allowed = options.deadline
    server = JsonServer(
        refusals,
        Deadline(allowed if allowed is not None and allowed > 0 else context.deadline_s),
        patience or patience_in(context.environ),
        retries or Retries(),
    )
    return ServerReader(server, options.experiments, context, limits)


class ServerReader:
    """What one server says of the wanted experiments, read once."""

    divisible = False

    def __init__(
        self,
        server: JsonServer,
        experiments: Sequence[str],
        context: SourceContext,
        limits: Limits,
    ) -> None:
        self._server = server
        self._experiments = experiments
        self._context = context
        self._limits = limits
        self._kept: KeptRuns | None = None
        if context.cache is not None:
            address = str(server.address)
            self._kept = KeptRuns(shelf.place(context.cache, address), address, context)

    def tables(self) -> RunTables:
        """Every run of the wanted experiments; all of it, or an error.

        Raises:
            SourceError: RR305 unknown experiments, RR321-RR334 or RR339 when the server fails.
        """
        return self._found.tables

    def histories(self, runs: Sequence[str], metrics: Collection[str]) -> Iterator[pa.Table]:
        """Raw points, run by run; raises as `tables` does."""
        found = self._found
        wanted = [
            Series(
                run,
                found.own_ids[run],
                metric,
                key := found.keys[run][metric],
                found.signs.get(run, {}).get(key),
            )
            for run in runs
            if run in found.own_ids
            for metric in metrics
            if metric in found.keys[run]
        ]
        with self._server.deadline:
            try:
                if self._kept is not None and self._kept.usable:
                    yield from self._kept.parts(wanted, self._fetch)
                    for answers in self._kept.notes:
                        self._server.recall(answers)
                    return
                parts = Parts()
                for pair, fetched in zip(wanted, self._fetch(wanted), strict=True):
                    parts.add(pair.run_id, pair.metric, *fetched.columns)
                    yield from parts.full()
                yield from parts.rest()
            finally:
                self._server.close()

    def _fetch(self, wanted: Sequence[Series]) -> Iterator[Fetched]:
        """The points of each series, in order."""
        series = self._server.in_order(self._series, wanted)
        for pair, points in zip(wanted, series, strict=True):
            self._tell_unread(pair, points)
            keep = not points.bad and len(points) > 0
            yield Fetched(points.columns(), keep, points.answers)

    def places(self) -> None:
        """Only reading tells whether anything changed."""
        return

    def fingerprint(self) -> Mapping[str, str]:
        """The server's version, and a digest of all answers that were used."""
        version = self._found.version or "unknown"
        return {"mlflow server": version, "answers": self._server.digest()}

    @cached_property
    def _found(self) -> Found:
        with self._server.deadline:
            try:
                qualifier = self._context.qualifier
                return read_runs(self._server, self._experiments, qualifier, self._limits)
            finally:
                self._server.close()

    def _series(self, wanted: Series) -> Points:
        points = Points()
        query: dict[str, Any] = {
            "run_id": wanted.own_id,
            "metric_key": wanted.key,
            "max_results": PAGE,
        }
        try:
            for page in pages(self._server, HISTORY, query, beside=True):
                points.add(page)
                points.answers.update([self._server.latest])
                # before the next large page is asked for
                del page
        except Unfit as error:
            message = f"the history of {wanted.metric[:80]!r} of run {wanted.own_id[:40]}: {error}"
            hint = self._server.refusals.where
            raise SourceError(self._server.problem("RR333", message, hint)) from None
        return points

    def _tell_unread(self, wanted: Series, points: Points) -> None:
        what, hint = f"of {wanted.metric[:80]!r}", None
        if points.bad:
            message = f"{points.bad:,} points {what} cannot be read and were left out"
        elif len(points) == 0:
            message = f"there are no points {what}, although the run lists it"
            hint = "the run may have been deleted meanwhile: build again"
        else:
            return
        place = f"{self._server.address}, run {wanted.own_id[:64]}"
        self._context.tell(Problem("RR335", message, None, hint, "warning", place))
