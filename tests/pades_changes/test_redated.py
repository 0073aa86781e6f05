"""Programs that add validation data re-date a file's metadata: that alone is no change of the document."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signkit.model.report import ChangeLevel
from signkit.pades.changes import classify_changes
from signkit.pades.structure import Pdf
from signkit.testing.signed import make_signed_pdf
from signkit.testing.throwaway import plain_document


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a file whose last revision is a signature, with an information dictionary."""
    source = io.BytesIO(plain_document("Avtal"))
    writer = IncrementalPdfFileWriter(source)
    title = generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string("Avtal")})
    writer.set_info(writer.add_object(title))
    out = io.BytesIO()
    writer.write(out)
    folder: Path = tmp_path_factory.mktemp("redated")
    return make_signed_pdf(folder, source=out.getvalue(), persons=1, until="s1").path.read_bytes()


_PACKET = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<r:Description r:about='' xmlns:m='http://ns.adobe.com/xap/1.0/mm/'><m:InstanceID>uuid:%d</m:InstanceID>"
    b"<m:DocumentID>uuid:%d</m:DocumentID></r:Description></r:RDF></x:xmpmeta>"
)


def updated(
    data: bytes, *, store: bool, title: str | None = None, version: str | None = None, packet: bytes | None = None
) -> bytes:
    """Return ``data`` with an update by another program, which re-dates the metadata; perhaps with more."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if title is not None:
        info = generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string(title)})
        writer.set_info(writer.add_object(info))
    if store:
        writer.root["/DSS"] = writer.add_object(
            generic.DictionaryObject({generic.pdf_name("/Certs"): generic.ArrayObject()})
        )
    if version is not None:
        writer.root["/Version"] = generic.pdf_name(version)
    if packet is not None:
        held = generic.StreamObject({generic.pdf_name("/Type"): generic.pdf_name("/Metadata")}, stream_data=packet)
        writer.root["/Metadata"] = writer.add_object(held)
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_new_dates_beside_validation_data_are_no_change(signed: bytes) -> None:
    """A store of validation data added by pyHanko re-dates the file, and the signature stays as it was."""
    found = classify_changes(Pdf.open(updated(signed, store=True)))
    assert list(found.levels.values())[-1] is ChangeLevel.VALIDATION_DATA
    assert not [item for item in found.findings if item.code == "changes.after_last"]


@pytest.mark.parametrize(("store", "title"), [(True, "Annat avtal"), (False, "Avtal")])
def test_other_changes_of_metadata_are_changes(signed: bytes, *, store: bool, title: str) -> None:
    """Another title is a change even beside validation data, and so are new dates without any."""
    found = classify_changes(Pdf.open(updated(signed, store=store, title=title)))
    assert "changes.after_last" in {item.code for item in found.findings}


def with_packet(folder: Path, packet: bytes) -> bytes:
    """Return a signed file with that metadata."""
    source = updated(plain_document("Avtal"), store=False, packet=packet)
    return make_signed_pdf(folder, source=source, persons=1, until="s1").path.read_bytes()


@pytest.mark.parametrize(("document", "changed"), [(1, False), (2, True)])
def test_a_new_instance_is_no_new_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, document: int, changed: bool
) -> None:
    """Programs that add validation data give the save a new InstanceID and raise the version; the document stays."""
    monkeypatch.setattr(IncrementalPdfFileWriter, "_update_meta", lambda _self: None)  # writes its own
    data = with_packet(tmp_path, _PACKET % (1, 1))
    later = updated(data, store=True, version="/1.7", packet=_PACKET % (2, document))
    found = classify_changes(Pdf.open(later))
    assert ("changes.after_last" in {item.code for item in found.findings}) is changed


def test_a_raised_version_alone_is_a_change(signed: bytes) -> None:
    """Without validation data there is no reason for it."""
    found = classify_changes(Pdf.open(updated(signed, store=False, version="/1.7")))
    assert "changes.after_last" in {item.code for item in found.findings}
