"""`runreport schema`."""

from __future__ import annotations

import json

from click.testing import CliRunner

from runreport import registry
from runreport.commands.schema import command
from runreport.spec.schema import json_schema


def test_the_schema_is_written_to_stdout():
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0
    assert json.loads(result.output) == json_schema(registry.SECTIONS, registry.SOURCES)


def test_the_schema_is_written_to_a_file(tmp_path):
    path = tmp_path / "schema.json"
    result = CliRunner().invoke(command, ["-o", str(path)])
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads(path.read_text()) == json_schema(registry.SECTIONS, registry.SOURCES)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    result = CliRunner().invoke(command, ["-o", str(tmp_path / "gone" / "schema.json")])
    assert result.exit_code == 2
    assert "cannot write" in result.output
