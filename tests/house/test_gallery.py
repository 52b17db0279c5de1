"""The gallery shows every section, and says what the section's docstring says."""

import importlib.util

from runreport.registry import SECTIONS
from tests.shared import ROOT

FOLDER = ROOT / "examples" / "gallery"


def test_the_gallery_is_what_the_docstrings_make_of_it():
    spec = importlib.util.spec_from_file_location("write", FOLDER / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (FOLDER / "runreport.yaml").read_text()
    assert text == module.gallery(), "run examples/gallery/write.py"
    assert all(f"- **{name}**: " in text for name in SECTIONS)
