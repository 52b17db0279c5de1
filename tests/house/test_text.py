"""What every tracked file keeps to."""

import ast
import re
import subprocess
import tomllib

import pytest

from tests.shared import ROOT

MODULES = sorted((ROOT / "runreport").rglob("*.py"))
# put together from pieces, so that this file does not hold them itself
MACHINE = tuple("/".join(("", *parts, "")) for parts in (["work"], ["root"], ["opt", "rr"]))
# what a lock file or an installer's settings would say: where packages are downloaded from
DOWNLOADS = re.compile(rb"https?://[^\s\"'<>]+\.(?:whl|tar\.gz)\b|--(?:extra-)?index" b"-url")


def tracked() -> list[str]:
    """Every file git knows, or all source files where this is no checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_tracked_file_names_a_machine_path_or_where_packages_come_from() -> None:
    found = []
    for name in tracked():
        content = (ROOT / name).read_bytes()
        found += [f"{name}: {word}" for word in MACHINE if word.encode() in content]
        found += [f"{name}: {match!r}" for match in DOWNLOADS.findall(content)]
    assert found == []


def test_download_addresses_are_recognised() -> None:
    address = b"https://files.example.org/a/b-1.0-py3-none-any" + b".whl"
    assert DOWNLOADS.search(address)
    assert DOWNLOADS.search(b"--index" + b"-url https://example.org")
    assert not DOWNLOADS.search(b"https://example.org/paper.html")


def test_every_module_starts_with_a_docstring() -> None:
    empty = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert empty == []


def test_no_module_makes_a_reader_scroll_past_400_lines() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "helpers", "common", "core", "base", "manager"}
    assert [path for path in MODULES if path.stem in drawers] == []


def test_nothing_is_left_for_later_and_no_name_is_global() -> None:
    unfinished = "TO" + "DO"
    found = []
    for path in MODULES:
        text = path.read_text()
        tree = ast.walk(ast.parse(text))
        if unfinished in text or any(isinstance(node, ast.Global) for node in tree):
            found.append(path)
    assert found == []


def test_no_type_error_is_silenced_without_its_code() -> None:
    bare = re.compile(r"#\s*type:\s*ignore(?!\[)")
    assert [path for path in MODULES if bare.search(path.read_text())] == []


def test_constraints_are_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    wrong = [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[0-9A-Za-z.]+", line)]
    assert wrong == []
    assert lines == sorted(lines)


def test_the_constraints_pin_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["test"], *extras["dev"]]
    names = {re.split(r"[\[<>=~!; ]", line)[0].lower() for line in wanted} - {"runreport"}
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert names - pinned == set()
