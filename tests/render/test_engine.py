"""The engine: the same site from a warm process as from a fresh one; failures have a name."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runreport.errors import RenderError
from runreport.render import engine

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def stage(folder: Path, text: str = "# Page\n\nWords.\n") -> Path:
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "index.md").write_text(text)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_warm_process_builds_what_a_fresh_one_builds(tmp_path):
    settings = {**engine.SETTINGS, "site_name": "A site", "nav": ["index.md"]}
    engine.run([(stage(tmp_path / "here"), settings)], NOW)
    with engine.Engine() as warm:
        warm.run([(stage(tmp_path / name), settings) for name in ("first", "second")], NOW)
    here = digests(tmp_path / "here" / "site")
    assert "index.html" in here
    assert "search/search_index.json" in here
    assert not {"404.html", "sitemap.xml"} & set(here)
    assert digests(tmp_path / "first" / "site") == here
    assert digests(tmp_path / "second" / "site") == here


def test_a_warning_of_the_engine_is_an_error_with_its_words(tmp_path):
    settings = {**engine.SETTINGS, "site_name": "A site", "nav": ["index.md", "missing.md"]}
    with pytest.raises(RenderError, match=r"RR560.*missing\.md"):
        engine.run([(stage(tmp_path / "here"), settings)], NOW)
    with engine.Engine() as warm, pytest.raises(RenderError, match=r"RR560.*missing\.md"):
        warm.run([(stage(tmp_path / "there"), settings)], NOW)


def test_an_engine_that_cannot_be_started_is_an_error(tmp_path):
    with engine.Engine() as closed:
        pass
    with pytest.raises(RenderError, match="RR560"):
        closed.run([(stage(tmp_path), {**engine.SETTINGS, "site_name": "A site"})], NOW)
