"""What is known of the runs' origins in the forms that other programs read.

RO-Crate 1.1 (Soiland-Reyes et al. 2022, Data Science 5) with the actions of the Process Run Crate
profile, for archives; an in-toto Statement with SLSA's provenance predicate, for supply chains.
Both say what trackers logged and nothing more; neither is signed. Equal facts give equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from runreport.kinds import Context
from runreport.samples import Group
from runreport.sections import ancestry, steps
from runreport.sections.origins import origins
from runreport.sections.packages import packages_of
from runreport.tables import FINISHED, Artifact, Lineage, Run

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:runreport:training-run:1"
"""What kind of build a training run is: its command and params are the external parameters."""

RUNS = 500
"""Runs described in one crate."""

RESULTS = 200
"""Artifacts of a run that are named."""

_HEX = re.compile(r"[0-9a-f]+")
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_ACTION = {
    "finished": "http://schema.org/CompletedActionStatus",
    "failed": "http://schema.org/FailedActionStatus",
    "killed": "http://schema.org/FailedActionStatus",
    "running": "http://schema.org/ActiveActionStatus",
}

Entity = dict[str, Any]


def written(value: Any) -> str:
    """JSON whose bytes are the same for equal values."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"


def digest_set(text: str | None) -> dict[str, str]:
    """A digest as the in-toto formats write it: `sha256:ab...`, `md5:ab....dir`, bare hex.

    Empty where the text is no digest of a known length.
    """
    named, _, bare = (text or "").rpartition(":")
    value = bare.removesuffix(".dir").lower()
    algorithm = _ALGORITHMS.get(len(value))
    if algorithm is None or not _HEX.fullmatch(value):
        return {}
    if named and named.lower().replace("-", "") not in ("", algorithm):
        return {}
    # what is no digest of one file's bytes says so by its name
    return {"gitTree" if named == "git" else algorithm: value}


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)


# ---- RO-Crate ------------------------------------------------------------------------------------


def crate(context: Context, parts: Sequence[str]) -> str:
    """The metadata of a crate that describes the runs: `ro-crate-metadata.json`.

    Args:
        context: the report.
        parts: names of the files beside it.
    """
    found: dict[str, Entity] = {}
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROFILE},
        "datePublished": _time(context.now),
        "description": (
            f"Where the {len(context.runs)} runs of this comparison come from, as their trackers "
            "say: code, data, command, environment, models."
        ),
        "hasPart": [{"@id": name} for name in parts],
        "license": {"@id": "#no-license"},
        "mentions": [],
        "name": context.title or "A comparison of runs",
    }
    _add(found, "#no-license", "CreativeWork", name="No license was stated")
    _add(found, PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
    for name in parts:
        _add(found, name, "File", name=name, encodingFormat="application/json")
    software: dict[tuple[Lineage, ...], str] = {}
    for run in context.runs[:RUNS]:
        # most runs come from the same code in the same environment
        facts = tuple(f for f in run.lineage if f.kind in ("code", "environment", "hardware"))
        if facts not in software:
            software[facts] = _software(found, run)
        root["mentions"].append({"@id": _action(found, run, software[facts])})
    if len(context.runs) > RUNS:
        root["description"] += f" The first {RUNS} are described."
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": SPECIFICATION},
        },
        root,
        *(found[name] for name in sorted(found)),
    ]
    # a line per entity: a crate of many runs is large, and is compared line by line
    lines = ",\n".join(_line(entity) for entity in graph)
    return f'{{"@context": {_line(CONTEXT)}, "@graph": [\n{lines}\n]}}\n'


def _add(found: dict[str, Entity], name: str, kind: str, /, **values: Any) -> str:
    known = {key: value for key, value in values.items() if value not in (None, "", [], {})}
    found.setdefault(name, {"@id": name, "@type": kind, **known})
    return name


def _id(kind: str, *texts: object) -> str:
    """An identifier within the crate: data never stand in one."""
    whole = "\0".join(map(str, texts)).encode("utf-8", "surrogatepass")
    return f"#{kind}-{hashlib.sha256(whole).hexdigest()[:16]}"


def _action(found: dict[str, Entity], run: Run, software: str) -> str:
    name = _id("run", run.id)
    agent = None
    if run.user:
        agent = {"@id": _add(found, _id("person", run.user), "Person", name=run.user)}
    used = [_data(found, fact) for fact in ancestry.data_of(run)]
    used += [_model_used(found, fact) for fact in ancestry.used(run)]
    used += [_param(found, key, run.params[key].text) for key in sorted(run.params)]
    made = [_model_made(found, model) for model in ancestry.made(run)]
    made += [_artifact(found, run, item) for item in run.artifacts[:RESULTS]]
    commands = [fact.name for fact in run.lineage if fact.kind == "command"]
    _add(
        found,
        name,
        "CreateAction",
        name=run.name or run.id,
        identifier=run.id,
        description="; ".join(commands),
        startTime=_time(run.started),
        endTime=_time(run.ended),
        actionStatus={"@id": _ACTION[run.status]} if run.status in _ACTION else None,
        agent=agent,
        instrument=[{"@id": software}],
        object=[{"@id": one} for one in dict.fromkeys(used)],
        result=[{"@id": one} for one in dict.fromkeys(made)],
    )
    return name


def _software(found: dict[str, Entity], run: Run) -> str:
    """What was run: code and environment; said to be unknown where it is."""
    code = [fact for fact in run.lineage if fact.kind == "code"]
    pinned = sorted(packages_of(run).items())
    around = [o for o in origins(run) if o.topic in ("environment", "hardware")]
    texts = [f"{f.name} {f.digest} {f.dirty} {f.url}" for f in code]
    name = _id("code", *texts, *pinned, *((o.label, o.text) for o in around))
    dirty = any(fact.dirty for fact in code)
    needs = [
        {"@id": _add(found, _id("package", *pin), "SoftwareApplication", name=pin[0],
                     softwareVersion=pin[1])}
        for pin in pinned
    ]  # fmt: skip
    known = {one for one, _ in pinned}
    described = "; ".join(f"{o.label}: {o.text}" for o in around if o.label not in known)
    if dirty:
        described = "; ".join(filter(None, (described, "with uncommitted changes")))
    return _add(
        found,
        name,
        "SoftwareSourceCode",
        name=next((f.name for f in code if f.name), "code that was not logged"),
        version=", ".join(f.digest for f in code if f.digest),
        codeRepository=next((f.url for f in code if f.url), None),
        description=described,
        softwareRequirements=needs,
    )


def _data(found: dict[str, Entity], fact: Lineage) -> str:
    name = _id("data", fact.name, fact.version, fact.digest)
    return _add(
        found,
        name,
        "Dataset",
        name=fact.name,
        description=f"used for {fact.version}" if fact.version else None,
        identifier=fact.digest,
        url=fact.url,
    )


def _model_used(found: dict[str, Entity], fact: Lineage) -> str:
    name = _id("model", fact.name, fact.version, fact.digest)
    return _add(
        found, name, "CreativeWork", name=fact.name, version=fact.version, identifier=fact.digest
    )


def _model_made(found: dict[str, Entity], model: ancestry.ModelVersion) -> str:
    name = _id("model", model.name, model.version, model.digest)
    return _add(
        found,
        name,
        "CreativeWork",
        name=model.name,
        version=model.version,
        identifier=model.digest,
        alternateName=list(model.aliases),
    )


def _param(found: dict[str, Entity], key: str, value: str) -> str:
    name = _id("param", key, value)
    return _add(found, name, "PropertyValue", name=key, value=value or "(empty)")


def _artifact(found: dict[str, Entity], run: Run, item: Artifact) -> str:
    name = _id("artifact", run.id, item.path)
    size = None if item.bytes is None else str(item.bytes)
    return _add(
        found, name, "CreativeWork", name=item.path, identifier=item.digest, size=size,
        genre=item.kind,
    )  # fmt: skip


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# ---- in-toto -------------------------------------------------------------------------------------


def candidate(context: Context) -> tuple[Run | None, str]:
    """The run that a statement is about, and why: of all finished runs outside of the baseline
    the best by the first primary metric, the first one where several are.
    """
    runs = [run for group in _candidates(context) for run in group.runs if run.status in FINISHED]
    if len(runs) == 1:
        return runs[0], "the only finished run that may be promoted"
    primary = context.design.primary
    if not runs or not primary:
        return None, "no finished run outside of the baseline" if not runs else "no metric"
    metric = primary[0]
    if metric.goal is None:
        return None, f"no direction of {metric.title} is known, so no run is the best"
    numbers = [(context.value(run, metric).number, run) for run in runs]
    usable = [(number, run) for number, run in numbers if number is not None]
    if not usable:
        return None, f"no run has a value of {metric.title}"
    pick = max if metric.goal == "maximize" else min
    best = pick(number for number, _ in usable)
    chosen = next(run for number, run in usable if number == best)
    return chosen, f"the best {metric.title} of the finished runs outside of the baseline"


def _candidates(context: Context) -> Sequence[Group]:
    others = [group for group in context.groups if not group.is_baseline]
    return others if others else context.groups


def statement(run: Run) -> str | None:
    """An in-toto Statement about what a run made; None where nothing it made has a digest."""
    subjects = list(_subjects(run))
    if not subjects:
        return None
    builder: Entity = {"id": f"urn:runreport:tracker:{_word(run.source)}"}
    if run.url:
        builder["id"] = run.url if re.match(r"https?://\S+$", run.url) else builder["id"]
    metadata = {
        "invocationId": run.id,
        "startedOn": _time(run.started),
        "finishedOn": _time(run.ended),
    }
    commands = [fact.name for fact in run.lineage if fact.kind == "command"]
    return written(
        {
            "_type": STATEMENT,
            "subject": subjects,
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD,
                    "externalParameters": {
                        "command": commands,
                        "params": {key: run.params[key].text for key in sorted(run.params)},
                    },
                    "internalParameters": {
                        "environment": dict(sorted(packages_of(run).items())),
                        "machine": {
                            o.label: o.text
                            for o in origins(run)
                            if o.topic == "hardware" or o.label in ("python", "system", "cuda")
                        },
                    },
                    "resolvedDependencies": list(_dependencies(run)),
                },
                "runDetails": {
                    "builder": builder,
                    "metadata": {key: value for key, value in metadata.items() if value},
                },
            },
        }
    )


def _subjects(run: Run) -> Iterable[Entity]:
    """Models first; of several things of one name the first."""
    found: dict[str, Entity] = {}
    for model in ancestry.made(run):
        if digest := digest_set(model.digest):
            found.setdefault(model.label, {"name": model.label, "digest": digest})
    ranked = sorted(run.artifacts, key=lambda item: (item.kind not in _MODELS, item.path))
    for item in ranked[:RESULTS]:
        if digest := digest_set(item.digest):
            found.setdefault(item.path, {"name": item.path, "digest": digest})
    return found.values()


_MODELS = ("model", "checkpoint")


def _dependencies(run: Run) -> Iterable[Entity]:
    """Code and data, each with what it can be known by."""
    for fact in run.lineage:
        if fact.kind == "code":
            yield from _code(fact)
        elif fact.kind == "data" or (fact.kind == "model" and fact in ancestry.used(run)):
            name = steps.data_name(fact)
            known = digest_set(fact.digest)
            found: Entity = {"name": name, **({"digest": known} if known else {})}
            if fact.url:
                found["uri"] = fact.url
            if fact.digest and not known:
                # a tracker's own short digest is none of the registered algorithms
                found["annotations"] = {"logged_digest": fact.digest}
            if not known and not fact.url:
                found["uri"] = f"urn:runreport:data:{_id('data', name, fact.digest)[1:]}"
            yield found


def _code(fact: Lineage) -> Iterable[Entity]:
    digest = {}
    if fact.digest and re.fullmatch(r"[0-9a-f]{40}", fact.digest):
        digest = {"gitCommit": fact.digest}
    found: Entity = {"name": fact.name or "code", **({"digest": digest} if digest else {})}
    if fact.url:
        found["uri"] = fact.url
    about: Mapping[str, Any] = {
        "branch": fact.version,
        "uncommitted_changes": fact.dirty,
        "logged_commit": None if digest else fact.digest,
    }
    if known := {key: value for key, value in about.items() if value is not None}:
        found["annotations"] = known
    if digest or fact.url:
        yield found


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unknown"
