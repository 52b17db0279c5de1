"""What files of an environment pin, read beside the libraries that define their forms."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import InvalidRequirement, Requirement

from runreport.sources import pinned

REQUIREMENTS = """\
# made by hand
--no-binary=:none:
numpy==1.26.4
torch == 2.1.0+cu118 ; python_version >= "3.9"  # the one with CUDA
scikit-learn[alldeps]==1.3.2
requests>=2
pandas
-e git+https://example.org/x.git#egg=x
rich @ https://example.org/rich
attrs==23.1.0 \\
    --hash=sha256:00
weird===2019-odd
"""

CONDA = """\
channels:
- defaults
dependencies:
- python=3.11.4
- numpy=1.26.4=py311h64a7726_0
- conda-forge::scipy==1.11.1
- openssl>=3
- pip
- pip:
  - torch==2.1.0
  - 'mlflow==2.9.2'
name: env
"""

UV = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "project"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "numpy" },
]

[package.metadata]
requires-dist = [{ name = "numpy", specifier = ">=1" }]

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://example.org/simple" }
sdist = { url = "https://example.org/numpy", hash = "sha256:00", size = 1 }
wheels = [
    { url = "https://example.org/numpy-wheel", hash = "sha256:00", size = 2 },
]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://example.org/simple" }
"""

PYLOCK = """\
lock-version = "1.0"
created-by = "a locker"

[[packages]]
name = "attrs"
version = "25.1.0"
requires-python = ">=3.8"

[[packages.wheels]]
name = "attrs-25.1.0-py3-none-any.whl"
url = "https://example.org/attrs"

[[packages]]
name = 'cattrs'
version = '24.1.2'

[[packages]]
name = "unpinned"
directory = { path = "." }
"""


def pins(path: str, text: str) -> dict[str, str]:
    return dict(pinned.packages_of(path, text.encode()))


def test_requirements_are_those_that_packaging_reads_as_pins():
    expected = {}
    for line in REQUIREMENTS.replace(" \\\n", "\n").splitlines():
        try:
            read = Requirement(line.split("  #")[0])
        except InvalidRequirement:
            continue
        exact = [s.version for s in read.specifier if s.operator in ("==", "===")]
        if exact:
            expected[read.name] = exact[0]
    assert len(expected) == 5
    assert pins("requirements.txt", REQUIREMENTS) == expected


LOCKS = [("uv.lock", UV, "package"), ("pylock.toml", PYLOCK, "packages")]


@pytest.mark.parametrize(("path", "text", "key"), LOCKS)
def test_lock_files_are_those_that_a_toml_reader_reads(path, text, key):
    expected = {
        package["name"]: package["version"]
        for package in tomllib.loads(text)[key]
        if "version" in package and "editable" not in package.get("source", {})
    }
    assert len(expected) == 2
    assert pins(path, text) == expected


def test_conda_and_its_pip_part_are_read():
    assert pins("model/conda.yaml", CONDA) == {
        "python": "3.11.4",
        "numpy": "1.26.4",
        "scipy": "1.11.1",
        "torch": "2.1.0",
        "mlflow": "2.9.2",
    }


def test_python_env_names_python():
    text = (
        "python: 3.11.7\nbuild_dependencies:\n- pip==23.2\ndependencies:\n- -r requirements.txt\n"
    )
    assert pins("python_env.yaml", text) == {"python": "3.11.7", "pip": "23.2"}


@pytest.mark.parametrize("path", ["notes.txt", "data.csv", "lock", "uv.lock.bak", "conda.yaml/x"])
def test_other_files_pin_nothing(path):
    assert not pinned.reads(path)
    assert pins(path, REQUIREMENTS) == {}


def test_what_is_too_large_or_no_text_is_not_read():
    assert pinned.packages_of("requirements.txt", b"a==1\n" * pinned.LARGEST) == ()
    assert pinned.packages_of("requirements.txt", bytes(range(256)) * 10) == ()


def test_the_number_of_packages_is_bounded():
    text = "".join(f"p{number}==1\n" for number in range(5_000))
    assert len(pins("requirements.txt", text)) == pinned.MOST


def test_a_hostile_line_costs_no_time():
    for line in ("a" * 200_000, "a[" * 100_000, "- " * 100_000, "a==" + "1;" * 100_000):
        assert len(pins("requirements.txt", f"{line}\nb==1\n")) <= 2
        assert len(pins("conda.yaml", f"{line}\n- b==1\n")) <= 2
