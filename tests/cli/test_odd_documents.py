"""Documents with odd habits of real programs, from ``envelope create`` to ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from signkit.testing.attacks.plain import PlainPdf
from signkit.testing.odd import bookmarked, word_style

_NOTE = b"<< /Type /Annot /Subtype /Link /Rect [72 600 200 620] /Border [0 0 0] /Dest [3 0 R /Fit] >>"
_WIDGET = b"<< /FT /Tx /T (namn) /Type /Annot /Subtype /Widget /Rect [72 600 200 620] /P 3 0 R >>"
AS_THEY_ARE = {
    "outlines-deep": bookmarked(20, wide=3),
    "outlines-long": bookmarked(1, wide=700),
    "form-in-catalog": PlainPdf(
        catalog=b"/AcroForm << /Fields 7 0 R >>", page=b"/Annots [6 0 R]", objects={6: _WIDGET, 7: b"[6 0 R]"}
    ).build(),
}
REPAIRED = {
    "word": ("document.hybrid", word_style()),
    "direct-annotations": ("document.second_opinion", PlainPdf(page=b"/Annots [" + _NOTE + b"]").build()),
    "direct-info": ("document.second_opinion", PlainPdf(trailer=b"/Info << /Title (Avtal) >>").build()),
    "direct-structure": ("document.structure", PlainPdf(catalog=b"/StructTreeRoot << /K [] >>").build()),
}


def proved(signkit: Any, folder: Path, source: Path, *more: str) -> None:
    """Fail unless the document is signed and proved."""
    envelope = signkit.create(source, more=more)
    signkit("envelope", "send", envelope)
    signkit("sign", envelope, "--as", "all", "--provider", "rehearsal")
    made = signkit("envelope", "export", envelope, "--output", folder, "--json").json["files"]
    (signed,) = (item["path"] for item in made if item["kind"] == "signed")
    assert signkit("verify", signed, "--json").json["verdict"] == "PASSED"


@pytest.mark.parametrize("kind", AS_THEY_ARE)
def test_signed_as_it_is(signkit: Any, tmp_path: Path, kind: str) -> None:
    """What readers agree on is signed without ado."""
    source = tmp_path / "avtal.pdf"
    source.write_bytes(AS_THEY_ARE[kind])
    proved(signkit, tmp_path, source)


@pytest.mark.parametrize("kind", REPAIRED)
def test_signed_after_repair(signkit: Any, tmp_path: Path, kind: str) -> None:
    """What other validators would stumble over is refused with the cure, and the cure works."""
    source = tmp_path / "avtal.pdf"
    code, data = REPAIRED[kind]
    source.write_bytes(data)
    refused = signkit("envelope", "create", source, "--signatory", "Anna Ek", "--json", code=13).error
    assert (refused["code"], "--repair" in refused["hint"]) == (code, True)
    proved(signkit, tmp_path, source, "--repair")
