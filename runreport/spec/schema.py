"""The JSON Schema of a spec, from the very dataclasses that the loader reads by."""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal

from runreport.errors import Span
from runreport.spec.expressions import Expression
from runreport.spec.gates import FORMS, Decision
from runreport.spec.keys import TOP, GroupKeys, MetricKeys
from runreport.spec.limits import MARGIN, Form
from runreport.spec.model import Adaptation, Comparison, Join, ReportInfo, Selection
from runreport.spec.pages import Kinds
from runreport.spec.shape import hints, kind_of, required
from runreport.spec.sources import SourceKinds

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_DEFS: Mapping[str, Schema] = {
    "variable": {
        "description": "A value filled in when the spec is loaded: ${name} or ${env:NAME}.",
        "type": "string",
        "pattern": r"^\$\{[^{}]+\}$",
    },
    "expression": {
        "description": 'An expression over one run, such as status == "finished" or max(accuracy).',
        "type": ["string", "number", "boolean"],
    },
}

_LITERAL = ("vars", "extends", "profiles")
"""Keys that are read before variables are."""


def json_schema(sections: Kinds, sources: SourceKinds) -> Schema:
    """The schema of a whole spec, with these sections and sources."""
    parts: Mapping[str, Schema] = {
        "report": {"anyOf": [{"type": "string"}, _record(ReportInfo)]},
        "vars": {"type": "object"},
        "extends": {"type": "string"},
        "profiles": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
        "sources": {"type": "array", "minItems": 1, "items": _sources(sources)},
        "runs": _runs(),
        "groups": _groups(),
        "metrics": {
            "type": "object",
            "additionalProperties": {"anyOf": [_record(MetricKeys), {"type": "null"}]},
        },
        "comparison": _record(Comparison),
        "pages": {"type": "array", "minItems": 1, "items": _page(sections)},
        "gates": {"type": "array", "items": _gates()},
        "decision": _decision(),
        "theme": {"type": "string"},
        "output": {"type": "string"},
        "allow_secrets": {"type": "array", "items": {"type": "string"}},
    }
    return {
        "$schema": DIALECT,
        "title": "runreport's spec",
        "description": "What is compared, and on which pages; the file is usually runreport.yaml.",
        "type": "object",
        "properties": {
            key: {
                "description": words,
                **(parts[key] if key in _LITERAL else _or_variable(parts[key])),
            }
            for key, words in TOP.items()
        },
        "additionalProperties": False,
        "$defs": dict(_DEFS),
    }


def _runs() -> Schema:
    schema = _record(Selection)
    sort = schema["properties"]["sort"]
    key = {"$ref": "#/$defs/expression"}
    schema["properties"]["sort"] = {
        "description": sort["description"],
        "anyOf": [key, {"type": "array", "items": key}],
    }
    return schema


def _groups() -> Schema:
    schema = _record(GroupKeys)
    by = {
        "description": "`all_but(seed)`: the params that do not separate groups; or the columns "
        "that do.",
        "anyOf": [
            {"type": "string", "pattern": r"^\s*all_but\s*\(|^\$\{"},
            {"type": "array", "items": {"$ref": "#/$defs/expression"}},
        ],
    }
    schema["properties"] = {"by": by, **schema["properties"]}
    return schema


def _gates() -> Schema:
    """A gate is about one thing, and its form follows from that."""
    forms = [_record(form) for form in FORMS.values()]
    lineage = forms[list(FORMS).index("lineage")]["properties"]["lineage"]
    (several,) = (one for one in lineage["anyOf"] if "items" in one)
    lineage["anyOf"].append(several["items"])
    return {"anyOf": forms}


def _decision() -> Schema:
    schema = _record(Decision)
    for key in ("options", "supersedes"):
        schema["properties"][key]["anyOf"].append({"type": "string"})
    return schema


def _sources(kinds: SourceKinds) -> Schema:
    entries = []
    numbers = {"type": "object", "additionalProperties": _or_variable({"type": "number"})}
    written = field_docs(Adaptation)
    shared: Schema = {
        "rename": {"type": "object", "additionalProperties": {"type": "string"}},
        "scale": numbers,
        "join": _record(Join),
    }
    shared = {key: {"description": written[key], **value} for key, value in shared.items()}
    for name in sorted(kinds):
        options = kinds[name].options
        location = fields(options)[0].name
        record = _record(options)
        properties = record["properties"]
        where = properties.pop(location)
        entries.append(
            {
                "title": name,
                "description": _manual(options),
                "type": "object",
                "properties": {name: {**where, "minLength": 1}, **shared, **properties},
                "required": [name, *(key for key in record.get("required", ()) if key != location)],
                "additionalProperties": False,
            }
        )
    return {"anyOf": entries} if entries else {"type": "object"}


def _page(kinds: Kinds) -> Schema:
    """A page; a section is a name, or an object of a name with its options."""
    title = {"description": "Heading of the section.", "type": "string"}
    properties: Schema = {}
    bare = []
    for name in sorted(kinds):
        kind = kinds[name]
        record = _record(kind.options)
        inside = {"title": title, **record["properties"]}
        forms: list[Schema] = [{**record, "properties": inside}]
        if "required" not in record:
            bare.append(name)
            forms.append({"type": "null"})
        if kind.short is not None:
            forms += _short(kind.options, kind.short)
        properties[name] = {"description": _manual(kind.options), "anyOf": forms}
    entry = {
        "type": "object",
        "properties": {**properties, "title": title},
        "additionalProperties": False,
        "minProperties": 1,
    }
    return {
        "type": "object",
        "properties": {
            "title": {
                "description": "May hold ${run.name} or ${group.label} on pages with foreach.",
                "type": "string",
                "minLength": 1,
            },
            "sections": {
                "description": "What stands on the page, from top to bottom.",
                "type": "array",
                "items": {"anyOf": [{"enum": bare}, entry]},
            },
            "foreach": {
                "description": "One page per selected run or per group.",
                "enum": ["run", "group"],
            },
        },
        "required": ["title", "sections"],
        "additionalProperties": False,
    }


def _short(options: type, field: str) -> list[Schema]:
    """A bare value in place of the options; one value stands for a list of one."""
    kind = kind_of(hints(options)[field])
    forms = [_value(hints(options)[field])]
    if typing.get_origin(kind.type) is tuple:
        forms.append(_value(typing.get_args(kind.type)[0]))
    return forms


def _record(cls: type) -> Schema:
    """A dataclass as an object of its fields."""
    documented = field_docs(cls)
    properties: Schema = {}
    for field in fields(cls):
        if hints(cls)[field.name] is Span:
            # where it stands in the text
            continue
        schema = _or_variable(_value(hints(cls)[field.name]))
        words = documented.get(field.name)
        default = None if field.default in (MISSING, None) else _plain(field.default)
        properties[field.name] = {
            **({"description": words} if words else {}),
            **schema,
            **({} if default is None or default == "" else {"default": default}),
        }
    needed = [field.name for field in fields(cls) if required(field)]
    return {
        "type": "object",
        "properties": properties,
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool):
        return value
    return list(value) if isinstance(value, tuple) and value else None


def _value(annotation: Any) -> Schema:
    kind = kind_of(annotation)
    for note in kind.notes:
        if isinstance(note, Form):
            types = ["number", "string"] if note is MARGIN else "string"
            return {"type": types, "examples": note.example.split(" or ")[-1:]}
    origin = typing.get_origin(kind.type)
    if kind.type is Expression:
        return {"$ref": "#/$defs/expression"}
    if origin is tuple:
        return {"type": "array", "items": _value(typing.get_args(kind.type)[0])}
    if origin is typing.Union:
        return {"anyOf": [_value(member) for member in typing.get_args(kind.type)]}
    if origin is Literal:
        return {"enum": list(typing.get_args(kind.type))}
    if is_dataclass(kind.type):
        return _record(typing.cast(type, kind.type))
    schema: Schema = {"type": _JSON_TYPES[kind.type]}
    for note in kind.notes:
        if hasattr(note, "holds"):
            schema |= note.schema()
    return schema


_JSON_TYPES: Mapping[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
}


def _or_variable(schema: Schema) -> Schema:
    """A text can be a variable anyway; anything else needs to be told so."""
    if schema.get("type") == "string" or "$ref" in schema:
        return schema
    return {"anyOf": [schema, {"$ref": "#/$defs/variable"}]}


# ---- words ---------------------------------------------------------------------------------------


def _manual(options: type) -> str:
    """The docstring of the file that the options stand in: the manual of its kind."""
    name = options.__module__
    # a source that is a folder keeps its options in a file of their own
    module = sys.modules[name.rpartition(".")[0] if name.endswith(".options") else name]
    return inspect.cleandoc(module.__doc__ or "")


@cache
def field_docs(cls: type) -> Mapping[str, str]:
    """The string under each field of a dataclass and of those it builds on, as one line."""
    documented: dict[str, str] = {}
    for base in reversed(cls.__mro__[:-1]):
        documented |= _own_docs(base)
    return documented


def _own_docs(cls: type) -> Mapping[str, str]:
    try:
        tree = ast.parse(inspect.cleandoc(f"\n{inspect.getsource(cls)}")).body[0]
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    documented: dict[str, str] = {}
    for before, after in itertools.pairwise(body):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            documented[before.target.id] = " ".join(after.value.value.split())
    return documented
