"""Runs of Sacred's FileStorageObserver."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runreport.errors import SourceError
from runreport.kinds import Reader, SourceContext
from runreport.sources.addresses import web_address
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun, Points
from runreport.sources.partitions import Loaded, PartitionReader
from runreport.sources.runfolders import (
    FolderStore,
    RunFolder,
    folders_with,
    number,
    run_folders,
)
from runreport.sources.sacred.detect import CONFIG, INFO, METRICS, RUN
from runreport.sources.sacred.encoded import Decoder
from runreport.sources.sacred.series import moment_of, read_series, series_of
from runreport.sources.texts import written
from runreport.sources.trees import locate, walk
from runreport.tables import Lineage, Status

_STATUSES: Mapping[str, Status] = {
    "COMPLETED": "finished",
    "FAILED": "failed",
    "INTERRUPTED": "killed",
    "TIMEOUT": "killed",
    "TIMED_OUT": "killed",
    "RUNNING": "running",
}
_DIGEST = re.compile(r"(?:^|_)([0-9a-f]{32})(\.[^/]*)?$")
"""Sacred puts a file's MD5 into the name of its copy; older versions kept the MD5 alone."""
DOCUMENTS = (RUN, CONFIG, METRICS, INFO)
_EXPECTED = f"folders with a {RUN}, as Sacred's FileStorageObserver writes"


def open_runs(location: str, context: SourceContext) -> Reader:
    """A reader of the runs at a location.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    path = locate(context.base, location, "a folder of Sacred's FileStorageObserver")
    if path.is_file():
        path = path.parent
    tree = walk(path)
    runs = run_folders(tree, folders_with(tree, RUN))
    store = FolderStore(path.name, tree, runs, read, _EXPECTED, lambda _run: DOCUMENTS)
    return PartitionReader(store, context, "sacred", str(path))


def read(folder: RunFolder, _mark: Mapping[str, Any] | None) -> Loaded:
    """One run.

    Raises:
        SourceError: RR371 when neither what it is nor what it logged can be read.
    """
    told = Complaints()
    about = folder.json(RUN, told)
    if not isinstance(about, Mapping):
        if about is not None:
            told.add("RR371", folder.at(RUN), "a list or a lone value, expected an object")
        if not {CONFIG, METRICS} & set(folder.files):
            raise SourceError(told.problems())
        about = {}
    decoder = Decoder()
    config = decoder.value(folder.json(CONFIG, told))
    _tell(folder, CONFIG, decoder, told)
    metrics: dict[str, float | Points] = dict(read_series(folder, told))
    tags: dict[str, str] = {}
    for prefix, value, name in (
        ("result", about.get("result"), RUN),
        ("info", _info(folder, told), INFO),
    ):
        _outcomes(prefix, decoder.value(value), metrics, tags)
        _tell(folder, name, decoder, told)
    experiment = about.get("experiment")
    experiment = experiment if isinstance(experiment, Mapping) else {}
    run = LoadedRun(
        key=folder.key,
        name=folder.name,
        experiment=_text(experiment.get("name")),
        status=_STATUSES.get(str(about.get("status")), "unknown"),
        started=moment_of(about.get("start_time")),
        ended=moment_of(about.get("stop_time")),
        params=folder.texts(config, CONFIG, told),
        tags=tags | _tags(about),
        metrics=metrics,
        artifacts=tuple(
            replace(one, kind="log") if one.path == "cout.txt" else one
            for one in folder.artifacts(DOCUMENTS)
        ),
        lineage=tuple(_lineage(about, experiment)),
    )
    return Loaded((run,), told.problems)


def _info(folder: RunFolder, told: Complaints) -> Any:
    content = folder.json(INFO, told)
    if not isinstance(content, Mapping):
        return None
    # of the metrics, the database observer's own list
    listed = content.get("metrics")
    own = isinstance(listed, list) and all(isinstance(one, Mapping) for one in listed)
    return {key: value for key, value in content.items() if not (own and key == "metrics")}


def _tell(folder: RunFolder, name: str, decoder: Decoder, told: Complaints) -> None:
    if decoder.unread:
        message = f"{decoder.unread:,} encoded Python objects are not constructed; they are missing"
        told.add("RR375", folder.at(name), message, severity="note")
        decoder.unread = 0


def _outcomes(
    prefix: str,
    value: Any,
    metrics: dict[str, float | Points],
    tags: dict[str, str],
    depth: int = 0,
) -> None:
    """Numbers and lists of numbers to metrics, what else there is to tags."""
    if value is None or depth > 20:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            _outcomes(f"{prefix}.{key}", item, metrics, tags, depth + 1)
    elif (lone := number(value)) is not None:
        metrics.setdefault(prefix, lone)
    elif (series := series_of(value)) is not None:
        metrics.setdefault(prefix, series)
    else:
        tags[prefix] = written(value)


def _tags(about: Mapping[str, Any]) -> dict[str, str]:
    tags: dict[str, str] = {}
    if (status := _text(about.get("status"))) is not None and status not in _STATUSES:
        tags["status"] = status
    meta = about.get("meta")
    if isinstance(meta, Mapping):
        options = meta.get("options")
        comment = meta.get("comment")
        if comment is None and isinstance(options, Mapping):
            comment = options.get("--comment")
        if (text := _text(comment)) is not None:
            tags["comment"] = text
        named = meta.get("named_configs")
        if isinstance(named, list) and named:
            tags["named_configs"] = " ".join(written(one) for one in named)
    trace = about.get("fail_trace")
    if isinstance(trace, list):
        lines = [line for line in map(_text, trace) if line]
        if lines:
            tags["error"] = lines[-1].strip()[:500]
    return tags


def _lineage(about: Mapping[str, Any], experiment: Mapping[str, Any]) -> list[Lineage]:
    facts: list[Lineage] = []
    command = _text(about.get("command"))
    mainfile = _text(experiment.get("mainfile"))
    if mainfile or command:
        facts.append(Lineage("command", " ".join(filter(None, (mainfile, command)))))
    for entry in _objects(experiment.get("repositories")):
        address = _text(entry.get("url"))
        dirty = entry.get("dirty")
        facts.append(
            Lineage(
                "code",
                "git",
                version=_text(entry.get("commit")),
                dirty=dirty if isinstance(dirty, bool) else None,
                url=None if address is None else web_address(address),
            )
        )
    for name, stored in _pairs(experiment.get("sources")):
        facts.append(Lineage("code", name, digest=_md5(stored)))
    for name, stored in _pairs(about.get("resources")):
        # of where it lay only the name says what it is
        facts.append(Lineage("data", name.rpartition("/")[2] or name, digest=_md5(stored)))
    for package, version in _pairs(experiment.get("dependencies")):
        # a pair in older versions
        name, _, pinned = package.partition("==")
        facts.append(Lineage("environment", name, version or pinned or None))
    host = about.get("host")
    if isinstance(host, Mapping):
        facts += _host(host)
    return facts


def _host(host: Mapping[str, Any]) -> list[Lineage]:
    facts = []
    if (version := _text(host.get("python_version"))) is not None:
        facts.append(Lineage("environment", "python", version))
    system = _texts(host.get("os")) or _texts([host.get("os")])
    if system:
        facts.append(Lineage("environment", system[0], system[-1] if len(system) > 1 else None))
    if (chip := _text(host.get("cpu"))) is not None:
        facts.append(Lineage("hardware", chip))
    graphics = host.get("gpus")
    if isinstance(graphics, Mapping):
        for card in _objects(graphics.get("gpus")):
            if (model := _text(card.get("model"))) is not None:
                facts.append(Lineage("hardware", model))
        if (driver := _text(graphics.get("driver_version"))) is not None:
            facts.append(Lineage("environment", "driver", driver))
    return facts


def _md5(stored: str) -> str | None:
    found = _DIGEST.search(stored)
    return f"md5:{found[1]}" if found else None


def _pairs(value: Any) -> list[tuple[str, str]]:
    pairs = []
    for item in value if isinstance(value, list) else []:
        texts = [text for text in map(_text, item) if text] if isinstance(item, list) else []
        if len(texts) == 2:
            pairs.append((texts[0], texts[1]))
        elif (text := _text(item)) is not None:
            pairs.append((text, ""))
    return pairs


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [text for text in map(_text, value) if text] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value else None
