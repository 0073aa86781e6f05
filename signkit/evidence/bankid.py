"""Offline verification of a BankID signature: bytes, anchors, nothing else.

Steps, numbered as in providers.md 2.5 and continued in 2.6:

1. both parts are there, base64, and the document has exactly the shape of ``bankid_xml``;
2. SHA-256 of ``bankIdSignedData`` and ``KeyInfo`` equal the two digests;
3. the signature over ``SignedInfo`` holds under the first certificate;
4. the certificates lead to a pinned root at the time of the OCSP answer;
5. the key may sign (nonRepudiation), and the document says ``Signing``;
6. a BankID policy of this environment, and nothing of the other one;
7. the certificate names one person;
8. (visible text and hidden data are returned; whoever asked compares them);
9. the OCSP answer: nonce of this signature, responder of the same issuer, this certificate, good.

A document that fails step 1 says nothing. Later steps are independent: all that is wrong is told.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from signkit.evidence import bankid_ocsp
from signkit.evidence.bankid_chain import (
    UNREADABLE,
    ChainFlaw,
    check_environment,
    check_path,
    check_policy,
    check_usage,
    identity_of,
    load_path,
)
from signkit.evidence.bankid_ocsp import OcspAnswer, OcspFlaw
from signkit.evidence.bankid_xml import MAX_XML_BYTES, MalformedDocument, SignedDocument, parse, strict_base64
from signkit.model.person import Identity
from signkit.model.report import Finding, Verdict
from signkit.ports.evidence import EvidenceFacts
from signkit.ports.provider import Evidence
from signkit.x509.certificates import Certificate

__all__ = ["FORMAT", "BankIdVerifier"]

FORMAT: Final = "signkit.evidence.bankid/1"
"""Key of this verifier."""
PARTS: Final = frozenset({"signature", "ocspResponse"})

_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_MAX_TEXT: Final = MAX_XML_BYTES * 4 // 3 + 4


class BankIdVerifier:
    """Judges ``signkit.evidence.bankid/1``: the parts ``signature`` and ``ocspResponse`` as BankID sent them."""

    def verify(self, evidence: Evidence, *, anchors: Sequence[bytes]) -> EvidenceFacts:
        """Return what the evidence proves under ``anchors`` (DER certificates for ``eid:bankid:<environment>``).

        The environment decides which policies count: a test certificate is never production's, whatever the anchors.
        Not checked: whether text, hidden data and person are the expected ones, and any revocation of the banks' CAs.
        """
        case = _Case(evidence.environment)
        if evidence.environment not in ("test", "production"):
            case.flaw("environment", "CHAIN_CONSTRAINTS_FAILURE")
        signature_text = evidence.parts.get("signature")
        if signature_text is None or not evidence.parts.keys() <= PARTS:
            case.flaw("parts", "FORMAT_FAILURE")
            return case.facts()
        document = case.read(signature_text)
        if document is None:
            return case.facts()
        case.check_digests(document)
        path = case.load(document)
        answer = case.read_answer(evidence.parts.get("ocspResponse"))
        if path:
            case.check_value(document, path[0])
            case.check_person(document, path)
            case.check_trust(path, answer, anchors)
            if len(path) < 2:
                case.flaw("chain", "NO_CERTIFICATE_CHAIN_FOUND")
            elif answer is not None:
                found = bankid_ocsp.check(answer, signature_text=signature_text, signer=path[0], issuer=path[1])
                case.ocsp_flaws(found)
        return case.facts(document)


@dataclass
class _Case:
    """One piece of evidence while it is judged."""

    environment: str
    findings: list[Finding] = field(default_factory=list)
    answer: OcspAnswer | None = None
    identity: Identity | None = None

    def flaw(
        self, code: str, sub: str, *, unknown: bool = False, params: Mapping[str, str | int] | None = None
    ) -> None:
        finding = Finding(
            check="8",
            verdict=Verdict.INDETERMINATE if unknown else Verdict.FAILED,
            code=f"evidence.bankid.{code}",
            params=params or {},
            sub_indication=sub,
            claims=("C3b",),
        )
        if finding not in self.findings:
            self.findings.append(finding)

    def ocsp_flaws(self, flaws: Sequence[OcspFlaw]) -> None:
        for flaw in flaws:
            self.flaw(flaw.code, flaw.sub_indication, params=flaw.params)

    def read(self, signature_text: bytes) -> SignedDocument | None:
        """Step 1: the signature's text is base64 of a document of the right shape."""
        try:
            return parse(_decoded(signature_text, most=_MAX_TEXT))
        except MalformedDocument as exc:
            self.flaw("structure", "FORMAT_FAILURE", params={"detail": str(exc)})
        return None

    def read_answer(self, text: bytes | None) -> OcspAnswer | None:
        """Step 9, its beginning: the answer is there and can be read."""
        if text is None:
            self.flaw("ocsp_missing", "NO_POE", unknown=True)
            return None
        try:
            self.answer = bankid_ocsp.load(_decoded(text, most=bankid_ocsp.MAX_OCSP_BYTES * 2))
        except MalformedDocument:
            self.flaw("ocsp_unreadable", "FORMAT_FAILURE")
        except OcspFlaw as flaw:
            self.ocsp_flaws([flaw])
        return self.answer

    def load(self, document: SignedDocument) -> tuple[Certificate, ...]:
        """Return the document's certificates, empty if one cannot be read."""
        try:
            return load_path(document.certificates)
        except ChainFlaw:
            self.flaw("certificate", "FORMAT_FAILURE")
            return ()

    def check_digests(self, document: SignedDocument) -> None:
        """Step 2."""
        for reference, code in ((document.data_reference, "digest_data"), (document.key_reference, "digest_keys")):
            actual = hashlib.new(reference.algorithm, reference.octets).digest()
            if not hmac.compare_digest(actual, reference.digest):
                self.flaw(code, "HASH_FAILURE")

    def check_value(self, document: SignedDocument, signer: Certificate) -> None:
        """Step 3 (RFC 8017 section 8.2.2)."""
        key = signer.public_key
        if not isinstance(key, rsa.RSAPublicKey):
            self.flaw("signature", "SIG_CRYPTO_FAILURE")
            return
        try:
            digest = _HASHES[document.signature_digest]
            key.verify(document.signature, document.signed_info, padding.PKCS1v15(), digest)
        except InvalidSignature:
            self.flaw("signature", "SIG_CRYPTO_FAILURE")

    def check_person(self, document: SignedDocument, path: Sequence[Certificate]) -> None:
        """Steps 5 to 7."""
        if document.function != "Signing":
            self.flaw("not_signing", "SIG_CONSTRAINTS_FAILURE")
        if document.visible is None or _text_of(document) is None:
            self.flaw("text", "SIG_CONSTRAINTS_FAILURE")
        for step in (
            lambda: check_usage(path[0]),
            lambda: check_policy(path[0], environment=self.environment),
            lambda: check_environment(path, environment=self.environment),
            lambda: self._name(path[0]),
        ):
            self._chain_step(step)

    def check_trust(self, path: Sequence[Certificate], answer: OcspAnswer | None, anchors: Sequence[bytes]) -> None:
        """Step 4; without an OCSP answer the time of signing is unknown, and so is the path's validity."""
        trusted = self._anchors(anchors)
        self._chain_step(lambda: check_environment(trusted, environment=self.environment))
        at = answer.produced_at if answer is not None else path[0].not_before
        self._chain_step(lambda: check_path(path, anchors=trusted, at=at))

    def facts(self, document: SignedDocument | None = None) -> EvidenceFacts:
        return EvidenceFacts(
            text=_text_of(document) if document else None,
            data=document.hidden if document else None,
            identity=self.identity,
            signed_at=self.answer.produced_at if self.answer else None,
            findings=tuple(self.findings),
        )

    def _name(self, signer: Certificate) -> None:
        self.identity = identity_of(signer, environment=self.environment)

    def _anchors(self, ders: Sequence[bytes]) -> tuple[Certificate, ...]:
        try:
            return tuple(Certificate(der) for der in ders)
        except UNREADABLE:
            self.flaw("anchor_unknown", "NO_CERTIFICATE_CHAIN_FOUND", unknown=True)
            return ()

    def _chain_step(self, step: Callable[[], None]) -> None:
        try:
            step()
        except ChainFlaw as flaw:
            self.flaw(flaw.code, flaw.sub_indication, unknown=flaw.unknown)
        except UNREADABLE:
            self.flaw("certificate", "FORMAT_FAILURE")


def _decoded(text: bytes, *, most: int) -> bytes:
    if len(text) > most:
        raise MalformedDocument("too large")
    try:
        return strict_base64(text.decode("ascii"))
    except UnicodeDecodeError as exc:
        raise MalformedDocument("not base64") from exc


def _text_of(document: SignedDocument) -> str | None:
    try:
        return None if document.visible is None else document.visible.decode("utf-8")
    except UnicodeDecodeError:
        return None
