"""Runs in MLflow: a SQLite file, a folder of files (`mlruns`), or a tracking server.

    - {mlflow: "sqlite:///mlflow.db", experiments: [digits]}
    - {mlflow: mlruns}
    - {mlflow: "https://tracking.example.org", deadline: 300}

Runs that were deleted are left out. Credentials of a server come from the environment.
"""

from __future__ import annotations

from runreport.kinds import Reader, Source, SourceContext
from runreport.sources.mlflow.detect import detect
from runreport.sources.mlflow.options import Options
from runreport.sources.mlflow.places import Kind, locate

__all__ = ["SOURCE", "Options"]


def open_store(options: Options, context: SourceContext) -> Reader:
    """A reader for whatever kind of store the location names.

    Raises:
        SourceError: RR3xx when it cannot be read at all.
    """
    place = locate(options.location, context.base)
    if place.kind is Kind.SERVER:
        from runreport.sources.mlflow.rest import open_rest

        return open_rest(options, context)
    if place.kind is Kind.DATABASE:
        from runreport.sources.mlflow.sqlite import open_database

        return open_database(place, options, context)
    from runreport.sources.mlflow.files import open_folder

    return open_folder(place, options, context)


SOURCE = Source(name="mlflow", options=Options, open=open_store, detect=detect)
