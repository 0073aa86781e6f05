"""Documents with odd habits of real programs, from ``envelope create`` to ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from signkit.testing.attacks.plain import PlainPdf, stream
from signkit.testing.odd import bookmarked, word_style

_NOTE = b"<< /Type /Annot /Subtype /Link /Rect [72 600 200 620] /Border [0 0 0] /Dest [3 0 R /Fit] >>"
_WIDGET = b"<< /FT /Tx /T (namn) /Type /Annot /Subtype /Widget /Rect [72 600 200 620] /P 3 0 R >>"
_RDF = b"<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description r:about=''/></r:RDF>"
AS_THEY_ARE = {
    "outlines-deep": bookmarked(20, wide=3),
    "outlines-long": bookmarked(1, wide=700),
    "replaced-catalog": PlainPdf(objects={6: b"<< /Type /Catalog /Pages 2 0 R >>"}).build(),
    "form-in-catalog": PlainPdf(
        catalog=b"/AcroForm << /Fields 7 0 R >>", page=b"/Annots [6 0 R]", objects={6: _WIDGET, 7: b"[6 0 R]"}
    ).build(),
}
REPAIRED = {
    "word": ("document.hybrid", word_style()),
    "direct-annotations": ("document.second_opinion", PlainPdf(page=b"/Annots [" + _NOTE + b"]").build()),
    "direct-info": ("document.second_opinion", PlainPdf(trailer=b"/Info << /Title (Avtal) >>").build()),
    "source-left-out": (
        "document.unreadable",
        PlainPdf(trailer=b"/AdditionalStreams [/application#2Fodt 90 0 R]").build(),
    ),
    "metadata-bare": (
        "document.second_opinion",
        PlainPdf(catalog=b"/Metadata 6 0 R", objects={6: stream(_RDF, entries=b"/Type /Metadata")}).build(),
    ),
    "metadata-no-xml": (
        "document.second_opinion",
        PlainPdf(catalog=b"/Metadata 6 0 R", objects={6: stream(b"Titel", entries=b"/Type /Metadata")}).build(),
    ),
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


def test_repair_is_no_cure_twice(signkit: Any, tmp_path: Path) -> None:
    """What a clean copy does not cure is told as such, and not with the hint to make one."""
    tree = {6: b"<< /Type /StructTreeRoot /K 7 0 R >>", 7: b"<< /S /P /P 6 0 R /K [8 0 R] >>"}
    data = PlainPdf(catalog=b"/StructTreeRoot 6 0 R", objects={**tree, 8: b"<< /S /P /P 7 0 R /K [7 0 R] >>"}).build()
    source = tmp_path / "avtal.pdf"
    source.write_bytes(data)
    words = ("envelope", "create", source, "--signatory", "Anna Ek", "--json")
    refused = signkit(*words, code=13).error
    assert (refused["code"], "--repair" in refused["hint"]) == ("document.second_opinion", True)
    refused = signkit(*words, "--repair", code=13).error
    assert (refused["code"], "--repair" in refused["hint"]) == ("document.repair_failed", False)
    assert refused["subject"]["reason"] == "document.second_opinion"
