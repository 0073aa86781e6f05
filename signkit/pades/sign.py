"""The signatures of an envelope's life: certify (R2), approve (R3…), complete, archive (proof.md sections 2 to 4)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, PdfSignedData

from signkit.pades.appearances import set_appearance
from signkit.pades.cms import Commitment, SigningIdentity
from signkit.pades.containers import CmsContainer, TokenContainer
from signkit.pades.embed import Embedded, Update, embed
from signkit.pades.security_store import ValidationMaterial, add_material
from signkit.pades.signature_dictionary import (
    add_timestamp_field,
    certify_document,
    declare_pades,
    lock_fields,
    new_signature,
    sign_field,
)
from signkit.pades.timestamping import Expected, StampBook
from signkit.pades.writer import Writer
from signkit.pages.data import Appearance
from signkit.ports.timestamper import Timestamper

__all__ = ["SignatureRequest", "approve", "archive", "certify", "complete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    """What every signature needs to be told."""

    field: str
    """The empty signature field, made in R1."""
    identity: SigningIdentity
    statement: bytes = dataclasses.field(repr=False)
    """Canonical JSON: manifest, signature statement or completion statement."""
    at: datetime
    """Our clock, for ``/M``; aware."""
    material: ValidationMaterial
    """Revocation data for the identity's chain. The chain itself and the timestamp's material are found here."""
    timestamper: Timestamper | StampBook
    """A ``StampBook`` saves one token per signature."""
    role: str | None = None
    """Claimed role (EN 319 122-1 clause 5.2.6), or None."""


def certify(source: Path, target: Path, request: SignatureRequest, *, docmdp: bool = True) -> Embedded:
    """Make ``target`` R2: the prepared ``source`` under the organisation's seal, with the manifest.

    Args:
        source: R1.
        target: where R2 goes; another path.
        request: the certification field, the seal, the manifest.
        docmdp: certify with P=2 (ISO 32000-1 clause 12.8.2.2); False for a document that was signed before, where a
            certification would have had to come first.

    Raises:
        SealError: key, timestamp or place fail; ``target`` is as it was.
        DocumentError: the document cannot be updated.
    """

    def update(writer: Writer, expected: Expected, digits: int) -> PdfSignedData:
        signature = new_signature(request.statement, at=request.at, digits=digits)
        reference, _ = sign_field(writer, request.field, signature)
        if docmdp:
            certify_document(writer, reference, signature)
        declare_pades(writer)
        add_material(writer, _material(request, expected), fresh=True)
        return signature

    return _embed(source, target, request, update, commitment=Commitment.ORIGIN)


def approve(source: Path, target: Path, request: SignatureRequest, *, appearance: Appearance | None = None) -> Embedded:
    """Make ``target`` the file ``source`` with one person's approval signature.

    Args:
        source: the newest revision.
        target: where the new one goes; another path.
        request: the signatory's field, one-time key and certificate, the signature statement.
        appearance: what the place shows from now on; None leaves it as it is (a document without our page).

    Raises:
        SealError: key, timestamp or place fail; ``target`` is as it was.
        DocumentError: the document cannot be updated.
    """

    def update(writer: Writer, expected: Expected, digits: int) -> PdfSignedData:
        signature = new_signature(request.statement, at=request.at, digits=digits)
        _, place = sign_field(writer, request.field, signature)
        if appearance is not None:
            set_appearance(writer, place, appearance)
        add_material(writer, _material(request, expected), fresh=False)
        return signature

    return _embed(source, target, request, update, commitment=Commitment.APPROVAL)


def complete(source: Path, target: Path, request: SignatureRequest) -> Embedded:
    """Make ``target`` the file ``source`` under the completion seal, whose field's lock closes the file.

    Args:
        source: the newest revision.
        target: where the new one goes; another path.
        request: the completion field, the seal, the completion statement.

    Raises:
        SealError: key, timestamp or place fail; ``target`` is as it was.
        DocumentError: the document cannot be updated.
    """

    def update(writer: Writer, expected: Expected, digits: int) -> PdfSignedData:
        signature = new_signature(request.statement, at=request.at, digits=digits)
        _, place = sign_field(writer, request.field, signature)
        lock_fields(writer, place, signature)
        add_material(writer, _material(request, expected), fresh=False)
        return signature

    return _embed(source, target, request, update, commitment=Commitment.ORIGIN)


def archive(
    source: Path,
    target: Path,
    *,
    field: str,
    beside: str,
    material: ValidationMaterial,
    timestamper: Timestamper | StampBook,
) -> Embedded:
    """Make ``target`` the file ``source`` with validation data and a document timestamp, one revision (B-LTA).

    The same makes a renewal, and the exported copy of an unfinished file, whose original goes on without it.

    Args:
        source: the newest revision.
        target: where the new one goes; another path.
        field: name of the timestamp's field, which is made here.
        beside: a seal's field made in R1; the new field shares its page, its empty rectangle and its empty appearance.
        material: revocation data issued after the signatures' timestamps, for every chain in the file.
        timestamper: the service; its token is over SHA-512.

    Raises:
        SealError: the timestamp or the place fails; ``target`` is as it was.
        DocumentError: the document cannot be updated.
    """

    def update(writer: Writer, expected: Expected, digits: int) -> PdfSignedData:
        timestamp = DocumentTimestamp(bytes_reserved=digits)
        add_timestamp_field(writer, field, beside=beside, timestamp=timestamp)
        add_material(writer, material + expected.material, fresh=False)
        return timestamp

    stamps = StampBook.of(timestamper)
    return embed(source, target, field=field, container=TokenContainer(), update=update, stamps=stamps)


def _embed(
    source: Path, target: Path, request: SignatureRequest, update: Update, *, commitment: Commitment
) -> Embedded:
    return embed(
        source,
        target,
        field=request.field,
        container=CmsContainer.of(request.identity, commitment=commitment, role=request.role),
        update=update,
        stamps=StampBook.of(request.timestamper),
    )


def _material(request: SignatureRequest, expected: Expected) -> ValidationMaterial:
    return ValidationMaterial(certificates=request.identity.chain) + request.material + expected.material
