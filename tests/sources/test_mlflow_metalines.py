"""`meta.yaml` is read as PyYAML reads it, as text, and nothing in it is constructed."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runreport.sources.mlflow.metalines import MAX_BYTES, MetaError, read_meta, read_tree, text_at
from tests.shared import SHARED, needs_shared

PRINTABLE = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"),
    max_size=200,
)


def dumped(value: object) -> bytes:
    """As MLflow writes it."""
    text = yaml.safe_dump(value, default_flow_style=False, allow_unicode=True)
    assert isinstance(text, str)
    return text.encode()


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "two words",
        "1e-3",
        "1.5",
        "0x1F",
        "true",
        "null",
        "~",
        "",
        "a: b",
        "a #b",
        "# a",
        "it's",
        'say "x"',
        "- a",
        "2021-06-11",
        "12:30",
        "file:///srv/a%20b/c",
        "C:\\temp\\x",
        "naïve “数” 😀",
        "line\nbreak",
        "tab\there",
        " spaces ",
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
        "[a]",
        "&a *b !c %d @e `f`",
        "x" * 500 + " " + "y" * 500,
    ],
)
def test_a_name_comes_back_as_the_text_it_was(name: str) -> None:
    meta = read_meta(dumped({"run_name": name, "status": 3, "end_time": None, "tags": []}))
    assert meta["run_name"] == name
    assert (meta["status"], meta["end_time"], meta["tags"]) == ("3", None, None)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["run_name", "user_id", "artifact_uri"]), PRINTABLE, min_size=1)
)
def test_any_text_that_pyyaml_writes_is_read_back(entries: dict[str, str]) -> None:
    assert dict(read_meta(dumped(entries))) == entries


def test_nested_parts_are_read_where_they_are_wanted() -> None:
    tree = read_tree(
        dumped({"source_type": "DATASET", "tags": {"mlflow.data.context": "train"}}).decode()
    )
    assert text_at(tree, "source_type") == "DATASET"
    assert text_at(tree["tags"].mapping or {}, "mlflow.data.context") == "train"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b" \n\n", "it is empty"),
        (b"\xff\xfea", "byte 0 is not UTF-8"),
        (b"just words", "it holds no `name: value` lines"),
        (b"- a\n- b\n", "it holds no `name: value` lines"),
        (b"a: 1\na: 2\n", "it holds a key twice (line 2)"),
        (b"a: [1\n", "it is no YAML"),
        (b"a: &a [*a]\n", "its aliases or levels have no end"),
        (b"a: " + b"[" * 200 + b"]" * 200, "its aliases or levels have no end"),
        (b"!!python/object/apply:os.system [ls]", "it holds a tag"),
        (b"a: !!python/name:os.system x\n", "it holds a tag"),
        (b"a: \x01\n", "it holds control characters"),
        (b"a: 1\n---\nb: 2\n", "it holds a tag, a merge key or a second document"),
        (b"x" * (MAX_BYTES + 1), "it is larger than"),
    ],
)
def test_what_mlflow_never_writes_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(MetaError, match=r".") as caught:
        read_meta(data)
    assert str(caught.value).startswith(reason)


@needs_shared("attacks", "yaml", "attack")
@pytest.mark.parametrize(
    "name",
    [path.name for path in sorted((SHARED / "attacks" / "yaml" / "attack").glob("*"))]
    if (SHARED / "attacks" / "yaml" / "attack").is_dir()
    else [],
)
def test_every_hostile_yaml_is_read_or_refused(name: str) -> None:
    data = (SHARED / "attacks" / "yaml" / "attack" / name).read_bytes()
    try:
        meta = read_meta(data[: MAX_BYTES + 1])
    except MetaError:
        return
    assert all(value is None or isinstance(value, str) for value in meta.values())
