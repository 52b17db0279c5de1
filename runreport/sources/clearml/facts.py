"""What a task says besides its metrics: params, tags, where it comes from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from runreport.sources.addresses import without_userinfo
from runreport.sources.texts import written
from runreport.tables import Lineage, Status

PROPERTIES = "properties"
"""Section in which ClearML keeps user properties."""
_STATUS: Mapping[str, Status] = {
    "completed": "finished",
    "closed": "finished",
    "published": "finished",
    "publishing": "finished",
    "failed": "failed",
    "stopped": "killed",
    "in_progress": "running",
}
_PYTHON = re.compile(r"#\s*Python (\d+[\w.]*)")
_BINARY = re.compile(r"python(\d+\.\d[\w.]*)$")


def status_of(task: Mapping[str, Any]) -> Status:
    """The status of a task that was exported with one; sessions have none."""
    word = task.get("status")
    return _STATUS.get(word, "unknown") if isinstance(word, str) else "unknown"


def params_of(task: Mapping[str, Any]) -> dict[str, str]:
    """Hyperparameters: of the section General as they are, of others with its name."""
    found: dict[str, str] = {}
    for section, name, item in _hyperparams(task):
        if section == PROPERTIES:
            continue
        text = _text(item)
        if text is not None:
            found[name if section == "General" else f"{section}/{name}"] = text
    if not found:
        # until 0.16 they were here
        parameters = object_at(task, "execution", "parameters")
        found = {k: written(v) for k, v in parameters.items() if v is not None}
    return found


def tags_of(task: Mapping[str, Any]) -> dict[str, str]:
    """User properties and tags, and what the task is."""
    found = {
        name: text
        for section, name, item in _hyperparams(task)
        if section == PROPERTIES and (text := _text(item)) is not None
    }
    for key in ("type", "comment"):
        if isinstance(word := task.get(key), str) and word:
            found[f"clearml.{key}"] = word
    tags = task.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag:
            found.setdefault(tag, "true")
    return found


def lineage_of(task: Mapping[str, Any]) -> Iterator[Lineage]:
    """Code, environment, command and container."""
    script = object_at(task, "script")
    entry, diff, binary = (_word(script.get(key)) for key in ("entry_point", "diff", "binary"))
    repository, commit = _word(script.get("repository")), _word(script.get("version_num"))
    if repository or commit:
        url = without_userinfo(repository) if repository else None
        name = re.split(r"[/:\\]", url.rstrip("/"))[-1].removesuffix(".git") if url else ""
        branch = _word(script.get("branch"))
        yield Lineage("code", name or "git", branch, commit, bool(diff), url)
    if diff:
        # without a repository it is the script itself
        name = "uncommitted changes" if repository or commit else entry or "script"
        digest = hashlib.sha256(diff.encode("utf-8", "surrogatepass")).hexdigest()
        yield Lineage("code", name, None, f"sha256:{digest}")
    requirements = object_at(task, "script", "requirements")
    pip = _word(requirements.get("pip"))
    version = _PYTHON.match(pip or "") or _BINARY.search(binary or "")
    if version:
        yield Lineage("environment", "python", version[1])
    for key, text in sorted(requirements.items()):
        if key in ("pip", "conda", "poetry") and isinstance(text, str) and text.strip():
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            name = "requirements" if key == "pip" else key
            yield Lineage("environment", name, None, f"sha256:{digest}")
    container = object_at(task, "container")
    image = _word(container.get("image")) or _word(object_at(task, "execution").get("docker_cmd"))
    if image:
        yield Lineage("environment", "container", image)
    if entry:
        yield Lineage("command", entry)
    for used in _list(task, "models", "input"):
        if isinstance(used, Mapping) and (name := _word(used.get("name"))):
            yield Lineage("model", name, _word(used.get("model")))
    if parent := _word(task.get("parent")):
        yield Lineage("parent", parent)


def models_of(task: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Names of models that the run made, and the files of their weights."""
    for model in _list(task, "offline_output_models"):
        name = _word(object_at(model, "init").get("name"))
        weights = object_at(model, "weights")
        place = next((w for key in ("weights_filename", "weights_url", "register_uri")
                      if (w := _word(weights.get(key)))), None)  # fmt: skip
        if name or place:
            yield name or "model", place
    for model in _list(task, "models", "output"):
        if isinstance(model, Mapping) and (name := _word(model.get("name"))):
            yield name, None


def object_at(value: Any, *keys: str) -> Mapping[str, Any]:
    """The object at a place of a document; empty when there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(value: Any, *keys: str) -> list[Any]:
    inside = object_at(value, *keys[:-1]).get(keys[-1])
    return inside if isinstance(inside, list) else []


def _hyperparams(task: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for section, items in object_at(task, "hyperparams").items():
        for name, item in items.items() if isinstance(items, Mapping) else ():
            if isinstance(item, Mapping):
                yield str(section), str(name), item


def _text(item: Mapping[str, Any]) -> str | None:
    """A value as it was written; nothing where it was None."""
    value = item.get("value")
    if value is None or (value == "" and item.get("type") in (None, "", "NoneType")):
        return None
    text = written(value)
    return text.lower() if item.get("type") == "bool" and text in ("True", "False") else text


def _word(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value else None
