"""What ``verify_file`` says of honest files, of other people's, and of what is no signed PDF at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signkit.audit import read_evidence, render_report, report_to_json, verify_file
from signkit.errors import (
    DocumentError,
    EncryptedDocumentError,
    NothingToVerifyError,
    UnreadableDocumentError,
    UsageError,
    VerdictIndeterminateError,
)
from signkit.model.report import CLAIMS, ChangeLevel, Completion, SignatureKind, Verdict, Voucher
from signkit.ports.keys import KeyName
from signkit.testing.attacks.plain import PlainPdf
from signkit.testing.proved import ProvedFile, Trusted
from signkit.testing.signed import plain_document
from signkit.x509.anchors import TrustAnchors
from signkit.x509.certificates import Certificate

from .conftest import holding, reasons, verify, wrong


def root(trusted: Trusted) -> TrustAnchors:
    """Return what a bare PEM file with the root gives."""
    return TrustAnchors.of([Certificate(trusted.authority.keys.certificates(KeyName.ROOT)[0])])


def test_an_honest_file_proves_every_claim(honest: ProvedFile):
    """With evidence and all anchors, the seven claims are PASSED."""
    report = verify(honest, original=honest.revisions["r0"])
    assert {name: claim.verdict for name, claim in report.claims.items()} == dict.fromkeys(CLAIMS, Verdict.PASSED)
    assert report.verdict is Verdict.PASSED
    assert report.completion is Completion.FINISHED
    assert report.environment == "test"
    assert report.organisation == "Björkviks kommun"
    assert not wrong(report)
    assert not wrong(report, Verdict.INDETERMINATE)
    report.raise_for_verdict()


def test_a_bare_root_is_enough_to_pass(honest: ProvedFile):
    """Without log key, eID root and evidence the rest is proved, and what was left out is said."""
    report = verify(honest, anchors=root(honest.trusted), evidence=None)
    assert report.verdict is Verdict.PASSED
    assert report.claims["C3b"].verdict is report.claims["C5"].verdict is Verdict.NOT_DECIDED
    assert report.claims["C3a"].code == "claim.c3a.attested"
    assert {item.reason for item in report.not_checked} >= {"evidence.not_given", "journal.no_log_anchor"}


@pytest.mark.parametrize("claim", ["C3b", "C5"])
def test_what_is_required_must_be_decided(claim: str, honest: ProvedFile):
    """``--require`` makes an undecided claim INDETERMINATE."""
    report = verify(honest, anchors=root(honest.trusted), evidence=None, require=frozenset({claim}))
    assert report.verdict is Verdict.INDETERMINATE
    with pytest.raises(VerdictIndeterminateError):
        report.raise_for_verdict()


def test_without_anchors_nothing_is_decided(honest: ProvedFile):
    """An unknown organisation is neither right nor wrong."""
    report = verify(honest, anchors=TrustAnchors())
    assert report.verdict is Verdict.INDETERMINATE
    assert not wrong(report)
    assert report.claims["C1"].verdict is Verdict.INDETERMINATE


@pytest.mark.parametrize(("purpose", "verdict"), [("seal", Verdict.INDETERMINATE), ("tsa", Verdict.INDETERMINATE)])
def test_each_purpose_is_a_context_of_its_own(purpose: str, verdict: Verdict, honest: ProvedFile):
    """A root that is trusted for one purpose vouches for no other."""
    only = TrustAnchors.of(
        [Certificate(honest.trusted.authority.keys.certificates(KeyName.ROOT)[0])], purposes=[purpose]
    )
    assert verify(honest, anchors=only).verdict is verdict


def test_another_organisations_root_decides_nothing(honest: ProvedFile, make: Callable[..., ProvedFile]):
    """The eID's root vouches for no seal."""
    report = verify(honest, anchors=TrustAnchors.of([honest.trusted.eid_root]))
    assert report.verdict is Verdict.INDETERMINATE


def test_it_holds_long_after_the_certificates_have_expired(honest: ProvedFile):
    """Ten years on, one-time certificates and lists are long dead and the file is still proved."""
    report = verify(honest, at=honest.at + timedelta(days=3650))
    assert report.verdict is Verdict.PASSED


def test_it_is_undecided_once_the_last_timestamp_is_too_old(honest: ProvedFile):
    """Forty years on, nothing proves when the last timestamp was made: it was never renewed."""
    report = verify(honest, at=honest.at + timedelta(days=40 * 366))
    assert report.verdict is Verdict.INDETERMINATE
    assert report.claims["C2"].verdict is Verdict.INDETERMINATE
    assert not wrong(report)


def test_a_moment_before_the_file_was_made_decides_nothing(honest: ProvedFile):
    """Verified as of the year before, its timestamps are from the future."""
    report = verify(honest, at=honest.at - timedelta(days=365))
    assert report.verdict is Verdict.INDETERMINATE
    assert "timestamp.future" in wrong(report, Verdict.INDETERMINATE)


def test_signatures_are_described(honest: ProvedFile):
    """Kind, role, person, level, time and what came after, for each."""
    report = verify(honest)
    kinds = [item.kind for item in report.signatures]
    assert kinds == [
        SignatureKind.CERTIFICATION,
        *[SignatureKind.APPROVAL] * 3,
        SignatureKind.SEAL,
        SignatureKind.TIMESTAMP,
    ]
    people = report.signatures[1:4]
    assert [item.role for item in people] == ["chair", "signatory", "secretary"]
    assert all(item.level == "B-LTA" and item.person and item.gen_time and item.evidence for item in people)
    assert report.signatures[0].changes_after is ChangeLevel.FORM_FILL
    assert report.signatures[4].changes_after is ChangeLevel.TIMESTAMP
    assert report.signatures[5].changes_after is ChangeLevel.NONE


def test_who_vouches_is_told(honest: ProvedFile):
    """A timestamping authority under the organisation's own root is not independent, and that is said."""
    report = verify(honest)
    assert report.claims["C3b"].vouched_by == (Voucher.EID,)
    assert Voucher.TSA not in report.claims["C6"].vouched_by
    assert "timestamp.own_root" in {item.reason for item in report.not_checked}


@pytest.mark.parametrize("name", ["r2", "s1", "s3", "completed"])
def test_unfinished_revisions_are_undecided_but_not_wrong(name: str, honest: ProvedFile):
    """Every honest revision on the way has no failed finding."""
    report = verify(honest, honest.revisions[name])
    assert not wrong(report)
    finished = name == "completed"
    assert report.verdict is (Verdict.PASSED if finished else Verdict.INDETERMINATE)
    assert report.claims["C6"].verdict is Verdict.NOT_DECIDED


def test_the_original_is_compared(honest: ProvedFile, tmp_path: Path):
    """``--original`` says whether it is the same file; another one fails C1."""
    assert any(item.code == "original.same" for item in verify(honest, original=honest.revisions["r0"]).findings)
    other = tmp_path / "other.pdf"
    other.write_bytes(plain_document("Ett annat beslut"))
    report = verify(honest, original=other)
    assert report.claims["C1"].verdict is Verdict.FAILED
    with pytest.raises(DocumentError):
        verify(honest, original=tmp_path / "missing.pdf")


@pytest.mark.parametrize("name", ["r0", "r1"])
def test_an_unsigned_file_is_nothing_to_verify(name: str, honest: ProvedFile):
    """No signature is never a pass."""
    report = verify(honest, honest.revisions[name])
    assert report.nothing_to_verify
    assert report.verdict is not Verdict.PASSED
    with pytest.raises(NothingToVerifyError):
        report.raise_for_verdict()
    assert [line.kind for line in render_report(report, "sv")] == ["verdict"]


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", b"\x00" * 4000, b"%PDF-1.4\n%%EOF\n"])
def test_what_is_no_pdf_is_an_error(data: bytes, honest: ProvedFile, tmp_path: Path):
    """Not a PDF is a DocumentError, not a verdict."""
    path = tmp_path / "x.pdf"
    path.write_bytes(data)
    with pytest.raises(UnreadableDocumentError):
        verify(honest, path)


def test_what_cannot_be_opened_is_an_error(honest: ProvedFile, tmp_path: Path):
    """A missing file and a folder are DocumentErrors."""
    for path in (tmp_path / "missing.pdf", tmp_path):
        with pytest.raises(DocumentError):
            verify(honest, path)


def test_an_encrypted_file_is_an_error(honest: ProvedFile, tmp_path: Path):
    """Encryption is not undone."""
    import pikepdf

    path = tmp_path / "locked.pdf"
    with pikepdf.open(honest.revisions["r0"]) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(EncryptedDocumentError):
        verify(honest, path)


def test_a_signed_file_that_cannot_be_read_fails(honest: ProvedFile, tmp_path: Path):
    """It names a signature: a verdict, not an error."""
    path = tmp_path / "broken.pdf"
    path.write_bytes(honest.path.read_bytes().replace(b"startxref", b"startxxxx"))
    report = verify(honest, path)
    assert report.verdict is Verdict.FAILED
    assert wrong(report) == {"document.signed_unreadable"}
    assert render_report(report, "en")
    claims = report_to_json(report, "en")["claims"]
    assert {claim["verdict"] for claim in claims.values()} == {"NOT_DECIDED"}
    assert len(claims) == 7


def test_an_unknown_claim_cannot_be_required(honest: ProvedFile):
    """A typo must not look like a pass."""
    with pytest.raises(UsageError):
        verify(honest, require=frozenset({"C7"}))


def test_evidence_is_read_from_its_file(honest: ProvedFile, tmp_path: Path):
    """What ``export`` writes beside the PDF; anything else is a DocumentError."""
    path = tmp_path / "evidence.json"
    path.write_bytes(honest.evidence.encode() + b"\n")
    assert read_evidence(path) == honest.evidence
    assert verify(honest, evidence=path).claims["C3b"].verdict is Verdict.PASSED
    path.write_bytes(b"{}")
    with pytest.raises(DocumentError):
        read_evidence(path)
    with pytest.raises(DocumentError):
        read_evidence(tmp_path / "missing.json")


def test_json_is_the_contract(honest: ProvedFile):
    """The report as JSON has the contract's members, serialises, and validates against the schema."""
    report = report_to_json(verify(honest), "sv")
    text = json.dumps(report)
    assert report["schema"] == "signkit.report/1"
    assert set(report) >= {
        "tool", "at", "input", "verdict", "claims", "envelope", "organisation", "environment", "completion",
        "original", "signatures", "findings", "not_checked", "trust_anchors",
    }  # fmt: skip
    assert set(report["input"]) == {"path", "sha256", "size", "pages"}
    assert "199001019802" not in text
    assert report["claims"]["C1"]["message"].startswith("Filen innehåller exakt")
    assert datetime.fromisoformat(report["at"]).tzinfo is not None


def _schema() -> Any:
    path = Path(__file__).resolve().parents[2] / "docs" / "formats" / "report.schema.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["archived", "s1", "r0"])
def test_reports_fit_their_schema(name: str, honest: ProvedFile):
    """docs/formats/report.schema.json describes real output."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(report_to_json(verify(honest, honest.revisions[name]), "en"), _schema())


@pytest.mark.parametrize("lang", ["sv", "en", "da"])
def test_every_line_is_a_sentence(lang: str, honest: ProvedFile):
    """No code without words, and no placeholder left open."""
    for path in (honest.path, honest.revisions["s1"]):
        for line in render_report(verify(honest, path), lang):
            assert line.text
            assert "{" not in line.text
            assert "claim." not in line.text
            assert "report." not in line.text


def test_time_is_an_argument(honest: ProvedFile):
    """Two verifications at one moment say the same."""
    first, second = verify(honest), verify(honest)
    assert report_to_json(first, "sv") == report_to_json(second, "sv")


def test_verify_file_takes_plain_arguments(honest: ProvedFile):
    """The door as the command line uses it."""
    report = verify_file(honest.path, anchors=honest.trusted.anchors, at=honest.at)
    assert report.verdict is Verdict.PASSED


def test_what_holds_and_what_was_not_checked_is_said(honest: ProvedFile, tmp_path: Path):
    """An honest file says for each step that it holds; what there was nothing for is told."""
    report = verify(honest)
    assert holding(report) >= {"journal.whole", "original.intact", "person.attested", "signature.valid"}
    assert "original.not_given" in reasons(report)
    unfinished = verify(honest, honest.revisions["s3"])
    assert reasons(unfinished) >= {"journal.unfinished", "rules.unfinished"}
    assert "archive.not_long_term" in reasons(verify(honest, honest.revisions["completed"]))
    plain = tmp_path / "plain.pdf"
    plain.write_bytes(PlainPdf().build())
    foreign = verify(honest, honest.revisions["r2"], original=plain)
    assert "original.differs" in wrong(foreign)


def test_more_signatures_than_are_read(honest: ProvedFile, monkeypatch: pytest.MonkeyPatch):
    """Beyond the limit nothing is decided."""
    monkeypatch.setattr("signkit.pades.validate.MAX_SIGNATURES", 3)
    report = verify(honest)
    assert report.verdict is not Verdict.PASSED
    assert "signatures.too_many" in wrong(report, Verdict.INDETERMINATE)


def test_a_second_reader_that_reads_nothing(honest: ProvedFile, monkeypatch: pytest.MonkeyPatch):
    """Where the second reader gives up, the first one's word is not enough."""

    def broken(_path: Path) -> Any:
        raise UnreadableDocumentError("no")

    monkeypatch.setattr("signkit.audit.document.inspect", broken)
    assert "document.second_parser" in wrong(verify(honest), Verdict.INDETERMINATE)


@pytest.mark.parametrize(
    ("option", "code"),
    [("path", "document.missing"), ("original", "document.original"), ("evidence", "document.evidence")],
)
def test_what_is_not_there_is_an_error_with_a_code_of_its_own(
    option: str, code: str, honest: ProvedFile, tmp_path: Path
):
    """A path that leads nowhere is no verdict."""
    given: dict[str, Any] = {"path": honest.path, "anchors": honest.trusted.anchors, "at": honest.at}
    given |= {option: tmp_path / "missing"}
    with pytest.raises(DocumentError) as caught:
        verify_file(given.pop("path"), **given)
    assert caught.value.code == code


def test_a_link_to_nothing_cannot_be_opened(honest: ProvedFile, tmp_path: Path):
    """Something is there by that name, but it cannot be opened; the hint does not ask whether it is a PDF."""
    link = tmp_path / "signed.pdf"
    link.symlink_to(tmp_path / "gone.pdf")
    with pytest.raises(DocumentError) as caught:
        verify_file(link, anchors=honest.trusted.anchors, at=honest.at)
    assert caught.value.code == "document.not_opened"
    assert "PDF" not in (caught.value.hint or "")
