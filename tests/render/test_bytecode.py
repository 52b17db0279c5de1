"""Compiled templates are kept where only their owner writes, and nowhere else."""

import pytest
from jinja2 import DictLoader, Environment, FileSystemBytecodeCache

from runreport.render import bytecode


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    bytecode.compiled_templates.cache_clear()
    yield
    bytecode.compiled_templates.cache_clear()


def render(text: str) -> str:
    loader = DictLoader({"page.html": text})
    kept = bytecode.compiled_templates()
    return Environment(loader=loader, bytecode_cache=kept).get_template("page.html").render(x=3)


def test_templates_are_kept_on_disk_and_a_changed_one_is_compiled_again(tmp_path):
    assert render("{{ x }}!") == "3!"
    kept = list((tmp_path / "runreport" / "templates").iterdir())
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    assert render("{{ x }}!") == "3!"
    assert kept[0].stat().st_mtime_ns == before
    assert render("{{ x }}?") == "3?"
    assert kept[0].stat().st_mtime_ns != before


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path):
    folder = tmp_path / "runreport" / "templates"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    assert not isinstance(bytecode.compiled_templates(), FileSystemBytecodeCache)
    assert render("{{ x }}!") == "3!"
    assert list(folder.iterdir()) == []


def test_where_there_is_no_folder_templates_are_kept_in_memory(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert not isinstance(bytecode.compiled_templates(), FileSystemBytecodeCache)
    assert render("{{ x }}!") == "3!"
