"""One embedding, with the checks that follow it, against plain pyHanko making a signature of the same level.

Both sign the same field of the same prepared file, from file to file, with keys of the same kind, timestamps by the
same service and revocation lists by the same authority. pyHanko makes no check afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import tsp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator import ValidationContext

from benchmarks.harness import ROOT, Row, medians
from signkit.model.statement import FieldNames
from signkit.pades.changes import check_revision, check_signkit_file
from signkit.pades.changes.facts import LayoutFacts
from signkit.pades.cms import SigningIdentity
from signkit.pades.sign import SignatureRequest, approve, archive, complete
from signkit.pades.structure import Pdf
from signkit.pages.appearance import APPEARANCE_HEIGHT, layout_appearance
from signkit.pages.data import AppearanceDescription
from signkit.pages.render import inspect
from signkit.pages.signature_page import PLACE_WIDTH
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName
from signkit.testing.signed import SignedFile, ThrowawayAuthority, make_signed_pdf

__all__ = ["measure"]

DOCUMENT = ROOT / "examples" / "protokoll.pdf"


class WallClock:
    """Tells the time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class OurTimestamps(timestamps.TimeStamper):
    """Lets pyHanko ask the same service."""

    def __init__(self, service: EmbeddedTimestamper) -> None:
        super().__init__()
        self._service = service

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._service.respond(req.dump()))


@dataclass(slots=True)
class Bench:
    """Files and keys for both."""

    folder: Path
    authority: ThrowawayAuthority
    file: SignedFile
    service: EmbeddedTimestamper

    @property
    def facts(self) -> LayoutFacts:
        names: FieldNames = self.file.fields
        return LayoutFacts(
            size_r0=self.file.revisions["r0"].stat().st_size,
            size_r1=self.file.revisions["r1"].stat().st_size,
            certify=names.certify,
            complete=names.complete,
            persons=tuple(names.signatories.values()),
        )

    def request(self, field: str, identity: SigningIdentity) -> SignatureRequest:
        now = self.authority.clock.now()
        statement = self.file.manifest.encode()
        material, stamps = self.authority.material(), self.authority.stamps
        return SignatureRequest(
            field=field, identity=identity, statement=statement, at=now, material=material, timestamper=stamps
        )

    def person(self) -> SigningIdentity:
        return self.authority.person("Anna Testsson", person="0" * 32)

    def ours(self, identity: SigningIdentity) -> None:
        """Embed one person's signature and check the new revision, as signing does."""
        target = self.folder / "ours.pdf"
        request = self.request(self.file.fields.signatories["s1"], identity)
        look = AppearanceDescription(
            name="Anna Testsson", role="Ordförande", signed_at=request.at, provider="rehearsal", envelope="x", test=True
        )
        appearance = layout_appearance(look, width=PLACE_WIDTH, height=APPEARANCE_HEIGHT)
        target.unlink(missing_ok=True)
        approve(self.file.revisions["r2"], target, request, appearance=appearance)
        pdf = Pdf.open(target)
        facts = self.facts
        check_revision(pdf, 1 + sum(1 for item in pdf.revisions if item.end > facts.size_r1), facts)
        inspect(target)

    def ours_archived(self) -> None:
        """Seal, timestamp for the archive, and check the whole file, as completing does."""
        sealed, target = self.folder / "sealed.pdf", self.folder / "archived.pdf"
        for path in (sealed, target):
            path.unlink(missing_ok=True)
        complete(self.file.revisions["s1"], sealed, self.request(self.file.fields.complete, self.authority.seal()))
        archive(
            sealed,
            target,
            field=self.file.archive_field,
            beside=self.file.fields.certify,
            material=self.authority.material(),
            timestamper=self.authority.stamps,
        )
        check_signkit_file(Pdf.open(target), self.facts)
        inspect(target)

    def pyhanko(
        self, identity: SigningIdentity, pem: bytes, *, source: str, field: str, lta: bool
    ) -> Callable[[], None]:
        """Return what pyHanko's own documentation does for PAdES with revocation data."""
        from asn1crypto import keys, x509
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        chain = [x509.Certificate.load(der) for der in identity.chain]
        store = SimpleCertificateStore()
        store.register_multiple(chain[1:])
        signer = signers.SimpleSigner(
            signing_cert=chain[0], signing_key=keys.PrivateKeyInfo.load(pem), cert_registry=store
        )
        root = x509.Certificate.load(self.authority.keys.certificates(KeyName.ROOT)[0])
        stamper = OurTimestamps(self.service)

        def sign() -> None:
            crls = list(self.authority.material().crls)
            context: Any = ValidationContext(
                trust_roots=[root], crls=crls, other_certs=chain[1:], allow_fetching=False, revocation_mode="hard-fail"
            )
            metadata = signers.PdfSignatureMetadata(
                field_name=field,
                md_algorithm="sha256",
                subfilter=fields.SigSeedSubFilter.PADES,
                embed_validation_info=True,
                use_pades_lta=lta,
                validation_context=context,
            )
            with self.file.revisions[source].open("rb") as stream, (self.folder / "pyhanko.pdf").open("w+b") as target:
                signers.PdfSigner(metadata, signer=signer, timestamper=stamper).sign_pdf(
                    IncrementalPdfFileWriter(stream), output=target
                )

        return sign


def measure(rounds: int) -> list[Row]:
    """Return the ratios of one person's signature and of the seal with its archive timestamp."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "made").mkdir()
        authority = ThrowawayAuthority(clock=WallClock(), folder=folder / "keys")
        file = make_signed_pdf(folder / "made", source=DOCUMENT, persons=1, until="s1", authority=authority)
        bench = Bench(folder, authority, file, EmbeddedTimestamper(authority.authority, authority.clock))
        person, pem = _exportable(authority)
        actions: dict[str, Callable[[], object]] = {
            "ours": lambda: bench.ours(person),
            "theirs": bench.pyhanko(person, pem, source="r2", field=file.fields.signatories["s1"], lta=False),
            "ours archived": bench.ours_archived,
            "theirs archived": bench.pyhanko(person, pem, source="s1", field=file.fields.complete, lta=True),
        }
        took = medians(actions, rounds=rounds)
    return [
        Row("one signature embedded and checked (B-LT)", "pyHanko, B-LT", took["ours"] / took["theirs"], 2.0),
        Row(
            "completion seal and archive timestamp, whole file checked (B-LTA)",
            "pyHanko, B-LTA",
            took["ours archived"] / took["theirs archived"],
            2.0,
        ),
    ]


def _exportable(authority: ThrowawayAuthority) -> tuple[SigningIdentity, bytes]:
    """Return a person's identity, and its key as bytes so that pyHanko can use it too."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    identity = authority.person("Anna Testsson", person="0" * 32)
    key: Any = identity.key
    secret = key._key if hasattr(key, "_key") else key.key
    return identity, secret.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
