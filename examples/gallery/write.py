"""Write runreport.yaml: one page per section, its manual taken from the section's docstring."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from pathlib import Path

from runreport.registry import SECTIONS

HEAD = """\
# Written by write.py from the docstrings of the sections; build it with:
# runreport build examples/gallery/runreport.yaml
extends: ../../runreport.yaml
report:
  title: Gallery of sections
  description: Every section that a report can hold, what it shows and how it is asked for.
output: site
pages:
"""


def main() -> None:
    """Write the spec beside this file."""
    Path(__file__).with_name("runreport.yaml").write_text(gallery(), "utf-8")


def gallery() -> str:
    """The text of the gallery's spec."""
    return HEAD + overview() + "".join(page(name) for name in sorted(SECTIONS))


def manual(name: str) -> tuple[str, str]:
    """A section's docstring: its prose, and the YAML entry below it."""
    module = importlib.import_module(f"runreport.sections.{name}")
    text = inspect.cleandoc(module.__doc__ or "")
    prose, _, entry = text.partition("\n\n    - ")
    return prose, textwrap.dedent(f"    - {entry}").rstrip()


def overview() -> str:
    """The first page: a list of all sections."""
    lines = ["Every kind of section, drawn from the runs of the quickstart example:", ""]
    for name in sorted(SECTIONS):
        first = manual(name)[0].split("\n\n")[0].replace("\n", " ")
        lines.append(f"- **{name}**: {first}")
    return entry_of("Gallery", "\n".join(lines), "")


def page(name: str) -> str:
    """One section's page: what it shows, how it is written, and what comes out."""
    prose, entry = manual(name)
    text = f"{prose}\n\n```yaml\n{entry}\n```"
    if name == "run":
        return entry_of("run: ${run.name}", text, entry, foreach="run")
    return entry_of(name, text, entry if name != "text" else "")


def entry_of(title: str, text: str, entry: str, foreach: str = "") -> str:
    """One entry of `pages`; a dollar in the text is no placeholder."""
    lines = [f'  - title: "{title}"']
    if foreach:
        lines.append(f"    foreach: {foreach}")
    lines += ["    sections:", "      - text: |"]
    body = text.replace("$", "$$")
    lines.append(textwrap.indent(body, " " * 10))
    if entry:
        lines.append(textwrap.indent(entry, " " * 6))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
