"""Where a run ran, and with what: from the log's environment record or `wandb-metadata.json`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runreport.sources import moments
from runreport.sources.wandb.log import Log
from runreport.sources.wandb.wire import Malformed, Value, last, signed, text
from runreport.tables import Lineage


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known of a run's circumstances; empty where nothing is."""

    remote: str = ""
    commit: str = ""
    program: str = ""
    arguments: tuple[str, ...] = ()
    python: str = ""
    system: str = ""
    cuda: str = ""
    host: str = ""
    user: str = ""
    gpus: tuple[str, ...] = ()
    cores: int = 0
    cpu: str = ""
    started: datetime | None = None
    state: str = ""
    """As old versions wrote it when a run ended."""


def of_log(log: Log) -> Machine:
    """What the log says."""
    told = log.environment
    gpu = text(told.get(18))
    count = max(1, min(64, signed(told.get(19))))
    cpu = ""
    if isinstance(model := told.get(22), bytes):
        try:
            cpu = text(last(model).get(3))
        except Malformed:
            cpu = ""
    return Machine(
        remote=text(log.git.get(1)),
        commit=text(log.git.get(2)),
        program=text(told.get(7)) or text(told.get(8)) or text(told.get(6)),
        arguments=tuple(log.arguments),
        python=text(told.get(2)),
        system=text(told.get(1)),
        cuda=text(told.get(25)),
        host=text(told.get(12)) or text(log.run.get(13)),
        user=text(told.get(13)),
        gpus=tuple(log.gpus) or ((gpu,) * count if gpu else ()),
        cores=signed(told.get(16)),
        cpu=cpu,
        started=timestamp(told.get(3)),
    )


def of_metadata(value: Any) -> Machine:
    """What `wandb-metadata.json` says."""
    if not isinstance(value, Mapping):
        return Machine()

    def word(*names: str) -> str:
        found = (value.get(name) for name in names)
        return next((item for item in found if isinstance(item, str) and item), "")

    git = value.get("git")
    git = git if isinstance(git, Mapping) else {}
    arguments = value.get("args")
    devices = [
        item.get("name")
        for name in ("gpu_nvidia", "gpu_amd", "gpu_devices")
        if isinstance(value.get(name), list)
        for item in value[name][:64]
        if isinstance(item, Mapping)
    ]
    gpus = tuple(name for name in devices if isinstance(name, str) and name)
    if not gpus and (gpu := word("gpu")):
        gpus = (gpu,) * max(1, min(64, _whole(value.get("gpu_count"))))
    cpu = value.get("cpu")
    model = cpu.get("model") if isinstance(cpu, Mapping) else None
    return Machine(
        remote=_text(git.get("remote")),
        commit=_text(git.get("commit")),
        program=word("codePath", "codePathLocal", "program"),
        arguments=tuple(map(str, arguments)) if isinstance(arguments, list) else (),
        python=word("python"),
        system=word("os"),
        cuda=word("cudaVersion", "cuda_version", "cuda"),
        host=word("host"),
        user=word("username"),
        gpus=gpus,
        cores=_whole(value.get("cpu_count")),
        cpu=_text(model),
        started=moments.from_text(word("startedAt")),
        state=word("state"),
    )


def both(first: Machine, second: Machine) -> Machine:
    """One, and what it does not know from the other."""
    names = Machine.__slots__
    return Machine(**{name: getattr(first, name) or getattr(second, name) for name in names})


def lineage_of(machine: Machine, dirty: bool | None) -> Iterator[Lineage]:
    """Code, command, environment and hardware as facts.

    Args:
        machine: what is known.
        dirty: whether the working tree had changes; None when that is not known.
    """
    # loaded where it is used: an address may hold a password
    from runreport.sources.addresses import without_userinfo

    if machine.commit or machine.remote:
        url = without_userinfo(machine.remote) if machine.remote else None
        name = _repository(url) or "git"
        yield Lineage("code", name, None, machine.commit or None, dirty, url)
    if machine.program:
        yield Lineage("command", shlex.join([machine.program, *machine.arguments]))
    if machine.python:
        yield Lineage("environment", "python", machine.python.rpartition(" ")[2])
    if machine.system:
        yield Lineage("environment", "system", machine.system)
    if machine.cuda:
        yield Lineage("environment", "cuda", machine.cuda)
    for gpu in dict.fromkeys(machine.gpus):
        yield Lineage("hardware", "gpu", f"{machine.gpus.count(gpu)} x {gpu}")
    if machine.cpu or machine.cores:
        cores = f"{machine.cores} cores" if machine.cores else ""
        yield Lineage("hardware", "cpu", ", ".join(filter(None, (machine.cpu, cores))))
    if machine.host:
        yield Lineage("hardware", "host", machine.host)


def timestamp(value: Value | None) -> datetime | None:
    """A protobuf timestamp; None when it is none."""
    if not isinstance(value, bytes):
        return None
    try:
        told = last(value)
    except Malformed:
        return None
    return moments.from_seconds(signed(told.get(1)) + signed(told.get(2)) / 1e9)


def _repository(url: str | None) -> str | None:
    if not url or any(char.isspace() or char in "\"'=;," for char in url):
        return None
    return url.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git") or None


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
