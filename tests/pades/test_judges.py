"""Programs that nobody here wrote, asked about finished files."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from signkit.testing.signed import SignedFile, ThrowawayAuthority, make_signed_pdf

pytestmark = pytest.mark.judge

_HARMLESS = {"BBB_XCV_AIA_PRES_ANS", "BBB_XCV_REVOC_PRES_ANS"}
"""Our certificates name no addresses: everything stands in the file."""


def _ask(shared: Path, *arguments: str | Path) -> list[dict[str, Any]]:
    command = shared / "judges" / "run"
    if not command.exists():
        pytest.skip("the judges are not at hand")
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def examples(authority: ThrowawayAuthority, tmp_path_factory: pytest.TempPathFactory) -> list[SignedFile]:
    """Return the example documents (PDF/A-2a, -3a with UA-1, -3b), each signed by two."""
    folder = Path(__file__).resolve().parents[2] / "examples"
    names = ("protokoll.pdf", "anstallningsavtal.pdf", "reglemente.pdf")
    return [
        make_signed_pdf(tmp_path_factory.mktemp("life"), source=folder / name, persons=2, authority=authority)
        for name in names
    ]


@pytest.mark.slow
def test_dss_passes_every_signature(shared: Path, examples: list[SignedFile], finished: SignedFile) -> None:
    """EU DSS, strictly: TOTAL_PASSED, B-LTA, the whole file covered, every timestamp passed, no other warning."""
    root = finished.revisions["r0"].with_name("root.pem")
    root.write_text(finished.authority.root_pem)
    paths = [made.path for made in (*examples, finished)]
    for answer in _ask(shared, "dss", "--policy", "strict", "--trust", root, *paths):
        assert answer["accepted"], answer["file"]
        assert answer["coversFile"]
        assert {item["format"] for item in answer["signatures"]} == {"PAdES_BASELINE_LTA"}
        assert {item["indication"] for item in answer["timestamps"]} == {"PASSED"}
        assert {warning["key"] for item in answer["signatures"] for warning in item["warnings"]} <= _HARMLESS


def test_verapdf_sees_no_difference(shared: Path, examples: list[SignedFile]) -> None:
    """What is PDF/A or PDF/UA before stays so through every revision."""
    paths = [path for made in examples for path in made.revisions.values()]
    for answer in _ask(shared, "pdfa", *paths):
        assert answer["accepted"], (answer["file"], answer["results"])


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig is not at hand")
def test_poppler_finds_every_signature_valid(examples: list[SignedFile]) -> None:
    """Poppler verifies the four signatures; document timestamps it cannot."""
    for made in examples:
        done = subprocess.run(["pdfsig", "-nocert", made.path], capture_output=True, text=True, check=True)
        assert done.stdout.count("Signature is Valid.") == 4


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not at hand")
def test_qpdf_finds_no_fault(examples: list[SignedFile]) -> None:
    """Qpdf reads every revision without a warning."""
    for made in examples:
        for path in made.revisions.values():
            assert subprocess.run(["qpdf", "--check", path], capture_output=True, check=False).returncode == 0
