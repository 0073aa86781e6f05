"""The CMS of one signature (RFC 5652), as PAdES wants it: ``ETSI.CAdES.detached`` of EN 319 142-1 clause 6.

One SignerInfo, DER throughout. Signed: content-type, message-digest, signing-certificate-v2 (RFC 5035), CMS algorithm
protection (RFC 6211), commitment-type-indication and, where there is a role, signer-attributes-v2 with a claimed role
(EN 319 122-1 clause 5.2.6). There is no signing-time: PDF has ``/M`` for that (EN 319 142-1 clause 6.3). Unsigned: the
signature timestamp. The certificates are the signer's and its issuers below the root. Outside a PDF (ASiC) the same
writer adds signing-time, and certificates and revocation lists to the SignedData.

What is not here: PDF, and any judgement of the certificates.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from signkit.errors import KeyUnavailableError, SealError
from signkit.pades import der
from signkit.ports.keys import SigningKey
from signkit.x509.certificates import Certificate

__all__ = ["Commitment", "SignatureDraft", "SigningIdentity"]

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_DATA: Final = "1.2.840.113549.1.7.1"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_ALGORITHM_PROTECTION: Final = "1.2.840.113549.1.9.52"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_COMMITMENT_TYPE: Final = "1.2.840.113549.1.9.16.2.16"
_SIGNER_ATTRIBUTES_V2: Final = "0.4.0.19122.1.1"
_SIGNATURE_TIMESTAMP: Final = "1.2.840.113549.1.9.16.2.14"
_TITLE: Final = "2.5.4.12"

_DIGEST_OIDS: Final = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_ECDSA_OIDS: Final = {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4"}
_RSA_OIDS: Final = {
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_CURVE_DIGESTS: Final = {256: "sha256", 384: "sha384", 521: "sha512"}
_MIN_RSA_BITS: Final = 3072
"""ETSI TS 119 312: RSA of at least 3072 bits beyond 2028."""


class Commitment(enum.Enum):
    """What a signature commits to (EN 319 122-1 clause 5.2.3), by its OID."""

    ORIGIN = "1.2.840.113549.1.9.16.6.1"
    """proofOfOrigin: seals."""
    APPROVAL = "1.2.840.113549.1.9.16.6.5"
    """proofOfApproval: persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIdentity:
    """A key with its certificates.

    Raises:
        KeyUnavailableError: the key is not the certificate's, or a kind that TS 119 312 does not allow us.
    """

    key: SigningKey
    chain: tuple[bytes, ...] = field(repr=False)
    """The signer's certificate, then its issuers, each DER, up to the root or as far as known."""

    def __post_init__(self) -> None:
        if not self.chain or self.certificate.spki != self.key.spki:
            raise KeyUnavailableError("the key does not belong to the certificate", code="seal.key.certificate")
        self.digest  # noqa: B018 - refuses kinds of keys that are not ours

    @property
    def certificate(self) -> Certificate:
        """The signer's certificate."""
        return Certificate(self.chain[0])

    @property
    def digest(self) -> str:
        """Digest algorithm for this key."""
        key = self.certificate.public_key
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name.startswith("secp"):
            digest = _CURVE_DIGESTS.get(key.key_size)
            if digest is not None:
                return digest
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
            return "sha256"
        raise KeyUnavailableError(
            "this kind of key may not sign",
            code="seal.key.algorithm",
            hint="use ECDSA on P-256 or P-384, or RSA of at least 3072 bits",
        )


class SignatureDraft:
    """A signature before and after the digest of the document is known.

    Args:
        identity: who signs.
        commitment: what the signature commits to.
        role: the claimed role, or None.
        at: for CAdES outside a PDF, the signing-time (EN 319 122-1 clause 5.2.1); None in a PDF.
    """

    def __init__(
        self, identity: SigningIdentity, *, commitment: Commitment, role: str | None = None, at: datetime | None = None
    ) -> None:
        self._identity = identity
        self._digest = identity.digest
        self._certificate = identity.certificate
        self._public_key = self._certificate.public_key
        self._fixed = self._fixed_attributes(commitment, role)
        if at is not None:
            self._fixed = (*self._fixed, _attribute(_SIGNING_TIME, der.time(at)))
        self._chain = identity.chain
        self._certificates = _certificate_set(identity.chain)

    @property
    def certificate(self) -> Certificate:
        """The signer's certificate."""
        return self._certificate

    @property
    def digest(self) -> str:
        """Digest algorithm over the signed bytes of the PDF."""
        return self._digest

    def size(self, *, token_bytes: int) -> int:
        """Return the most bytes that the CMS can have with a timestamp token of at most ``token_bytes`` bytes."""
        digest = bytes(hashlib.new(self._digest).digest_size)
        return len(self._assemble(self._attributes(digest), bytes(self._signature_bytes()), bytes(token_bytes)))

    def sign(self, document_digest: bytes) -> tuple[bytes, bytes]:
        """Return signed attributes and signature value over a document with that digest.

        Raises:
            KeyUnavailableError: the key cannot sign.
            SealError: the key gave a signature that its own certificate does not confirm.
        """
        attributes = self._attributes(document_digest)
        data = der.set_of(*attributes)
        value = self._identity.key.sign(data, digest=self._digest)
        self._confirm(value, data)
        return data, value

    def finish(
        self,
        signed_attributes: bytes,
        value: bytes,
        *,
        token: bytes,
        certificates: Sequence[bytes] = (),
        crls: Sequence[bytes] = (),
    ) -> bytes:
        """Return the whole CMS, DER, with the timestamp ``token`` over ``value``.

        ``certificates`` and ``crls`` make it B-LT outside a PDF (EN 319 122-1 clause 6.3); a PDF has its own store.
        """
        return self._assemble_raw(b"\xa0" + signed_attributes[1:], value, token, certificates, crls)

    def _fixed_attributes(self, commitment: Commitment, role: str | None) -> tuple[bytes, ...]:
        certificate = self._certificate
        certificate_id = der.sequence(der.octet_string(certificate.digest), self._issuer_serial(general=True))
        algorithm, signature = self._algorithms()
        attributes = [
            _attribute(_CONTENT_TYPE, der.oid(_DATA)),
            _attribute(_SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(certificate_id))),
            _attribute(_ALGORITHM_PROTECTION, der.sequence(algorithm, der.context(1, *_content(signature)))),
            _attribute(_COMMITMENT_TYPE, der.sequence(der.oid(commitment.value))),
        ]
        if role is not None:
            claimed = der.sequence(der.oid(_TITLE), der.set_of(der.utf8(role)))
            attributes.append(_attribute(_SIGNER_ATTRIBUTES_V2, der.sequence(der.context(0, der.sequence(claimed)))))
        return tuple(attributes)

    def _attributes(self, document_digest: bytes) -> tuple[bytes, ...]:
        return (*self._fixed, _attribute(_MESSAGE_DIGEST, der.octet_string(document_digest)))

    def _algorithms(self) -> tuple[bytes, bytes]:
        digest = der.sequence(der.oid(_DIGEST_OIDS[self._digest]))
        if isinstance(self._public_key, rsa.RSAPublicKey):
            return digest, der.sequence(der.oid(_RSA_OIDS[self._digest]), der.null())
        return digest, der.sequence(der.oid(_ECDSA_OIDS[self._digest]))

    def _issuer_serial(self, *, general: bool) -> bytes:
        issuer = self._certificate.pyca.issuer.public_bytes()
        # GeneralNames in ESSCertIDv2 (RFC 5035), Name in the SignerInfo (RFC 5652 section 5.3)
        name = der.sequence(der.context(4, issuer)) if general else issuer
        return der.sequence(name, der.integer(self._certificate.serial_number))

    def _signature_bytes(self) -> int:
        bits: int = self._public_key.key_size
        number = (bits + 7) // 8
        if isinstance(self._public_key, rsa.RSAPublicKey):
            return number
        return len(der.sequence(*(der.tlv(0x02, bytes(number + 1)) for _ in range(2))))

    def _assemble(self, attributes: Sequence[bytes], value: bytes, token: bytes) -> bytes:
        return self._assemble_raw(b"\xa0" + der.set_of(*attributes)[1:], value, token)

    def _assemble_raw(
        self, signed: bytes, value: bytes, token: bytes, certificates: Sequence[bytes] = (), crls: Sequence[bytes] = ()
    ) -> bytes:
        digest, signature = self._algorithms()
        signer = der.sequence(
            der.integer(1),
            self._issuer_serial(general=False),
            digest,
            signed,
            signature,
            der.octet_string(value),
            der.context(1, _attribute(_SIGNATURE_TIMESTAMP, token)),
        )
        signed_data = der.sequence(
            der.integer(1),
            der.set_of(digest),
            der.sequence(der.oid(_DATA)),
            _certificate_set((*self._chain, *certificates)) if certificates else self._certificates,
            *([der.context(1, *sorted(set(crls)))] if crls else []),
            der.set_of(signer),
        )
        return der.sequence(der.oid(_SIGNED_DATA), der.context(0, signed_data))

    def _confirm(self, value: bytes, data: bytes) -> None:
        algorithm = _HASHES[self._digest]
        try:
            if isinstance(self._public_key, rsa.RSAPublicKey):
                self._public_key.verify(value, data, padding.PKCS1v15(), algorithm)
            else:
                self._public_key.verify(value, data, ec.ECDSA(algorithm))
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError) as exc:
            raise SealError(
                "the key made a signature that its certificate does not confirm", code="seal.signature"
            ) from exc


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(value))


def _certificate_set(chain: Sequence[bytes]) -> bytes:
    below_root = [raw for number, raw in enumerate(chain) if number == 0 or not Certificate(raw).self_signed]
    return der.context(0, *sorted(set(below_root)))


def _content(value: bytes) -> tuple[bytes]:
    """Return the content octets of a short value, for an implicit tag."""
    return (value[2:],)
