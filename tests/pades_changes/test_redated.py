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


def updated(data: bytes, *, store: bool, title: str | None = None) -> bytes:
    """Return ``data`` with an update by another program, which re-dates the metadata; perhaps with another title."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if title is not None:
        info = generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string(title)})
        writer.set_info(writer.add_object(info))
    if store:
        writer.root["/DSS"] = writer.add_object(
            generic.DictionaryObject({generic.pdf_name("/Certs"): generic.ArrayObject()})
        )
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
