"""The README says what is there, and its commands are the ones that are run."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from runreport.commands import COMMANDS
from tests.shared import ROOT

README = (ROOT / "README.md").read_text()
CHECK = (
    "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[dev]'"
    " && .venv/bin/python .ci/check"
)
BUILD = (
    "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ."
    " && .venv/bin/runreport build"
)


def blocks(language: str) -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)
    return [text for name, text in fences if name == language]


def test_two_commands_set_up_a_fresh_machine() -> None:
    assert [block.strip() for block in blocks("sh")] == [BUILD, CHECK]


def test_continuous_integration_runs_the_very_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    found = re.search(r"command=\$\(grep -E '(.*)' README\.md\)", script)
    assert found is not None
    assert [line for line in README.splitlines() if re.search(found[1], line)] == [CHECK]
    assert 'eval "${command//.venv/$VENV}"' in script


def test_the_checks_have_the_steps_that_the_readme_promises() -> None:
    script = (ROOT / ".ci" / "check").read_text()
    steps = re.findall(r'^    "(\w+)": \w+,$', script, re.M)
    assert steps == ["format", "lint", "types", "floors", "tests", "examples", "wheel"]


def test_every_command_is_in_the_table_and_no_other() -> None:
    table = README.partition("| command | does |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == sorted(COMMANDS)


def test_every_picture_and_file_the_readme_links_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_map_of_the_house_names_only_what_exists() -> None:
    (house,) = blocks("")
    paths = []
    for line in house.splitlines():
        folder = ROOT / "runreport" if line.startswith("  ") else ROOT
        names = re.split(r" {2,}", line.strip())[0].split()
        paths += [folder / name for name in names if re.search(r"(/|\.py|\.yaml)$", name)]
    assert len(paths) > 20
    assert [path for path in paths if not path.exists()] == []


def test_the_spec_in_the_readme_has_ten_lines_and_passes_check(tmp_path: Path) -> None:
    text = blocks("yaml")[0]
    assert len(text.splitlines()) == 10
    spec = tmp_path / "runreport.yaml"
    spec.write_text(text.replace("sqlite:///examples", f"sqlite:///{ROOT}/examples"))
    checked = subprocess.run(
        [sys.executable, "-m", "runreport", "check", str(spec)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_changelog_tells_of_the_version_in_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()
