"""Secrets: found by their shape, replaced before anything is computed from runs, and looked for
once more in what is about to be published.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from runreport.columns import column as arrow_column
from runreport.errors import Problem
from runreport.tables import RunTables

REDACTED = "[redacted]"

# every repetition here is bounded or cannot fail, so that no text of a run makes a search long
_KEYED = r"""(?ix)
    # a name that ends so says secret; then a value that looks like one
    (?P<name>
        (?: pass(?:word|wd|phrase) | secret(?:[_.-]?(?:access[_.-]?)?key)? | api[_.-]?key
          | (?:access|auth|api|bearer|refresh|session|bot|deploy|private)[_.-]?(?:token|key)
          | account[_.-]?key | client[_.-]?secret | credentials?
        )
    )
    (?P<between> ["']? \s{0,8} [=:] \s{0,8} ["']? )
    (?P<value> [^\s"'&;,<>]{8,} )
"""

_FLAG = r"""(?ix)
    # the same in a command: `--api-key VALUE`
    (?P<name> (?<![\w-]) --? [\w-]{0,40}?
        (?: pass(?:word|wd|phrase) | secret | api[_-]?key | token
          | (?:access|auth|private|secret|account)[_-]?key | credentials?
        )
    )
    (?P<between> \s{1,8} ["']? )
    (?P<value> [^\s"'&;,<>-] [^\s"'&;,<>]{7,} )
"""

_SHAPES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("PRIVATE KEY",),
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    ),
    (("AKIA", "ASIA", "ABIA", "ACCA"), r"\bA(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}\b"),
    (("AIza",), r"\bAIza[\w-]{35}(?![\w-])"),
    (("ya29.",), r"\bya29\.[\w-]{20,}"),
    (("GOCSPX-",), r"\bGOCSPX-[\w-]{20,}"),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    (("github_pat_",), r"\bgithub_pat_\w{50,}\b"),
    (
        (
            "glpat-",
            "glptt-",
            "gldt-",
            "glrt-",
            "glcbt-",
            "glft-",
            "glimt-",
            "glagent-",
            "gloas-",
            "glsoat-",
        ),
        r"\bgl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|oas|soat)-[\w-]{20,}",
    ),
    (("hf_",), r"\bhf_[A-Za-z]{30,}\b"),
    (("api_org_",), r"\bapi_org_[A-Za-z]{30,}\b"),
    (("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    (("-AgE",), r"\bpypi-AgE[\w-]{40,}"),
    (
        ("sk-",),
        r"\bsk-(?:(?:ant-|proj-|svcacct-|admin-|or-v1-)[\w-]{20,}|[A-Za-z0-9]{40,}\b)",
    ),
    (("SG.",), r"\bSG\.[\w-]{16,32}\.[\w-]{30,64}"),
    (("xox",), r"\bxox[abeoprs]-[\w-]{10,}"),
    (("xapp-",), r"\bxapp-\d-[\w-]{10,}"),
    (("hooks.slack.com",), r"https://hooks\.slack\.com/(?:services|workflows)/[\w/-]{20,}"),
    (("/api/webhooks/",), r"https://discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"),
    (("k_live_", "k_test_", "k_prod_"), r"\b[spr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}"),
    (("SK", "AC"), r"\b(?:SK|AC)[0-9a-f]{32}\b"),
    (("whsec_",), r"\bwhsec_[A-Za-z0-9]{20,}"),
    (("_v1_",), r"\b(?:do[por]_v1_[0-9a-f]{64}|tgp_v1_[\w-]{40,}|wandb_v1_\w{40,})"),
    (("dapi",), r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
    (("gsk_",), r"\bgsk_[A-Za-z0-9]{40,}"),
    (("r8_",), r"\br8_[A-Za-z0-9]{37}\b"),
    (("pplx-",), r"\bpplx-[A-Za-z0-9]{40,}"),
    (("xai-",), r"\bxai-[A-Za-z0-9]{60,}"),
    (("nvapi-",), r"\bnvapi-[\w-]{60,}"),
    (("sq0",), r"\bsq0(?:atp|csp)-[\w-]{20,}"),
    (("shp",), r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    (("dckr_",), r"\bdckr_(?:pat|oat)_[\w-]{20,}"),
    (("glsa_",), r"\bglsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}\b"),
    (("glc_",), r"\bglc_[A-Za-z0-9+/]{32,}={0,2}"),
    (("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[\w-]{24,}"),
    ((".atlasv1.",), r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}"),
    (("PMAK-",), r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b"),
    (("key-",), r"\bkey-[0-9a-f]{32}\b"),
    (("NRAK-",), r"\bNRAK-[A-Z0-9]{27}\b"),
    (("sntrys_", "sntryu_"), r"\bsntry(?:s_[\w+/=]{40,}|u_[0-9a-f]{64}\b)"),
    (("lin_api_",), r"\blin_api_[A-Za-z0-9]{40}\b"),
    (("ntn_",), r"\bntn_\w{40,}"),
    (("secret_",), r"\bsecret_[A-Za-z0-9]{43}\b"),
    (("CFPAT-",), r"\bCFPAT-[\w-]{43}"),
    (("dt0",), r"\bdt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b"),
    ((":AA",), r"\b\d{8,10}:AA[\w-]{33}(?![\w-])"),
    (("AGE-SECRET-KEY-",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    ((".eyJ",), r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{5,}"),
    (("eyJhcGlfYWRkcmVzcyI6",), r"eyJhcGlfYWRkcmVzcyI6[\w+/=]{20,}"),
    (("Q~",), r"\b[A-Za-z0-9]{3}[78]Q~[\w.~-]{31,34}"),
)
"""Literals of which one must occur, and the whole shape: most text is done after the literals."""

_USERINFO = r"(?P<scheme>\b[a-zA-Z][\w+.-]{1,20}://)(?P<user>[^\s/@:\"'<>]*):(?P<pw>[^\s/@\"'<>]+)@"

SHAPES = tuple((literals, re.compile(shape)) for literals, shape in _SHAPES)
KEYED = re.compile(_KEYED)
FLAG = re.compile(_FLAG)
USERINFO = re.compile(_USERINFO)

SECRET_NAME = re.compile(
    r"(?ix) (?:^|[_.\-/]) (?: pass(?:word|wd|phrase) | pwd | secret | api[_.-]?key"
    r" | (?:access|account|auth|deploy|private|session)[_.-]?key"
    r" | (?:access|api|auth|bearer|bot|refresh|session)[_.-]?token"
    r" | (?:client[_.-]?)?secret(?:[_.-]?(?:access[_.-]?)?key)? | credentials? ) $"
)
"""A param or tag so named holds a secret, whatever its value looks like."""

TOKEN_NAME = re.compile(r"(?i)(?:^|[_.\-/])token$")
"""Tokenizers have such settings too, so here the value must look like a secret beyond doubt."""

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where `dbPassword` falls apart into words."""

LONGEST = 100_000
"""Characters of one value that are searched; what comes after is cut, since nobody looked at it."""


def redact_text(text: str) -> str:
    """The text with everything that looks like a secret replaced."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} [cut: {len(text)} characters]"
    if "-" not in text and len(text) < 20 and "=" not in text and ":" not in text:
        return text
    for shape in _shapes_in(text):
        text = shape.sub(REDACTED, text)
    text = USERINFO.sub(rf"\g<scheme>{REDACTED}@", text)
    text = KEYED.sub(_keyed, text)
    return FLAG.sub(_keyed, text) if "-" in text else text


def _shapes_in(text: str) -> Iterator[re.Pattern[str]]:
    """The shapes that could occur in a text."""
    for literals, shape in SHAPES:
        if any(literal in text for literal in literals):
            yield shape


def _keyed(match: re.Match[str]) -> str:
    if not _looks_secret(match["value"]):
        return match[0]
    return f"{match['name']}{match['between']}{REDACTED}"


def _looks_secret(value: str) -> bool:
    """Letters and digits mixed, or long: `0.12`, `true`, `bert-base` and dates are settings."""
    if value.startswith(REDACTED[:5]) or re.fullmatch(r"[\d.eE+:\-/]+", value):
        return False
    kinds = (str.isdigit, str.islower, str.isupper, lambda char: not char.isalnum())
    return len(value) >= 20 or sum(any(map(kind, value)) for kind in kinds) >= 2


def redact(tables: RunTables, allowed: Collection[str] = ()) -> tuple[RunTables, int]:
    """The tables without secrets, and how many values were changed.

    Args:
        tables: what was read.
        allowed: param and tag names whose values stay: the author's explicit choice.
    """
    count = 0
    changed: dict[str, pa.Table] = {}
    for name, columns in {
        "runs": ("experiment", "name", "user", "parent_id", "url"),
        "params": ("param", "value"),
        "metrics": ("metric", "context"),
        "tags": ("tag", "value"),
        "artifacts": ("path", "digest"),
        "lineage": ("name", "version", "digest", "url"),
    }.items():
        table: pa.Table = getattr(tables, name)
        keys = {"params": "param", "tags": "tag"}.get(name)
        named = table[keys].to_pylist() if keys else [""] * table.num_rows
        for column in columns:
            texts = table[column].to_pylist()
            pairs = list(zip(texts, named, strict=True))
            # runs share most of what they logged
            known = {pair: _clean(*pair, allowed, column == "value") for pair in set(pairs)}
            clean = [known[pair] for pair in pairs]
            changes = sum(a != b for a, b in zip(texts, clean, strict=True))
            if changes:
                count += changes
                index = table.schema.get_field_index(column)
                table = table.set_column(index, column, arrow_column(clean, pa.string()))
        changed[name] = table
    problems = tuple(replace(p, message=redact_text(p.message)) for p in tables.problems)
    return RunTables(**changed, problems=problems), count


def _clean(text: str | None, key: str, allowed: Collection[str], is_value: bool) -> str | None:
    if text is None or key in allowed:
        return text
    if is_value and _is_secret(key, text):
        return REDACTED
    return redact_text(text)


def _is_secret(key: str, value: str) -> bool:
    """Whether the name of a param or tag says that its value is a secret."""
    words = _HUMPS.sub("_", key)
    if SECRET_NAME.search(words):
        return len(value) >= 6 and _looks_secret(value)
    is_random = len(value) >= 20 and value.isascii() and not re.search(r"\s|[<>\[\]|]", value)
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return bool(TOKEN_NAME.search(words)) and is_random and mixed


def spared(tables: RunTables, allowed: Collection[str]) -> frozenset[str]:
    """Values of params and tags that the author allows by name."""
    return frozenset(
        value
        for table, key in ((tables.params, "param"), (tables.tags, "tag"))
        for name, value in zip(table[key].to_pylist(), table["value"].to_pylist(), strict=True)
        if name in allowed and value is not None
    )


LONGEST_SCHEME, LONGEST_ADDRESS = 25, 5_000
"""Characters before and after `://` that may belong to an address with credentials."""
SHARED_LINE = 2_000
"""Characters of a line that may stand in many pages."""


def scan(site: Path, allowed: Collection[str] = ()) -> Iterator[Problem]:
    """Secrets in the files that would be published: named by place and kind, never by value.

    Args:
        site: the finished site.
        allowed: values that may be published.
    """
    places: dict[str, list[str]] = {}
    known: set[str] = set()
    for path in sorted(site.rglob("*")):
        if path.suffix not in (".html", ".csv", ".tex", ".json") or not path.is_file():
            continue
        name = path.relative_to(site).as_posix()
        raw = path.read_text("utf-8", "replace")
        # pages share most of their lines: each is searched once, while it holds nothing
        fresh = [line for line in raw.split("\n") if line not in known]
        if next(_secrets_in(_as_read(_PATHS.sub("", "\n".join(fresh)))), None) is None:
            known.update(line for line in fresh if len(line) < SHARED_LINE)
            continue
        text = _as_read(raw)
        for start, secret in _secrets_in(text):
            if not any(secret in value for value in allowed):
                line = text.count("\n", 0, start) + 1
                places.setdefault(secret, []).append(f"{name}:{line}")
    for secret, found in places.items():
        more = f", {len(found)} times" if len(found) > 1 else ""
        message = f"what looks like a secret would be published ({len(secret)} characters{more})"
        hint = "take it out of the spec's own text, titles or notes"
        yield Problem("RR651", message, hint=hint, place=found[0])


_PATHS = re.compile(r' d="[MLQCz0-9 .-]*"')
"""What charts draw: most of a page, and made of numbers alone."""
_CODED = re.compile(r"&#(\d{1,7});")


def _as_read(text: str) -> str:
    """The text as a reader sees it, lines where they were: titles are written in character codes,
    and LaTeX puts a backslash before an underscore.
    """
    return _CODED.sub(_character, text).replace("\\_", "_")


def _character(match: re.Match[str]) -> str:
    code = int(match[1])
    return " " if code in (10, 13) or code > 0x10FFFF else chr(code)


def _secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Offset and value of what looks like a secret in a page."""
    for shape in _shapes_in(text):
        for match in shape.finditer(text):
            yield match.start(), match[0]
    at = text.find("://")
    while at >= 0:
        # a scheme is short, so the search begins just before
        found = USERINFO.search(text, max(0, at - LONGEST_SCHEME), at + LONGEST_ADDRESS)
        # documentation writes `user:password@` and `$USER:$TOKEN@`
        if found and _looks_secret(found["pw"]) and found["pw"][0] not in "$*%{[":
            yield found.start(), found[0]
            at = max(at, found.end() - 3)
        at = text.find("://", at + 3)
