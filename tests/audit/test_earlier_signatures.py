"""Signatures that others made: what their locks forbid, and files that are sent again after they were changed."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signkit.audit import verify_file
from signkit.errors import UnsupportedDocumentError
from signkit.model.report import ChangeLevel, Report, Verdict
from signkit.pades import certify, prepare
from signkit.pades.changes import forbidding, places
from signkit.pades.examine import examine
from signkit.pades.structure import Dict, Name, Pdf, Ref
from signkit.testing import proved
from signkit.testing.attacks.plain import stream, text
from signkit.testing.attacks.rich import rich_document
from signkit.testing.attacks.update import Update
from signkit.testing.proved import ProvedFile, Trusted, make_proved

from .conftest import wrong
from .test_strangers import ANCHORS, NOW, PLAIN, ROOT, SIGNER, TSA, judged, lists, sign, stamp, store

LATER = NOW + timedelta(minutes=5)
AMOUNT = 8
"""The text field ``belopp`` of the rich document."""


@pytest.fixture(autouse=True)
def _no_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pyHanko from dating the file's metadata anew in each update."""
    monkeypatch.setattr(IncrementalPdfFileWriter, "_update_meta", lambda _self: None)


def finished(data: bytes) -> bytes:
    return stamp(store(data, *lists()), NOW + timedelta(hours=1))


def updated(data: bytes, folder: Path, change: Any) -> bytes:
    (folder / "before.pdf").write_bytes(data)
    update = Update(Pdf.open(folder / "before.pdf"))
    change(update)
    return update.build()


def fill(update: Update) -> None:
    update.change(AMOUNT, V=b"900000")


def annotate(update: Update) -> None:
    page = update.view.pages[0]
    lie = Dict({"Type": Name("Annot"), "Subtype": Name("FreeText"), "Rect": [0, 0, 500, 800], "Contents": b"Nej"})
    kept = update.view.get_list(page.dict.get("Annots"))
    update.change(page.ref.num, Annots=[*kept, update.add(lie)])


def rewrite(update: Update) -> None:
    content = update.view.pages[0].dict["Contents"]
    assert isinstance(content, Ref)
    update.define(content.num, stream(text("Beslut: 900 000 kronor")), raw=True)


def locking(data: bytes, action: FieldMDPAction, names: list[str] | None = None, level: MDPPerm | None = None) -> bytes:
    """Return the file with a signature whose field locks others."""
    maker = signers.SimpleSigner(
        signing_cert=SIGNER.asn1,
        signing_key=SIGNER.asn1_key,
        cert_registry=SimpleCertificateStore.from_certs([SIGNER.asn1, ROOT.asn1]),
    )
    spec = SigFieldSpec("Sig1", box=None, field_mdp_spec=FieldMDPSpec(action, fields=names), doc_mdp_update_value=level)
    meta = signers.PdfSignatureMetadata(field_name="Sig1", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")
    stamper = DummyTimeStamper(TSA.asn1, TSA.asn1_key, fixed_dt=NOW)
    signer = signers.PdfSigner(meta, signer=maker, timestamper=stamper, new_field_spec=spec)
    return bytes(signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data))).getbuffer())


@pytest.mark.parametrize(
    ("action", "names", "codes"),
    [
        (FieldMDPAction.INCLUDE, ["belopp"], set()),
        (FieldMDPAction.ALL, None, {"changes.timestamp_locked"}),
    ],
)
def test_a_lock_leaves_validation_data_alone(action: FieldMDPAction, names: Any, codes: set[str], tmp_path: Path):
    """FieldMDP names the catalog (/Data), which the security store changes; a timestamp under ``All`` stays open."""
    report = judged(finished(locking(PLAIN, action, names)), tmp_path)
    assert wrong(report) == set()
    assert wrong(report, Verdict.INDETERMINATE) == codes
    assert report.signatures[0].changes_after is ChangeLevel.TIMESTAMP


@pytest.mark.parametrize(
    ("action", "names", "verdict"),
    [
        (FieldMDPAction.ALL, None, Verdict.FAILED),
        (FieldMDPAction.INCLUDE, ["belopp"], Verdict.FAILED),
        (FieldMDPAction.INCLUDE, ["annat"], Verdict.PASSED),
        (FieldMDPAction.EXCLUDE, ["belopp", "B"], Verdict.INDETERMINATE),
        (FieldMDPAction.EXCLUDE, ["B"], Verdict.FAILED),
    ],
)
def test_a_locked_field_stays_as_it_is(
    action: FieldMDPAction, names: list[str] | None, verdict: Verdict, tmp_path: Path
):
    """A field that a signature locked is filled before the next signature (ISO 32000-2 clause 12.8.2.4)."""
    filled = updated(locking(rich_document(), action, names), tmp_path, fill)
    report = judged(finished(sign(filled, field="B", at=LATER)), tmp_path)
    assert wrong(report) == ({"changes.locked_field"} if verdict is Verdict.FAILED else set())
    assert report.verdict is verdict


def test_the_lock_of_a_field_may_close_the_document(tmp_path: Path):
    """``/P 1`` in a signature field's lock forbids further signatures, as DocMDP does."""
    locked = locking(rich_document(), FieldMDPAction.INCLUDE, ["annat"], MDPPerm.NO_CHANGES)
    report = judged(finished(sign(locked, field="B", at=LATER)), tmp_path)
    assert "changes.not_permitted" in wrong(report)
    assert judged(finished(locked), tmp_path).verdict is Verdict.PASSED


def test_an_annotation_between_two_signatures_is_not_passed(tmp_path: Path):
    """A note that covers the page, put there after the first signature: nobody vouches for it."""
    forged = updated(sign(PLAIN), tmp_path, annotate)
    report = judged(finished(sign(forged, field="B", at=LATER)), tmp_path)
    assert "changes.not_permitted" in wrong(report)


def test_an_annotation_that_a_certification_permits_stays_open(tmp_path: Path):
    """DocMDP 3 permits notes by whoever: neither wrong nor proved (the "evil annotation" of 2021)."""
    certified = sign(PLAIN, certify=True, docmdp_permissions=fields.MDPPerm.ANNOTATE)
    forged = updated(certified, tmp_path, annotate)
    report = judged(finished(sign(forged, field="B", at=LATER)), tmp_path)
    assert report.verdict is Verdict.INDETERMINATE
    assert "changes.annotated" in wrong(report, Verdict.INDETERMINATE)


def again(data: bytes, trusted: Trusted, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ProvedFile, Report]:
    """Send a signed file as the original of an envelope, by a sender that refuses nothing."""
    monkeypatch.setattr(proved, "prepare", lambda *given, **options: prepare(*given, **{**options, "pages": None}))
    monkeypatch.setattr(proved, "certify", lambda *given: certify(*given, docmdp=False))
    trusted.authority.clock.advance(seconds=3 * 86_400)  # type: ignore[attr-defined]
    made = make_proved(folder, trusted, source=data)
    anchors = trusted.anchors.merged(ANCHORS)
    return made, verify_file(made.path, anchors=anchors, at=made.at, evidence=made.evidence)


def test_a_signed_original_is_carried_along(trusted: Trusted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An honest file with a stranger's signature is signed by more people, and everything holds."""
    _, report = again(finished(sign(PLAIN)), trusted, tmp_path, monkeypatch)
    assert report.verdict is Verdict.PASSED


@pytest.mark.parametrize(("change", "code"), [(rewrite, "changes.unexplained"), (annotate, "changes.not_permitted")])
def test_a_forged_original_is_not_washed(
    change: Any, code: str, trusted: Trusted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What was changed after a stranger's signature does not become right by being sent and signed again."""
    forged = updated(finished(sign(PLAIN)), tmp_path, change)
    made, report = again(forged, trusted, tmp_path, monkeypatch)
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
    assert report.claims["C2"].verdict is Verdict.FAILED
    assert report.signatures[0].changes_after not in {ChangeLevel.FORM_FILL, ChangeLevel.NONE}
    with pytest.raises(UnsupportedDocumentError) as refused:
        examine(made.revisions["r0"])
    assert refused.value.code == "document.changed_since_signed"


def test_a_closed_original_is_not_opened(trusted: Trusted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A certification with P=1 forbids every further signature, whoever sends the file."""
    closed = finished(sign(PLAIN, certify=True, docmdp_permissions=fields.MDPPerm.NO_CHANGES))
    made, report = again(closed, trusted, tmp_path, monkeypatch)
    assert "changes.closed" in wrong(report)
    assert report.verdict is Verdict.FAILED
    pdf = Pdf.open(made.revisions["r0"])
    assert [item.code for item in forbidding(pdf, places(pdf))] == ["changes.closed"]
