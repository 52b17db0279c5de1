"""Themes: inheritance, tokens, errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runreport.errors import RenderError
from runreport.render.theme import load_theme


def test_print_inherits_colours_and_adds_its_style():
    default, paper = load_theme("default", Path()), load_theme("print", Path())
    assert paper.colors == default.colors
    assert set(default.assets) < set(paper.assets)


def test_light_and_dark_name_the_same_tokens():
    theme = load_theme("default", Path())
    assert set(theme.colors) == set(theme.dark)


def test_a_folder_beside_the_spec_is_a_theme(tmp_path):
    (tmp_path / "house" / "assets").mkdir(parents=True)
    (tmp_path / "house" / "theme.toml").write_text(
        'inherits = "default"\n[light]\naccent = "#123456"\n'
    )
    (tmp_path / "house" / "assets" / "house.css").write_text("p{}")
    theme = load_theme("house", tmp_path)
    assert theme.colors["accent"] == "#123456"
    assert theme.stylesheets[-1] == "house.css"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('inherits = "house"', "RR551"),
        ('inherits = "nowhere"', "RR550"),
        ("not toml", "RR551"),
        ('inherits = "default"\n[light]\naccent = "blue"', "RR551"),
        ('inherits = "default"\n[light]\naccent = "#1f55d0"', "RR551"),
    ],
)
def test_a_broken_theme_is_named(tmp_path, text, code):
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "theme.toml").write_text(text)
    with pytest.raises(RenderError) as caught:
        load_theme("house", tmp_path)
    assert caught.value.problems[0].code == code


def test_an_unknown_theme_names_those_there_are():
    with pytest.raises(RenderError) as caught:
        load_theme("nowhere", Path())
    assert "default, print" in (caught.value.problems[0].hint or "")


THEMES = Path(__file__).parents[2] / "themes"
PACKAGE = Path(__file__).parents[2] / "runreport"


PAST_THE_ENCODER = ("|safe", "| safe", "autoescape", "Markup", "<script", "style=", "javascript:")


def test_no_template_hands_a_text_past_the_encoder():
    templates = sorted(THEMES.rglob("*.html"))
    assert len(templates) >= 5
    for path in templates:
        text = path.read_text("utf-8")
        assert [way for way in PAST_THE_ENCODER if way in text] == [], path.name
        assert not re.search(r"\son[a-z]+\s*=", text), path.name


def test_no_code_makes_templates_of_texts_or_markup_of_marked_strings():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        ways = (".from_string(", "Markup(", "markupsafe", "mark_safe", "jinja2.Template")
        assert [way for way in ways if way in text] == [], path.name
