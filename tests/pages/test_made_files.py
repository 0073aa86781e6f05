"""Files in the repository that scripts make: they are what the scripts make, and what they claim to be."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from signkit.pages.render import inspect

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("protokoll", "reglemente", "delegationsordning", "informationssakerhetspolicy", "anstallningsavtal")


def test_fonts_are_what_the_script_makes():
    """Both faces come out of Debian's files byte for byte."""
    spec = importlib.util.spec_from_file_location("make_fonts", ROOT / "tools" / "make_fonts.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    if not (script.SOURCE / script.NAMES[0]).exists():
        pytest.skip("fonts-noto-core is not installed")
    for name in script.NAMES:
        assert script.subset(script.SOURCE / name) == (script.TARGET / name).read_bytes()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_small_and_unsigned(name: str):
    """Each example is a PDF of at most 200 kB without any signature field."""
    file = ROOT / "examples" / f"{name}.pdf"
    seen = inspect(file)
    assert file.stat().st_size < 200_000
    assert (seen.signature_fields, seen.pages) == (0, 4 if name == "protokoll" else 1)


@pytest.mark.judge
def test_examples_are_pdf_a(shared: Path):
    """VeraPDF accepts every example in the flavours that it claims."""
    judge = shared / "judges" / "run"
    if not judge.exists() or shutil.which("java") is None:
        pytest.skip("veraPDF is not at hand")
    files = [str(ROOT / "examples" / f"{name}.pdf") for name in EXAMPLES]
    answer = subprocess.run([str(judge), "pdfa", *files], capture_output=True, text=True, check=True, timeout=300)
    opinions = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [opinion["accepted"] for opinion in opinions] == [True] * len(EXAMPLES)
