"""What a file of results says, as a run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from runreport.cleaning import clean_text
from runreport.errors import Problem, SourceError
from runreport.sources import moments
from runreport.sources.complaints import Complaints
from runreport.sources.loaded import LoadedRun
from runreport.sources.scored import number_of
from runreport.sources.texts import Written, flatten, parse_json, written
from runreport.tables import Lineage

MAX_RESULTS = 128_000_000
"""Bytes of a file of results."""
Facts = Mapping[str, Any]

_ARGUMENTS = ("model_args", "gen_kwargs")
"""Settings that are written as `name=value,name=value`, or as an object."""
_SAID = (
    "system_instruction",
    "system_instruction_sha",
    "fewshot_as_multiturn",
    "chat_template_sha",
)
"""Beside the configuration."""
_MODEL = ("peft", "delta", "pretrained", "model", "path", "engine")
"""Arguments that name the model, the first one first."""
_PYTHON = re.compile(r"^Python version: ([\w.+-]{1,40})", re.M)
_TORCH = re.compile(r"^PyTorch version: ([\w.+-]{1,40})", re.M)
_CUDA = re.compile(
    r"^Is CUDA available: True\s*$[\s\S]{0,200}?^CUDA runtime version: ([\w.+-]{1,40})", re.M
)
_GPU = re.compile(r"^(?:GPU models and configuration: ?)?\s*GPU (\d{1,3}): ([^\n]{1,100})", re.M)


def parsed(data: bytes, name: str) -> Facts:
    """The object in a file of results.

    Raises:
        SourceError: RR371 when it is none.
    """
    try:
        found = parse_json(data)
    except ValueError as error:
        words = "it is empty" if not data.strip() else f"this is no JSON: {error}"
        raise _lost(name, words) from None
    if not isinstance(found, Mapping) or not isinstance(found.get("results"), Mapping):
        raise _lost(name, "this holds no results of the harness: an object `results` is expected")
    return found


def evaluation(
    facts: Facts,
    key: str,
    place: str,
    digests: Mapping[str, str],
    told: Complaints,
    only: str | None = None,
) -> LoadedRun:
    """The run that a file of results is.

    Args:
        facts: the object in the file.
        key: of the run.
        place: how messages call the file.
        digests: of the documents, by task.
        told: receives what could not be read.
        only: what all documents of this task have in common, without metrics.
    """
    started = moments.from_seconds(_number(facts.get("date")))
    seconds = _number(facts.get("total_evaluation_time_seconds"))
    if seconds is not None and not 0 <= seconds < 1e9:
        seconds = None
    ended = None
    if started is not None and seconds is not None:
        ended = started + timedelta(seconds=seconds)
    return LoadedRun(
        key=key,
        name=model_of(facts) or key,
        # the file is written when the evaluation is over
        status="finished",
        started=started,
        ended=ended,
        seconds=seconds,
        params=_params(facts, only),
        tags=_tags(facts, only),
        metrics=dict(_metrics(facts, place, told)) if only is None else {},
        lineage=tuple(_lineage(facts, digests)),
    )


def model_of(facts: Facts) -> str:
    """What the model is called: as the harness names its folder, else its kind."""
    if name := _text(facts.get("model_name")):
        return name
    config = _object(facts, "config")
    arguments = _arguments(config.get("model_args"))
    known = next((arguments[name] for name in _MODEL if name in arguments), None)
    return _text(known) or _text(config.get("model"))


# ---- what was set --------------------------------------------------------------------------------


def _params(facts: Facts, only: str | None) -> dict[str, str]:
    nested: dict[str, Any] = dict(_object(facts, "config"))
    for name in _ARGUMENTS:
        nested[name] = _arguments(nested.get(name))
    nested.update({name: facts.get(name) for name in _SAID})
    # lists of sizes that were tried say nothing before they hold something
    nested = {name: value for name, value in nested.items() if value not in ([], "")}
    found = flatten(nested, written, [])
    for name, key in (("num_fewshot", "n-shot"), ("version", "versions")):
        for task, value in _of(_object(facts, key), only):
            if text := _text(value):
                found.setdefault(f"{clean_text(task)}.{name}" if only is None else name, text)
    return found


def _of(by_task: Facts, only: str | None) -> list[tuple[str, Any]]:
    """What is said of every task, or of one."""
    return [(task, value) for task, value in by_task.items() if only in (None, task)]


def _arguments(value: Any) -> Facts:
    """`pretrained=gpt2,dtype=float` one by one."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, str):
        return {}
    found = {}
    for part in value.split(","):
        name, sign, text = part.strip().partition("=")
        if sign and name:
            found[name] = text
    return found


def _tags(facts: Facts, only: str | None) -> dict[str, str]:
    found = {}
    if name := _text(facts.get("model_name")):
        found["model_name"] = name
    for task, value in _of(_object(facts, "task_hashes"), only):
        if text := _text(value):
            found[f"task_hash.{clean_text(task)}"] = text
    for task, metrics in _of(_object(facts, "higher_is_better"), only):
        for metric, value in metrics.items() if isinstance(metrics, Mapping) else ():
            if isinstance(value, bool):
                found[f"higher_is_better.{clean_text(f'{task}/{metric}')}"] = written(value)
    return found


def _lineage(facts: Facts, digests: Mapping[str, str]) -> Iterator[Lineage]:
    for name in ("git_hash", "upper_git_hash"):
        if commit := _text(facts.get(name)):
            yield Lineage("code", "git", None, commit)
            break
    for task in dict.fromkeys((*_object(facts, "configs"), *_object(facts, "versions"), *digests)):
        yield Lineage("data", clean_text(task), None, digests.get(task))
    said = facts.get("pretty_env_info")
    environment = said[:100_000] if isinstance(said, str) else ""
    for package, pattern in (("python", _PYTHON), ("torch", _TORCH), ("cuda", _CUDA)):
        if match := pattern.search(environment):
            yield Lineage("environment", package, match[1])
    for package in ("lm_eval", "transformers"):
        version = _text(facts.get(f"{package}_version"))
        if version and version != "N/A":
            yield Lineage("environment", package, version)
    for number, name in _GPU.findall(environment)[:16]:
        yield Lineage("hardware", f"gpu {number}", clean_text(name.strip()))
    if model := model_of(facts):
        sha = _text(_object(facts, "config").get("model_sha"))
        yield Lineage("model", model, None, sha or None)


# ---- what came out -------------------------------------------------------------------------------


def _metrics(facts: Facts, place: str, told: Complaints) -> Iterator[tuple[str, float]]:
    """Every number of every task, and of groups that are in no other list."""
    results = {**_object(facts, "groups"), **_object(facts, "results")}
    for task, held in results.items():
        if not isinstance(held, Mapping):
            told.add("RR375", place, f"the results of {clean_text(task)[:80]!r} are no object")
            continue
        for name, value in held.items():
            metric = f"{task}/{bare(name)}"
            if (number := _number(value)) is not None:
                yield metric, number
            elif isinstance(value, Mapping | list):
                message = f"{clean_text(metric)[:120]!r} is no number"
                told.add("RR375", place, message, kind="metric")


def bare(name: str) -> str:
    """A metric's name without the filter `none`, which is no filter."""
    return name.removesuffix(",none")


# ---- values --------------------------------------------------------------------------------------


def _number(value: Any) -> float | None:
    """A number, also one in quotes; names, aliases and `N/A` are none."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return None
        # only what was written as a number may be NaN or infinite: a task may be called `nan`
        return number if isinstance(value, Written) or math.isfinite(number) else None
    return number_of(value)


def _object(facts: Facts, name: str) -> Facts:
    found = facts.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    """A lone value as text; empty for none, and for what has parts."""
    if value is None or isinstance(value, Mapping | list):
        return ""
    return clean_text(written(value))


def _lost(name: str, message: str) -> SourceError:
    return SourceError(Problem("RR371", message, place=name))
