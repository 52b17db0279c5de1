"""What a log of Inspect says, as a run, and its samples, each with its scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runreport.cleaning import clean_text
from runreport.sources import moments
from runreport.sources.addresses import web_address
from runreport.sources.complaints import Complaints
from runreport.sources.inspect.logs import Facts, Log
from runreport.sources.loaded import LoadedRun
from runreport.sources.scored import Scored, chosen, number_of
from runreport.sources.texts import Written, flatten, written
from runreport.tables import Artifact, Lineage, Status

_STATUSES: Mapping[str, Status] = {
    "success": "finished",
    "error": "failed",
    "cancelled": "killed",
    "started": "running",
}
_LETTERS = {
    "C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0,
}  # fmt: skip
"""What Inspect counts as numbers, beside numbers."""
_TOKENS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "input_tokens_cache_write": "input_tokens_cache_write",
    "input_tokens_cache_read": "input_tokens_cache_read",
    "reasoning_tokens": "reasoning_tokens",
    "total_cost": "total_cost",
    # until 2024
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
}
_MEASURED = ("total_time", "working_time", "message_count", "turn_count", "retries")
"""Numbers of a sample beside its scores."""
_SHOWN = 500
"""Characters of an error that are kept."""


def evaluation(log: Log, key: str, artifact: Artifact, told: Complaints) -> LoadedRun:
    """The run that a log is.

    Args:
        log: as it was read.
        key: of the run.
        artifact: the log itself.
        told: receives what could not be read.
    """
    header = log.header
    about, stats = _object(header, "eval"), _object(header, "stats")
    model, task = _text(about.get("model")), _text(about.get("task"))
    started = moments.from_text(stats.get("started_at")) or moments.from_text(about.get("created"))
    return LoadedRun(
        key=key,
        name=" ".join(part for part in (task, model) if part) or key,
        experiment=task or None,
        status=_STATUSES.get(str(header.get("status")), "unknown"),
        started=started,
        ended=moments.from_text(stats.get("completed_at")),
        params=_params(about, _object(header, "plan"), header),
        tags=_tags(header, about),
        metrics=_metrics(log, artifact.path, told),
        artifacts=(artifact,),
        lineage=tuple(_lineage(about, model, task)),
    )


# ---- what was set --------------------------------------------------------------------------------


def _params(about: Facts, plan: Facts, header: Facts) -> dict[str, str]:
    steps = [step for step in _list(plan, "steps") if isinstance(step, Mapping)]
    solvers = [_text(step.get("solver")) for step in steps]
    config = {**_object(about, "config"), "metadata": None}
    generate = {**_object(about, "model_generate_config"), **_object(plan, "config")}
    dataset = {
        name: value for name, value in _object(about, "dataset").items() if name != "sample_ids"
    }
    metadata = _object(header, "metadata") or _object(about, "metadata")
    nested = {
        "model": about.get("model"),
        "task": about.get("task"),
        "task_version": about.get("task_version"),
        "task_args": about.get("task_args"),
        "solver": about.get("solver") or ", ".join(filter(None, solvers)) or None,
        "solver_args": about.get("solver_args"),
        "model_args": about.get("model_args"),
        "model_roles": about.get("model_roles"),
        "model_base_url": about.get("model_base_url"),
        "generate": generate,
        "config": config,
        "dataset": dataset,
        "sandbox": about.get("sandbox"),
        "metadata": metadata,
    }
    return flatten(_plain(nested), written, [])


def _plain(value: Facts, depth: int = 0) -> dict[str, Any]:
    """An object without what is no setting: lists that hold objects."""
    found: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, Mapping):
            if depth < 20:
                found[name] = _plain(item, depth + 1)
        elif not isinstance(item, list) or not any(isinstance(x, Mapping | list) for x in item):
            found[name] = item
    return found


def _tags(header: Facts, about: Facts) -> dict[str, str]:
    names = _list(header, "tags") or _list(about, "tags")
    found = {f"tag.{_text(name)}": "true" for name in names if _text(name)}
    for name in ("eval_id", "run_id", "task_id", "eval_set_id", "task_file"):
        if text := _text(about.get(name)):
            found[name] = text
    if header.get("invalidated") is True:
        found["invalidated"] = "true"
    if error := _text(_object(header, "error").get("message")):
        found["error"] = error[:_SHOWN]
    return found


def _lineage(about: Facts, model: str, task: str) -> Iterator[Lineage]:
    revision = _object(about, "revision")
    if commit := _text(revision.get("commit")):
        dirty = revision.get("dirty")
        kept = dirty if isinstance(dirty, bool) else None
        yield Lineage("code", "git", None, commit, kept, web_address(_text(revision.get("origin"))))
    for name, version in sorted(_object(about, "packages").items()):
        yield Lineage("environment", clean_text(name), _text(version) or None)
    dataset = _object(about, "dataset")
    if name := _text(dataset.get("name")) or task:
        yield Lineage("data", name)
    if model:
        yield Lineage("model", model)


# ---- what came out -------------------------------------------------------------------------------


def _metrics(log: Log, place: str, told: Complaints) -> dict[str, float]:
    results = _object(log.header, "results")
    found = dict(_scores(results, place, told))
    for name in ("total_samples", "completed_samples"):
        if (count := _number(results.get(name))) is not None:
            found[name] = count
    if not log.ended and log.samples:
        found["completed_samples"] = float(len(log.samples))
    found.update(_usage(_object(_object(log.header, "stats"), "model_usage")))
    return found


def _scores(results: Facts, place: str, told: Complaints) -> Iterator[tuple[str, float]]:
    """Each scorer's metrics; with several reducers of one score, by reducer."""
    scores = [score for score in _list(results, "scores") if isinstance(score, Mapping)]
    if not scores and isinstance(results.get("metrics"), Mapping):
        # until the middle of 2024 there was one scorer
        scores = [{**results, "name": _object(results, "scorer").get("name") or "score"}]
    names = [_text(score.get("name")) for score in scores]
    owners = [
        f"{_text(score.get('scorer'))}/{name}" for score, name in zip(scores, names, strict=True)
    ]
    for score, name, owner in zip(scores, names, owners, strict=True):
        if len({other for other in owners if other.endswith(f"/{name}")}) > 1:
            name = owner
        if owners.count(owner) > 1:
            name = f"{name}/{_text(score.get('reducer')) or 'mean'}"
        for metric, held in _object(score, "metrics").items():
            value = _number(held.get("value") if isinstance(held, Mapping) else held)
            if value is None:
                message = f"the metric {clean_text(f'{name}/{metric}')[:100]!r} is no number"
                told.add("RR375", place, message)
                continue
            yield f"{name}/{metric}", value


def _usage(models: Facts) -> dict[str, float]:
    """Tokens of all models together, and of each where there are several."""
    found: dict[str, float] = {}
    for model, used in models.items():
        if not isinstance(used, Mapping):
            continue
        for name, metric in _TOKENS.items():
            if (count := _number(used.get(name))) is not None:
                found[metric] = found.get(metric, 0.0) + count
                if len(models) > 1:
                    found[f"{clean_text(model)}/{metric}"] = count
    return found


# ---- samples -------------------------------------------------------------------------------------


def scored(log: Log, place: str, fields: Sequence[str], told: Complaints) -> Iterator[Scored]:
    """Every sample of a log, in its order."""
    task = _text(_object(log.header, "eval").get("task"))
    for sample in log.samples:
        name, epoch = _text(sample.get("id")), _text(sample.get("epoch"))
        scores = dict(_values(sample, f"sample {clean_text(name)[:60]!r}", place, told))
        error, limit = sample.get("error"), sample.get("limit")
        tags = {"sample_id": name}
        if error:
            message = error.get("message") if isinstance(error, Mapping) else error
            tags["error"] = _text(message)[:_SHOWN]
        if limit:
            tags["limit"] = _text(limit.get("type") if isinstance(limit, Mapping) else limit)
        for measured in _MEASURED:
            if (count := _number(sample.get(measured))) is not None:
                scores.setdefault(measured, count)
        for metric, count in _usage(_object(sample, "model_usage")).items():
            scores.setdefault(metric, count)
        yield Scored(
            task=task,
            id=name,
            scores=scores,
            epoch=epoch or "1",
            params=chosen(sample.get("metadata"), fields, "metadata"),
            tags=tags,
            digest=_digest(name, sample.get("target")),
            status=_status(sample, bool(error)),
            started=moments.from_text(sample.get("started_at")),
            ended=moments.from_text(sample.get("completed_at")),
        )


def _status(sample: Facts, failed: bool) -> Status:
    has_scores = bool(sample.get("scores") or sample.get("score"))
    if failed and not has_scores:
        return "failed"
    return "running" if sample.get("completed") is False and not has_scores else "finished"


def _values(sample: Facts, name: str, place: str, told: Complaints) -> Iterator[tuple[str, float]]:
    scores = sample.get("scores")
    if not isinstance(scores, Mapping):
        # until the middle of 2024 there was one scorer
        scores = {"score": sample["score"]} if isinstance(sample.get("score"), Mapping) else {}
    for scorer, score in scores.items():
        value = score.get("value") if isinstance(score, Mapping) else score
        parts = value.items() if isinstance(value, Mapping) else [("", value)]
        for part, held in parts:
            metric = f"{scorer}/{part}" if part else scorer
            if (found := score_value(held)) is not None:
                yield metric, found
            elif held is not None:
                message = (
                    f"{name}: the score {clean_text(metric)[:100]!r} is no number: {_brief(held)}"
                )
                told.add("RR375", place, message, kind="score")


def score_value(value: Any) -> float | None:
    """A score as a number, as Inspect counts it; None where it counts none."""
    if isinstance(value, Written) or not isinstance(value, str):
        return _number(value)
    if (known := _LETTERS.get(value)) is None:
        known = _LETTERS.get(value.lower()) if len(value) > 1 else None
    if known is not None:
        return known
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in value else None


def _digest(name: str, target: Any) -> str:
    """Of what was asked, as far as every version writes it alike."""
    import hashlib

    text = written(target) if target is not None else ""
    raw = f"{name}\0{text}".encode("utf-8", "surrogatepass")
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


# ---- values --------------------------------------------------------------------------------------


def _number(value: Any) -> float | None:
    if isinstance(value, Written):
        try:
            return float(value)
        except ValueError:
            return None
    return number_of(value)


def _object(facts: Facts, name: str) -> Facts:
    found = facts.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(facts: Facts, name: str) -> list[Any]:
    found = facts.get(name)
    return found if isinstance(found, list) else []


def _text(value: Any) -> str:
    """A lone value as text; empty for none, and for what has parts."""
    if value is None or isinstance(value, Mapping | list):
        return ""
    return clean_text(written(value))


def _brief(value: Any) -> str:
    return repr(clean_text(written(value))[:40])
