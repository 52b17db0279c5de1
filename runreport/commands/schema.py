"""`runreport schema`: the JSON Schema of the spec, for editors and programs."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="schema")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file.")
def command(output: Path | None) -> int:
    """Write the JSON Schema of the spec, with all sections and sources of this installation.

    An editor with a YAML language server completes and checks a spec that begins with the line
    `# yaml-language-server: $schema=FILE`.
    """
    from runreport import registry
    from runreport.spec.schema import json_schema

    text = json.dumps(json_schema(registry.SECTIONS, registry.SOURCES), indent=2)
    if output is None:
        click.echo(text)
        return 0
    try:
        output.write_text(f"{text}\n", "utf-8")
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise click.UsageError(f"cannot write {output}: {reason}") from None
    return 0
