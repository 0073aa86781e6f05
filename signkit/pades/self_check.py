"""The check of a signature right after it was embedded: read back from the file, by code that did not write it.

The newest signature covers exactly the newest revision, its digest is that of the bytes on the disk, and its value is
confirmed by the certificate inside; a document timestamp likewise. Its time is not before that of the signature before
(proof.md section 4). Trust and changes are not asked here.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from signkit.errors import SealError, UnreadableDocumentError
from signkit.files import BLOCK_BYTES
from signkit.pades.structure import HexString, Pdf, SignatureField
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken, check_token

__all__ = ["check_newest_signature"]

_TIMESTAMP: Final = "1.2.840.113549.1.9.16.2.14"
_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


def check_newest_signature(path: Path, *, field: str, gen_time: datetime) -> None:
    """Return only if the newest revision of ``path`` is signed in ``field``, rightly, and not before the one before.

    Args:
        path: the file.
        field: the field.
        gen_time: time of the new timestamp.

    Raises:
        SealError: ``seal.self_check``, or ``seal.time_order``. The file MUST NOT be used.
    """
    try:
        pdf = Pdf.open(path)
        signatures = pdf.view().signatures
        (signature,) = (item for item in signatures if item.field.name == field)
        _check(pdf, signature, _contents(pdf, signature))
        others = [item for item in signatures if item is not signature]
        before = max(others, key=lambda item: item.signed_end or 0, default=None)
        earlier = None if before is None else _gen_time(before)
    except (UnreadableDocumentError, X509Error, InvalidSignature, UnsupportedAlgorithm) as exc:
        raise _failed(field) from exc
    except (ValueError, TypeError, KeyError, IndexError) as exc:
        raise _failed(field) from exc
    if earlier is not None and earlier > gen_time:
        raise SealError(
            "the timestamp is older than that of the signature before",
            code="seal.time_order",
            hint="check the clocks of this machine and of the timestamp services",
            subject={"field": field},
        )


def _gen_time(signature: SignatureField) -> datetime | None:
    """Return the time of a signature's timestamp; None where it has none that can be read (a stranger's)."""
    try:
        container: Any = cms.ContentInfo.load(bytes(signature.contents or b""))
        if signature.kind == "DocTimeStamp":
            return TimestampToken(bytes(container.dump())).gen_time
        (info,) = container["content"]["signer_infos"]
        tokens = [item["values"][0] for item in info["unsigned_attrs"] if item["type"].dotted == _TIMESTAMP]
        return TimestampToken(bytes(tokens[0].dump())).gen_time if tokens else None
    except (X509Error, ValueError, TypeError, KeyError):
        return None


def _contents(pdf: Pdf, signature: SignatureField) -> bytes:
    contents = signature.contents
    if not isinstance(contents, HexString) or contents.start < pdf.revisions[-1].start or pdf.trailing:
        raise ValueError("the signature does not stand in the newest revision")
    if signature.byte_range != (0, contents.start, contents.end, pdf.size - contents.end):
        raise ValueError("the signature does not cover the newest revision")
    return bytes(contents)


def _check(pdf: Pdf, signature: SignatureField, contents: bytes) -> None:
    ranges = signature.byte_range or ()
    container = cms.ContentInfo.load(contents)
    if signature.kind == "DocTimeStamp":
        token = TimestampToken(bytes(container.dump()))
        check_token(token)
        if token.facts.imprint != _digest(pdf, ranges, token.facts.digest):
            raise ValueError("the imprint is another")
        return
    signed: Any = container["content"]
    (info,) = signed["signer_infos"]
    algorithm = info["digest_algorithm"]["algorithm"].native
    (digest,) = (item["values"][0].native for item in info["signed_attrs"] if item["type"].native == "message_digest")
    if digest != _digest(pdf, ranges, algorithm):
        raise ValueError("the message digest is another")
    serial = info["sid"].chosen["serial_number"].native
    (signer,) = (item.chosen for item in signed["certificates"] if item.chosen.serial_number == serial)
    key, value = Certificate(signer.dump()).public_key, info["signature"].native
    data = b"\x31" + info["signed_attrs"].dump()[1:]
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(value, data, padding.PKCS1v15(), _HASHES[algorithm])
    else:
        key.verify(value, data, ec.ECDSA(_HASHES[algorithm]))


def _digest(pdf: Pdf, ranges: tuple[int, ...], algorithm: str) -> bytes:
    hasher = hashlib.new(algorithm)
    for start, length in zip(ranges[::2], ranges[1::2], strict=True):
        for at in range(start, start + length, BLOCK_BYTES):
            hasher.update(pdf.bytes(at, min(at + BLOCK_BYTES, start + length)))
    return hasher.digest()


def _failed(field: str) -> SealError:
    return SealError(
        "the signature that was just made does not verify",
        code="seal.self_check",
        hint="the document is kept as it was; this is a fault, please report it",
        subject={"field": field},
    )
