"""Anybody's signed PDF, made with pyHanko and a small authority: steps 1 to 5 and 11, at chosen times."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signkit.audit import verify_file
from signkit.model.report import ChangeLevel, Report, Verdict
from signkit.pages.render import inspect
from signkit.testing.signed import make_signed_pdf, plain_document
from signkit.x509.anchors import TrustAnchors

from .conftest import wrong

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def asn1(self) -> asn1_x509.Certificate:
        """The same for pyHanko."""
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        """The key for pyHanko."""
        raw = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return asn1_keys.PrivateKeyInfo.load(raw)


def issue(
    name: str,
    issuer: Holder | None = None,
    *,
    start: datetime = NOW - 10 * DAY,
    end: datetime = NOW + 300 * DAY,
    ca: bool = False,
    tsa: bool = False,
    key: Any = None,
    commitment: bool = True,
) -> Holder:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    builder = builder.issuer_name(issuer.certificate.subject if issuer else subject)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    usage = [not ca, commitment and not ca, False, False, False, ca, ca, False, False]
    builder = builder.add_extension(x509.KeyUsage(*usage), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if issuer:
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(issuer_id, critical=False)
    if tsa:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Holder(builder.sign((issuer.key if issuer else key), hashes.SHA256()), key)


ROOT = issue("Root", ca=True, end=NOW + 9000 * DAY)
TSA_ROOT = issue("TSA root", ca=True, end=NOW + 9000 * DAY)
TSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TSA = issue("TSA", TSA_ROOT, tsa=True, end=NOW + 4000 * DAY, key=TSA_KEY)
SIGNER = issue("Eva Ek", ROOT)
ANCHORS = TrustAnchors.of([ROOT.der, TSA_ROOT.der])


@pytest.fixture(autouse=True)
def _no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pyHanko from dating the file's metadata anew in each update: that is no validation data."""
    monkeypatch.setattr(IncrementalPdfFileWriter, "_update_meta", lambda _self: None)


def revocations(issuer: Holder, at: datetime, *, revoked: dict[int, datetime] | None = None) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(at).next_update(at + 30 * DAY)
    builder = builder.add_extension(x509.CRLNumber(1), critical=False)
    for serial, when in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def sign(
    data: bytes,
    signer: Holder = SIGNER,
    *,
    at: datetime | None = NOW,
    field: str = "Sig1",
    tsa: Holder = TSA,
    issuer: Holder = ROOT,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    **options: Any,
) -> bytes:
    """Return the file with one more signature; ``at`` None: without timestamp."""
    maker = signers.SimpleSigner(
        signing_cert=signer.asn1,
        signing_key=signer.asn1_key,
        cert_registry=SimpleCertificateStore.from_certs([signer.asn1, issuer.asn1]),
    )
    stamper = DummyTimeStamper(tsa.asn1, tsa.asn1_key, fixed_dt=at) if at else None
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    meta = signers.PdfSignatureMetadata(field_name=field, subfilter=subfilter, md_algorithm="sha256", **options)
    spec = fields.SigFieldSpec(field, box=None)
    out = signers.PdfSigner(meta, signer=maker, timestamper=stamper, new_field_spec=spec).sign_pdf(writer)
    return bytes(out.getbuffer())


def store(data: bytes, *lists: bytes) -> bytes:
    """Return the file with certificates and ``lists`` in its security store."""
    out = io.BytesIO(data)
    DocumentSecurityStore.add_dss(
        out,
        sig_contents=None,
        certs=[item.asn1 for item in (SIGNER, ROOT, TSA, TSA_ROOT)],
        crls=[asn1_crl.CertificateList.load(item) for item in lists],
    )
    return out.getvalue()


def stamp(data: bytes, at: datetime, tsa: Holder = TSA) -> bytes:
    """Return the file with a document timestamp."""
    stamper = signers.PdfTimeStamper(DummyTimeStamper(tsa.asn1, tsa.asn1_key, fixed_dt=at))
    out = stamper.timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), "sha256")
    return bytes(out.getbuffer())


def lists(at: datetime = NOW, **options: Any) -> tuple[bytes, bytes]:
    """Return a list of each root."""
    return revocations(ROOT, at, **options), revocations(TSA_ROOT, at)


def judged(data: bytes, folder: Path, *, at: datetime = NOW + DAY, anchors: TrustAnchors = ANCHORS) -> Report:
    path = folder / "stranger.pdf"
    path.write_bytes(data)
    return verify_file(path, anchors=anchors, at=at)


PLAIN = plain_document("Ett avtal")


def test_a_long_term_file_passes_long_after(tmp_path: Path):
    """B-LTA: the signer's certificate is long expired, and it is still proved."""
    data = stamp(store(sign(PLAIN), *lists()), NOW + timedelta(hours=1))
    for at in (NOW + DAY, NOW + 3000 * DAY):
        report = judged(data, tmp_path, at=at)
        assert report.verdict is Verdict.PASSED
        assert report.signatures[0].level == "B-LTA"
        assert report.signatures[0].gen_time == NOW
        assert report.claims["C1"].verdict is Verdict.NOT_DECIDED
        assert report.claims["C6"].verdict is Verdict.PASSED


def test_levels_are_those_reached(tmp_path: Path):
    """B-B without timestamp, B-T with one, B-LT with a store behind it."""
    plain, timed = sign(PLAIN, at=None), sign(PLAIN)
    files = {"B-B": plain, "B-T": timed, "B-LT": store(timed, *lists())}
    anchors = ANCHORS.merged(TrustAnchors.of([TSA.der]))
    found = {name: judged(data, tmp_path, anchors=anchors).signatures[0].level for name, data in files.items()}
    assert found == {name: name for name in files}


def test_another_format_has_no_level(tmp_path: Path):
    """The older format of Adobe is judged, but is no PAdES."""
    data = store(sign(PLAIN, subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED), *lists())
    report = judged(data, tmp_path)
    assert report.signatures[0].level is None
    assert report.verdict is Verdict.PASSED


def test_without_revocation_data_it_is_undecided(tmp_path: Path):
    """Nobody says whether the certificate was revoked: INDETERMINATE, never a guess."""
    report = judged(sign(PLAIN), tmp_path)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.signatures[0].sub_indication == "TRY_LATER"


def test_without_anchors_it_is_undecided(tmp_path: Path):
    """An unknown root is NO_CERTIFICATE_CHAIN_FOUND."""
    report = judged(store(sign(PLAIN), *lists()), tmp_path, anchors=TrustAnchors())
    assert report.verdict is Verdict.INDETERMINATE
    assert report.signatures[0].sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"


def test_the_timestamps_root_must_be_trusted_for_timestamps(tmp_path: Path):
    """A root for seals does not vouch for times."""
    anchors = TrustAnchors.of([ROOT.der]).merged(TrustAnchors.of([TSA_ROOT.der], purposes=["seal"]))
    report = judged(store(sign(PLAIN), *lists()), tmp_path, anchors=anchors)
    assert report.verdict is Verdict.INDETERMINATE
    assert "timestamp.untrusted" in wrong(report, Verdict.INDETERMINATE)


def test_revoked_after_signing_still_holds(tmp_path: Path):
    """A later revocation does not undo what a timestamp proves."""
    later = lists(NOW + 2 * DAY, revoked={SIGNER.certificate.serial_number: NOW + DAY})
    report = judged(store(sign(PLAIN), *lists(), *later), tmp_path, at=NOW + 3 * DAY)
    assert report.verdict is Verdict.PASSED


def test_revoked_before_signing_is_never_passed(tmp_path: Path):
    """REVOKED_NO_POE: revoked before the time that is proved, whichever list says so."""
    early = lists(NOW, revoked={SIGNER.certificate.serial_number: NOW - DAY})
    for material in (early, (*lists(NOW - 2 * DAY), *early)):
        report = judged(store(sign(PLAIN), *material), tmp_path)
        assert report.verdict is Verdict.INDETERMINATE
        assert report.signatures[0].sub_indication == "REVOKED_NO_POE"


def test_revoked_before_an_earlier_timestamp_in_the_file_fails(tmp_path: Path):
    """REVOKED: the bytes that it signs hold a timestamp later than the revocation."""
    first = sign(PLAIN, issue("Bo Ek", ROOT), field="Sig1")
    data = sign(first, SIGNER, at=NOW + timedelta(minutes=5), field="Sig2")
    material = lists(NOW, revoked={SIGNER.certificate.serial_number: NOW - DAY})
    report = judged(store(data, *material), tmp_path)
    assert report.verdict is Verdict.FAILED
    assert report.signatures[1].sub_indication == "REVOKED"


def test_signed_before_the_certificate_was_valid_fails(tmp_path: Path):
    """NOT_YET_VALID is proved by the timestamp."""
    early = issue("Eva Ek", ROOT, start=NOW + DAY)
    report = judged(store(sign(PLAIN, early), *lists()), tmp_path, at=NOW + 2 * DAY)
    assert report.verdict is Verdict.FAILED
    assert report.signatures[0].sub_indication == "NOT_YET_VALID"


def test_signed_after_the_certificate_had_expired_is_never_passed(tmp_path: Path):
    """OUT_OF_BOUNDS_NO_POE, and EXPIRED where an earlier timestamp in the file proves it."""
    late = issue("Eva Ek", ROOT, end=NOW - DAY)
    report = judged(store(sign(PLAIN, late), *lists()), tmp_path)
    assert report.signatures[0].sub_indication == "OUT_OF_BOUNDS_NO_POE"
    assert report.verdict is Verdict.INDETERMINATE
    twice = sign(sign(PLAIN, issue("Bo Ek", ROOT)), late, at=NOW + timedelta(minutes=5), field="Sig2")
    report = judged(store(twice, *lists()), tmp_path)
    assert report.signatures[1].sub_indication == "EXPIRED"
    assert report.verdict is Verdict.FAILED


def test_an_expired_timestamp_without_renewal_is_undecided(tmp_path: Path):
    """The last timestamp's certificate has expired: nothing proves that it was made before."""
    brief = issue("Brief TSA", TSA_ROOT, tsa=True, end=NOW + 10 * DAY, key=TSA_KEY)
    data = store(sign(PLAIN, tsa=brief), *lists())
    assert judged(data, tmp_path, at=NOW + DAY).verdict is Verdict.PASSED
    report = judged(data, tmp_path, at=NOW + 20 * DAY)
    assert report.verdict is Verdict.INDETERMINATE
    assert "timestamp.expired" in wrong(report, Verdict.INDETERMINATE)
    renewed = stamp(data, NOW + 5 * DAY)
    assert judged(renewed, tmp_path, at=NOW + 20 * DAY).verdict is Verdict.PASSED


def test_a_timestamp_later_than_its_cover_is_undecided(tmp_path: Path):
    """TIMESTAMP_ORDER_FAILURE: the archive timestamp is older than what it covers."""
    data = stamp(store(sign(PLAIN), *lists()), NOW - DAY)
    report = judged(data, tmp_path)
    assert report.verdict is Verdict.INDETERMINATE
    assert "timestamp.order" in wrong(report, Verdict.INDETERMINATE)


def test_a_certificate_that_may_not_sign_is_never_passed(tmp_path: Path):
    """A certificate authority's key is not for signing documents."""
    odd = issue("CA", ROOT, ca=True)
    report = judged(store(sign(PLAIN, odd, signer_key_usage=set()), *lists()), tmp_path)
    assert report.verdict is not Verdict.PASSED


def test_a_short_key_is_never_passed(tmp_path: Path):
    """RSA of 1024 bits is CRYPTO_CONSTRAINTS_FAILURE, whoever vouches."""
    weak = issue("Eva Ek", ROOT, key=rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505
    report = judged(store(sign(PLAIN, weak), *lists()), tmp_path)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.signatures[0].sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"


def test_a_changed_byte_is_a_hash_failure(tmp_path: Path):
    """HASH_FAILURE for content, SIG_CRYPTO_FAILURE for the value."""
    data = store(sign(PLAIN), *lists())
    report = judged(data.replace(b"Ett avtal", b"Ett avtaL"), tmp_path)
    assert report.verdict is Verdict.FAILED
    assert report.signatures[0].sub_indication == "HASH_FAILURE"


@pytest.mark.parametrize("tail", [b"\n", b"% comment\n", b"9 0 obj\n<< >>\nendobj\n"])
def test_anything_after_the_end_fails(tail: bytes, tmp_path: Path):
    """No byte may follow the last signature but validation data."""
    data = store(sign(PLAIN), *lists())
    assert judged(data + tail, tmp_path).verdict is Verdict.FAILED


def test_an_update_after_signing_fails(tmp_path: Path):
    """Content rewritten by a later update fails C2, the signature itself still holding."""
    writer = IncrementalPdfFileWriter(io.BytesIO(store(sign(PLAIN), *lists())))
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.pdf_name("/Rotate")] = generic.NumberObject(90)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    report = judged(out.getvalue(), tmp_path)
    assert report.verdict is Verdict.FAILED
    assert report.claims["C2"].verdict is Verdict.FAILED
    assert report.signatures[0].verdict is Verdict.PASSED
    assert report.signatures[0].changes_after is ChangeLevel.OTHER


def test_two_signatures_pass(tmp_path: Path):
    """The second signature fills a field: explained, and told."""
    twice = sign(sign(PLAIN), issue("Bo Ek", ROOT), at=NOW + timedelta(minutes=5), field="Sig2")
    report = judged(store(twice, *lists()), tmp_path)
    assert report.verdict is Verdict.PASSED
    assert report.signatures[0].changes_after is ChangeLevel.FORM_FILL


def test_pyhanko_agrees_on_an_honest_file(tmp_path: Path):
    """The reference implementation of EN 319 102-1 in Python comes to the same conclusion."""
    import asyncio

    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.ades.report import AdESPassed
    from pyhanko.sign.validation.ades import ades_lta_validation
    from pyhanko.sign.validation.policy_decl import (
        PdfSignatureValidationSpec,
        RevinfoOnlineFetchingRule,
        RevocationInfoGatheringSpec,
        SignatureValidationSpec,
    )
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
    from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
    from pyhanko_certvalidator.registry import SimpleTrustManager

    data = stamp(store(sign(PLAIN), *lists()), NOW + timedelta(hours=1))
    assert judged(data, tmp_path, at=NOW + DAY).verdict is Verdict.PASSED
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build([ROOT.asn1, TSA_ROOT.asn1]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    spec = SignatureValidationSpec(
        cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
    )
    found = PdfFileReader(io.BytesIO(data)).embedded_regular_signatures[0]
    moment = ValidationTimingInfo(NOW + DAY, NOW + DAY, point_in_time_validation=True)
    result = asyncio.run(ades_lta_validation(found, PdfSignatureValidationSpec(spec), timing_info=moment))
    assert result.ades_subindic == AdESPassed.OK


def test_no_opinion_on_revisions_is_no_other_opinion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the second reader finds no revision at all, that is said, and is no disagreement."""
    made = make_signed_pdf(tmp_path, persons=1)
    place = "signkit.audit.document.inspect"
    monkeypatch.setattr(place, lambda path: dataclasses.replace(inspect(path), revision_ends=()))
    report = verify_file(made.path, anchors=TrustAnchors(), at=made.authority.clock.now())
    assert "document.parsers_disagree" not in {item.code for item in report.findings}
    assert "document.no_revision_opinion" in {item.reason for item in report.not_checked}
    monkeypatch.setattr(
        place, lambda path: dataclasses.replace(inspect(path), revision_ends=(made.path.stat().st_size,))
    )
    report = verify_file(made.path, anchors=TrustAnchors(), at=made.authority.clock.now())
    assert "document.parsers_disagree" in {item.code for item in report.findings}
