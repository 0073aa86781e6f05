"""Signed files of strangers whose programs have odd habits: no verdict FAILED for a habit, no exception."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signkit.errors import UnsupportedDocumentError
from signkit.model.report import Report, Verdict
from signkit.pades.examine import examine
from signkit.pades.structure import Pdf, Ref
from signkit.testing.odd import updated_after_word, word_style

from .conftest import wrong
from .test_strangers import PLAIN, ROOT, SIGNER, Holder, judged, sign


@pytest.fixture(autouse=True)
def _no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pyHanko from dating the file's metadata anew in each update: that is no validation data."""
    monkeypatch.setattr(IncrementalPdfFileWriter, "_update_meta", lambda _self: None)


_BROKEN_POLICIES = bytes.fromhex("3019301706022a033011300f06082b0601050507020230031a01e5")
"""One policy whose notice is a VisibleString with a letter that such a string cannot hold."""


class _Signer(signers.SimpleSigner):
    """Signs with one more attribute, of two values, that nobody knows."""

    async def signed_attrs(self, *args: Any, **kwargs: Any) -> cms.CMSAttributes:
        found = await super().signed_attrs(*args, **kwargs)
        odd = cms.CMSAttribute({"type": "1.3.6.1.4.1.15027.2.1", "values": [core.Integer(1), core.Integer(2)]})
        found.append(odd)
        return found


def loosely_signed(
    data: bytes, maker: type[signers.SimpleSigner] = signers.SimpleSigner, holder: Holder = SIGNER
) -> bytes:
    """Return the file signed by a program that reads leniently."""
    registry = SimpleCertificateStore.from_certs([holder.asn1, ROOT.asn1])
    signer = maker(signing_cert=holder.asn1, signing_key=holder.asn1_key, cert_registry=registry)
    meta = signers.PdfSignatureMetadata(field_name="Sig1", md_algorithm="sha256")
    spec = fields.SigFieldSpec("Sig1", box=None)
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    return bytes(signers.PdfSigner(meta, signer=signer, new_field_spec=spec).sign_pdf(writer).getbuffer())


def sound(report: Report) -> None:
    """Fail unless the one signature was judged, and nothing about it or the file is wrong."""
    assert len(report.signatures) == 1
    assert wrong(report) == set()
    assert report.verdict is Verdict.INDETERMINATE  # for lack of revocation data


@pytest.mark.parametrize("source", [word_style(), updated_after_word()], ids=["word", "updated"])
def test_a_signed_document_from_a_word_processor(source: bytes, tmp_path: Path) -> None:
    """A table, an empty table and a stream of one save are one revision; a repeated pointer to the stream is none."""
    sound(judged(loosely_signed(source), tmp_path))


def test_an_unsigned_document_from_a_word_processor_is_read(tmp_path: Path) -> None:
    """It is a readable file without a signature, not a damaged one."""
    assert judged(word_style(), tmp_path).signatures == ()


def test_a_stream_slipped_in_after_signing_is_found(tmp_path: Path) -> None:
    """An empty table behind the signature, naming a stream in front of it, is a later change, no part of the save."""
    data = sign(PLAIN, at=None)
    before = data.rpartition(b"startxref\n")[2].partition(b"\n")[0]
    tail = b"xref\n0 0\ntrailer\n<< /Size 9 /Root 1 0 R /Prev %s /XRefStm %s >>\n" % (before, before)
    assert wrong(judged(data + tail + b"startxref\n%d\n%%%%EOF\n" % len(data), tmp_path))


def recataloged(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file saved again by a program that writes the catalog under a new number, and forgets trailer keys."""
    view = Pdf.open(data).view()
    root = view.trailer["Root"]
    assert isinstance(root, Ref)
    old = re.findall(rb"(?s)\n%d 0 obj(.+?)endobj" % root.num, data)[-1]
    before = data.rpartition(b"startxref\n")[2].partition(b"\n")[0]
    new = data + b"90 0 obj" + change(old) + b"endobj\n"
    trailer = b"trailer\n<< /Size 91 /Root 90 0 R /Prev %s /AdditionalStreams [/x 91 0 R] >>\n" % before
    return new + b"xref\n90 1\n%010d 00000 n \n" % len(data) + trailer + b"startxref\n%d\n%%%%EOF\n" % len(new)


def test_a_catalog_under_a_new_number_is_compared(tmp_path: Path) -> None:
    """The same catalog elsewhere changes nothing; another one does."""
    data = loosely_signed(PLAIN)
    sound(judged(recataloged(data, bytes), tmp_path))
    moved = recataloged(data, lambda old: re.sub(rb"/Pages \d+", b"/Pages 3", old))
    assert "changes.unexplained" in wrong(judged(moved, tmp_path))


def test_an_unknown_attribute_of_several_values_is_no_fault(tmp_path: Path) -> None:
    """RFC 5652 clause 11 wants one value of certain attributes only."""
    sound(judged(loosely_signed(PLAIN, _Signer), tmp_path))


def altered(data: bytes, change: Callable[[Any], None]) -> bytes:
    """Return a signed file with another CMS in its place."""
    begin = data.index(b"/Contents <") + len(b"/Contents <")
    room = data.index(b">", begin) - begin
    info = cms.ContentInfo.load(bytes.fromhex(data[begin : begin + room].decode("ascii")).rstrip(b"\0"))
    change(info["content"]["signer_infos"][0])
    made: bytes = info.dump(force=True)
    return data[:begin] + made.hex().ljust(room, "0").encode("ascii") + data[begin + room :]


def test_a_signature_without_attributes_cannot_be_decided(tmp_path: Path) -> None:
    """RFC 5652 clause 5.3 allows it; it binds no certificate, so nothing is said of it, neither good nor bad."""

    def strip(signer: Any) -> None:
        del signer["signed_attrs"]

    report = judged(altered(sign(PLAIN, at=None), strip), tmp_path)
    assert wrong(report) == set()
    assert wrong(report, Verdict.INDETERMINATE) >= {"signature.no_signed_attributes"}


def test_a_method_that_nobody_here_knows_cannot_be_decided(tmp_path: Path) -> None:
    """A signature by a newer method (RSA with SHA3-256, here) is not called wrong."""

    def renew(signer: Any) -> None:
        signer["signature_algorithm"] = {"algorithm": "2.16.840.1.101.3.4.3.14"}

    report = judged(altered(sign(PLAIN, at=None), renew), tmp_path)
    assert wrong(report) == set()
    assert wrong(report, Verdict.INDETERMINATE) >= {"signature.algorithm"}


def test_a_broken_signature_is_not_signed_over(tmp_path: Path) -> None:
    """People would put their names to a file that nobody can prove afterwards."""
    data = sign(PLAIN, at=None)
    path = tmp_path / "stranger.pdf"
    path.write_bytes(data)
    assert examine(path).signed
    path.write_bytes(data.replace(b"Ett avtal", b"Ett annat"))
    with pytest.raises(UnsupportedDocumentError) as refused:
        examine(path)
    assert refused.value.code == "document.signature_broken"


def test_a_certificate_with_an_unreadable_extension_is_no_exception(tmp_path: Path) -> None:
    """Real authorities write policy texts that break their own type; the rest of the certificate is still read."""
    was = SIGNER.certificate
    builder = x509.CertificateBuilder().subject_name(was.subject).public_key(SIGNER.key.public_key())
    builder = builder.issuer_name(ROOT.certificate.subject).serial_number(77)
    builder = builder.not_valid_before(was.not_valid_before_utc).not_valid_after(was.not_valid_after_utc)
    for extension in was.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    broken = x509.UnrecognizedExtension(x509.OID_CERTIFICATE_POLICIES, _BROKEN_POLICIES)
    made = builder.add_extension(broken, critical=False).sign(ROOT.key, hashes.SHA256())
    with pytest.raises(ValueError, match="asn1"):
        made.extensions  # noqa: B018 - reading is the point
    sound(judged(loosely_signed(PLAIN, holder=Holder(made, SIGNER.key)), tmp_path))
