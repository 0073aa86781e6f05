"""The signatures of an envelope's life, as our own rules, pyHanko and PDFium see them."""

from __future__ import annotations

import io
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto.keys import PrivateKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signkit import canonical
from signkit.errors import SealError, TimestampError, UsageError
from signkit.files import sha256_of
from signkit.pades import (
    SignatureRequest,
    StampBook,
    ValidationMaterial,
    approve,
    archive,
    certify,
    complete,
)
from signkit.pades.changes import LayoutFacts, check_places, check_signkit_file, places, statement_strings
from signkit.pades.statement_bytes import join
from signkit.pades.structure import Name, Pdf, Ref
from signkit.pages.render import inspect
from signkit.ports.keys import KeyName
from signkit.ports.timestamper import Timestamp, TimestampMaterial
from signkit.testing.signed import SignedFile, ThrowawayAuthority, make_signed_pdf, plain_document
from signkit.x509.certificates import Certificate


def facts_of(made: SignedFile, *, unsigned: tuple[str, ...] = ()) -> LayoutFacts:
    """Return what the manifest says about the layout."""
    return LayoutFacts(
        size_r0=made.revisions["r0"].stat().st_size,
        size_r1=made.revisions["r1"].stat().st_size,
        certify=made.fields.certify,
        complete=made.fields.complete,
        persons=tuple(made.fields.signatories.values()),
        unsigned=unsigned,
    )


def request(authority: ThrowawayAuthority, field: str, **changed: Any) -> SignatureRequest:
    """Return a request of the seal."""
    wanted: dict[str, Any] = {
        "field": field,
        "identity": authority.seal(),
        "statement": b"{}",
        "at": authority.clock.now(),
        "material": authority.material(),
        "timestamper": authority.stamps,
    }
    return SignatureRequest(**(wanted | changed))


def test_every_revision_is_a_prefix_of_the_next(finished: SignedFile) -> None:
    """Nothing that was written is ever written again."""
    contents = [path.read_bytes() for path in finished.revisions.values()]
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(contents))


def test_our_own_rules_find_nothing(finished: SignedFile) -> None:
    """The list of changes and the places of signatures are as proof.md says, after every revision."""
    for name, path in finished.revisions.items():
        if name not in {"r0", "r1"}:
            pdf = Pdf.open(path)
            assert check_signkit_file(pdf, facts_of(finished)) == []
            assert check_places(pdf, signkit_after=finished.revisions["r0"].stat().st_size) == []


def test_pyhanko_validates_everything(finished: SignedFile) -> None:
    """Each signature is valid, trusted and covers its revision; later changes are no more than filling in."""
    root = Certificate(finished.authority.keys.certificates(KeyName.ROOT)[0]).asn1
    with finished.path.open("rb") as stream:
        signatures = PdfFileReader(stream).embedded_signatures
        moment = signatures[-1].signed_data["encap_content_info"]["content"].parsed["gen_time"].native
        context = ValidationContext(trust_roots=[root], moment=moment, allow_fetching=False)
        for signature in signatures[:-1]:
            status = validate_pdf_signature(signature, context, context)
            assert status.bottom_line
            assert status.modification_level in {ModificationLevel.FORM_FILLING, ModificationLevel.LTA_UPDATES}
        assert validate_pdf_timestamp(signatures[-1], context).valid


def test_pdfium_sees_each_signature(finished: SignedFile) -> None:
    """The second parser counts as many signatures with contents as there are."""
    assert len(inspect(finished.path).signatures) == 5


def test_statements_stand_in_their_dictionaries(finished: SignedFile) -> None:
    """Certification, persons and completion carry a statement each, and the archive timestamp none."""
    pdf = Pdf.open(finished.path)
    schemas = []
    for place in places(pdf):
        strings = statement_strings(place)
        schemas.append(canonical.decode(join(strings))["schema"] if strings else None)
    assert schemas == ["signkit.manifest/1", "signkit.signature/1", "signkit.signature/1", "signkit.completion/1", None]


def test_dictionaries_say_what_they_are(finished: SignedFile) -> None:
    """Certification with DocMDP 2 in /Perms, a lock at completion, our clock in /M, no reason, no name, no VRI."""
    pdf = Pdf.open(finished.path)
    view = pdf.view()
    certification, first, _, completion, archived = places(pdf)
    assert view.get_dict(view.catalog["Perms"])["DocMDP"] == Ref(certification.number or 0, 0)
    reference = certification.dict["Reference"][0]
    assert (reference["TransformMethod"], reference["TransformParams"]["P"]) == (Name("DocMDP"), 2)
    assert "Reference" not in first.dict
    lock = completion.dict["Reference"][0]
    assert (lock["TransformMethod"], lock["TransformParams"]["Action"]) == (Name("FieldMDP"), Name("Include"))
    assert lock["Data"] == view.trailer["Root"]
    for place in (certification, first, completion):
        assert place.dict["SubFilter"] == Name("ETSI.CAdES.detached")
        assert place.dict["M"].startswith(b"D:20260302")
        assert not {"Reason", "Name", "Location", "ContactInfo"} & set(place.dict)
    assert archived.dict["SubFilter"] == Name("ETSI.RFC3161")
    assert "VRI" not in view.get_dict(view.catalog["DSS"])
    assert view.get_dict(view.get_dict(view.catalog["Extensions"])["ESIC"])["ExtensionLevel"] == 1


def test_contents_are_reserved_closely(finished: SignedFile) -> None:
    """The place for a signature is at most some dozen bytes larger than it needs."""
    for place in places(Pdf.open(finished.path)):
        contents = place.container or b""
        length = 4 + int.from_bytes(contents[2:4], "big")
        assert 0 <= len(contents) - length <= 90


def test_an_appearance_comes_with_the_signature(finished: SignedFile) -> None:
    """A person's place shows something new after signing, in a new object of the same size and colours."""
    name = finished.fields.signatories["s1"]
    looks = []
    for revision in ("r2", "s1"):
        view = Pdf.open(finished.revisions[revision]).view()
        field = next(item for item in view.fields if item.name == name)
        looks.append((field.dict["AP"]["N"], view.resolve(field.dict["AP"]["N"])))
    (old_ref, old), (new_ref, new) = looks
    assert old_ref != new_ref
    assert old.data == b""
    assert b"Tj" in new.data
    assert old.dict["BBox"] == new.dict["BBox"]
    assert old.dict["Resources"]["ColorSpace"] == new.dict["Resources"]["ColorSpace"]


@pytest.mark.parametrize(("persons", "sign", "outcome"), [(1, 1, "completed"), (3, 1, "declined"), (2, 0, "voided")])
def test_other_lives(tmp_path: Path, authority: ThrowawayAuthority, persons: int, sign: int, outcome: str) -> None:
    """One person, a declined and a voided envelope end in an honest file, too."""
    made = make_signed_pdf(tmp_path, persons=persons, sign=sign, outcome=outcome, authority=authority)
    unsigned = tuple(list(made.fields.signatories.values())[sign:])
    assert check_signkit_file(Pdf.open(made.path), facts_of(made, unsigned=unsigned)) == []
    assert len(inspect(made.path).signatures) == sign + 3


def test_tagged_documents_go_through(tmp_path: Path, authority: ThrowawayAuthority, protokoll: Path) -> None:
    """The example protocol, tagged, ends in an honest file."""
    made = make_signed_pdf(tmp_path, source=protokoll, persons=2, authority=authority)
    assert check_signkit_file(Pdf.open(made.path), facts_of(made)) == []


def test_an_exported_copy_ends_with_a_timestamp(tmp_path: Path, authority: ThrowawayAuthority) -> None:
    """An unfinished file gets its timestamp on a copy, and the original goes on without it."""
    made = make_signed_pdf(tmp_path, persons=2, until="s1", authority=authority)
    before = sha256_of(made.path)
    material = authority.material()
    copy = archive(
        made.path,
        tmp_path / "copy.pdf",
        field=made.archive_field,
        beside=made.fields.certify,
        material=material,
        timestamper=authority.stamps,
    )
    assert sha256_of(made.path) == before
    assert check_signkit_file(Pdf.open(copy.path), facts_of(made)) == []


def test_renewals_go_on(tmp_path: Path, finished: SignedFile) -> None:
    """A second archive timestamp is as honest as the first; the same field twice is refused."""
    authority = finished.authority
    wanted: dict[str, Any] = {
        "beside": finished.fields.certify,
        "material": authority.material(),
        "timestamper": authority.stamps,
    }
    second = finished.archive_field.replace("-1", "-2")
    renewed = archive(finished.path, tmp_path / "renewed.pdf", field=second, **wanted)
    assert check_signkit_file(Pdf.open(renewed.path), facts_of(finished)) == []
    with pytest.raises(SealError, match="exists"):
        archive(renewed.path, tmp_path / "again.pdf", field=finished.archive_field, **wanted)


def _stranger(data: bytes, *, certify_with: MDPPerm | None) -> bytes:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "Främling")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), 5, start, start.replace(year=2030))
    certificate = builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)
    key = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(
        signing_cert=Certificate(certificate).asn1,
        signing_key=PrivateKeyInfo.load(key),
        cert_registry=SimpleCertificateStore(),
    )
    wanted = PdfSignatureMetadata(
        field_name="Främling",
        subfilter=SigSeedSubFilter.PADES,
        certify=certify_with is not None,
        docmdp_permissions=certify_with or MDPPerm.FILL_FORMS,
    )
    signed = sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), wanted, signer)
    return bytes(signed.getvalue())


@pytest.mark.parametrize("certified", [None, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE])
def test_a_signed_document_keeps_its_signatures(
    tmp_path: Path, authority: ThrowawayAuthority, certified: MDPPerm | None
) -> None:
    """A document that somebody signed before gets no page and no certification, and that signature stays valid."""
    data = _stranger(plain_document(), certify_with=certified)
    made = make_signed_pdf(tmp_path, source=data, persons=2, authority=authority)
    pdf = Pdf.open(made.path)
    assert len(pdf.view().pages) == 1
    assert "Reference" not in places(pdf)[1].dict
    assert check_signkit_file(pdf, facts_of(made)) == []
    with made.path.open("rb") as stream:
        reader = PdfFileReader(stream)
        signature = reader.embedded_signatures[0]
        signature.compute_integrity_info(DEFAULT_DIFF_POLICY)
        intact, _ = validate_sig_integrity(
            signature.signer_info,
            signature.signer_cert,
            expected_content_type="data",
            actual_digest=signature.compute_digest(),
        )
    assert intact
    assert signature.diff_result.modification_level in {ModificationLevel.FORM_FILLING, ModificationLevel.LTA_UPDATES}


def test_wrong_requests_leave_nothing(tmp_path: Path, finished: SignedFile) -> None:
    """Unknown and signed fields, a missing lock, a naive time, a statement that is none: an error, and no file."""
    authority, r2, s1 = finished.authority, finished.revisions["r2"], finished.revisions["s1"]
    target = tmp_path / "out.pdf"
    first = finished.fields.signatories["s1"]
    wrong: list[tuple[Any, Path, SignatureRequest, str]] = [
        (approve, r2, request(authority, "nobody"), "seal.field"),
        (approve, s1, request(authority, first), "seal.field_taken"),
        (complete, r2, request(authority, first), "seal.not_prepared"),
        (approve, r2, request(authority, first, statement=b"{ }"), "seal.statement"),
        (approve, r2, request(authority, first, at=datetime(2026, 3, 2)), "seal.time"),  # noqa: DTZ001
        (certify, finished.revisions["r0"], request(authority, first), "seal.not_prepared"),
        (certify, r2, request(authority, first), "seal.certified"),
    ]
    for action, source, wanted, code in wrong:
        with pytest.raises(SealError) as caught:
            action(source, target, wanted)
        assert caught.value.code == code
    with pytest.raises(UsageError):
        approve(r2, r2, request(authority, first))
    assert list(tmp_path.iterdir()) == []


class _Moody:
    """A timestamper whose tokens grow, or that fails after some."""

    def __init__(self, real: StampBook, *, grow: int = 0, fail_after: int = 99) -> None:
        self._real = real
        self._grow = grow
        self._left = fail_after
        self.calls = 0

    def timestamp(self, imprint: bytes, *, digest: str = "sha256") -> Timestamp:
        self.calls += 1
        if self.calls > self._left:
            raise TimestampError("no answer")
        given = self._real.timestamper.timestamp(imprint, digest=digest)
        padding = bytes(self._grow * self.calls)
        return Timestamp(token=given.token + padding, gen_time=given.gen_time, service=given.service)

    def material(self, timestamp: Timestamp) -> TimestampMaterial:
        return self._real.timestamper.material(timestamp)


def test_a_token_that_never_fits_is_an_error(tmp_path: Path, finished: SignedFile) -> None:
    """A service whose tokens grow each time ends in an error, not in a broken file."""
    moody = _Moody(finished.authority.stamps, grow=1000)
    wanted = request(finished.authority, finished.fields.certify, timestamper=moody)
    with pytest.raises(TimestampError) as caught:
        certify(finished.revisions["r1"], tmp_path / "out.pdf", wanted)
    assert caught.value.code == "seal.timestamp.unsteady"
    assert list(tmp_path.iterdir()) == []


def test_a_timestamper_that_fails_stops_the_signing(tmp_path: Path, finished: SignedFile) -> None:
    """Nothing is downgraded: without a timestamp there is no file."""
    moody = _Moody(finished.authority.stamps, fail_after=1)
    wanted = request(finished.authority, finished.fields.certify, timestamper=moody)
    with pytest.raises(TimestampError):
        certify(finished.revisions["r1"], tmp_path / "out.pdf", wanted)
    assert list(tmp_path.iterdir()) == []


def test_a_signature_costs_one_token(tmp_path: Path, finished: SignedFile) -> None:
    """With a book kept, one token is asked for each signature; the first one costs a sample more."""
    counting = _Moody(finished.authority.stamps)
    book = StampBook(counting)
    for number in range(3):
        wanted = request(finished.authority, finished.fields.certify, timestamper=book)
        certify(finished.revisions["r1"], tmp_path / f"{number}.pdf", wanted)
    assert counting.calls == 4


def test_too_long_chains_are_refused(tmp_path: Path, finished: SignedFile) -> None:
    """A signature that PDF/A could not carry is refused before anything is signed."""
    moody = _Moody(finished.authority.stamps, grow=33_000)
    wanted = request(finished.authority, finished.fields.certify, timestamper=moody)
    with pytest.raises(SealError) as caught:
        certify(finished.revisions["r1"], tmp_path / "out.pdf", wanted)
    assert caught.value.code == "seal.too_large"


def test_long_statements_are_compressed_into_strings(tmp_path: Path, finished: SignedFile) -> None:
    """A statement of 200 KB goes in and comes out."""
    statement = canonical.encode({"noise": [str(hash((1, number))) for number in range(12_000)]})
    wanted = request(finished.authority, finished.fields.certify, statement=statement)
    made = certify(finished.revisions["r1"], tmp_path / "out.pdf", wanted)
    pdf = Pdf.open(made.path)
    strings = statement_strings(places(pdf)[0]) or []
    assert len(strings) > 1
    assert join(strings) == statement


def test_material_is_kept_once(finished: SignedFile) -> None:
    """No certificate and no list stands twice in the store."""
    view = Pdf.open(finished.path).view()
    store = view.get_dict(view.catalog["DSS"])
    for key in ("Certs", "CRLs"):
        held = [view.resolve(ref).data for ref in view.get_list(store[key])]
        assert len(held) == len(set(held)) > 0
    assert ValidationMaterial(crls=(b"a", b"a")) + ValidationMaterial(crls=(b"b", b"a")) == ValidationMaterial(
        crls=(b"a", b"b")
    )


class _Shifted(_Moody):
    """A timestamper whose tokens pretend another time to us."""

    def __init__(self, real: StampBook, *, at: datetime) -> None:
        super().__init__(real)
        self._at = at

    def timestamp(self, imprint: bytes, *, digest: str = "sha256") -> Timestamp:
        given = super().timestamp(imprint, digest=digest)
        return Timestamp(token=given.token, gen_time=self._at, service=given.service)


@pytest.mark.parametrize(("seconds", "code"), [(1, "seal.time_order"), (-1, "clock_skew")])
def test_times_must_fit(tmp_path: Path, finished: SignedFile, seconds: int, code: str) -> None:
    """A timestamp before the signature before, or outside the certificate's validity, stops the signing."""
    start = finished.authority.seal().certificate.not_before
    odd = _Shifted(finished.authority.stamps, at=start + timedelta(seconds=seconds))
    wanted = request(finished.authority, finished.fields.complete, timestamper=odd)
    with pytest.raises(SealError) as caught:
        complete(finished.revisions["s2"], tmp_path / "out.pdf", wanted)
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_time_is_told_in_utc(tmp_path: Path, finished: SignedFile) -> None:
    """/M carries the instant that was given."""
    moment = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    made = certify(
        finished.revisions["r1"], tmp_path / "out.pdf", request(finished.authority, finished.fields.certify, at=moment)
    )
    assert places(Pdf.open(made.path))[0].dict["M"] in {b"D:20260302093000Z", b"D:20260302093000+00'00'"}
