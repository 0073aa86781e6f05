"""Evidence of the rehearsal provider, format ``signkit.evidence.rehearsal/1``: a JWS under a test root.

Rules:

1. one part, ``jws``: compact, ES256, ``x5c`` with the person's certificate;
2. its payload is canonical JSON ``{schema: signkit.rehearsal/1, text, data, identity, signed_at}``;
3. the certificate is issued by an anchor for ``eid:rehearsal:test``, valid at ``signed_at``, for contentCommitment, and
   says TEST;
4. its ``name`` (2.5.4.41) and ``serialNumber`` (2.5.4.5) are the identity's name and value.

There is no revocation: a rehearsal root issues for minutes, and proves nothing about anybody.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from signkit import canonical
from signkit.evidence import jws
from signkit.model.person import Identity
from signkit.model.report import Finding, Verdict
from signkit.ports.evidence import EvidenceFacts
from signkit.ports.provider import Evidence
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error
from signkit.x509.paths import validate_path

__all__ = ["FORMAT", "NAME_OID", "PAYLOAD_SCHEMA", "SERIAL_OID", "TYPE", "RehearsalVerifier", "identity_to_json"]

FORMAT: Final = "signkit.evidence.rehearsal/1"
PAYLOAD_SCHEMA: Final = "signkit.rehearsal/1"
TYPE: Final = "signkit.rehearsal+jws"
"""The ``typ`` of the JWS header."""
NAME_OID: Final = "2.5.4.41"
SERIAL_OID: Final = "2.5.4.5"
_MEMBERS: Final = ("scheme", "value", "name", "given_name", "surname", "birthdate", "level")


def identity_to_json(identity: Identity) -> dict[str, Any]:
    """Return an identity as the payload carries it."""
    return {name: getattr(identity, name) for name in _MEMBERS}


class RehearsalVerifier:
    """Judges the rehearsal's evidence; see ``signkit.ports.evidence.EvidenceVerifier``."""

    def verify(self, evidence: Evidence, *, anchors: Sequence[bytes]) -> EvidenceFacts:
        """Return what the evidence proves under ``anchors``, DER certificates for ``eid:rehearsal:test``."""
        try:
            token = _token(evidence)
            text, data, identity, signed_at = _payload(token.payload)
        except jws.JwsError:
            return EvidenceFacts(None, None, None, None, (_failed("unreadable", "FORMAT_FAILURE"),))
        if not token.verified():
            return EvidenceFacts(text, data, identity, signed_at, (_failed("signature", "SIG_CRYPTO_FAILURE"),))
        findings = [*_identity_findings(token.chain[0], identity), *_chain_findings(token, anchors, signed_at)]
        if not findings:
            findings.append(Finding("8", Verdict.PASSED, "evidence.authentic"))
        return EvidenceFacts(text, data, identity, signed_at, tuple(findings))


def _token(evidence: Evidence) -> jws.Jws:
    if evidence.format != FORMAT or set(evidence.parts) != {"jws"}:
        raise jws.JwsError("format and parts")
    return jws.parse(evidence.parts["jws"], kind=TYPE)


def _payload(raw: bytes) -> tuple[str, bytes, Identity, datetime]:
    try:
        value = canonical.decode(raw)
        if not isinstance(value, dict) or value["schema"] != PAYLOAD_SCHEMA:
            raise jws.JwsError("schema")
        signed_at = datetime.fromisoformat(value["signed_at"])
        data = base64.b64decode(value["data"], validate=True)
        identity, text = _identity(value["identity"]), value["text"]
    except (canonical.CanonicalError, KeyError, TypeError, ValueError, binascii.Error) as exc:
        raise jws.JwsError("payload") from exc
    if not isinstance(text, str) or signed_at.tzinfo is None:
        raise jws.JwsError("payload")
    return text, data, identity, signed_at.astimezone(UTC)


def _identity(value: object) -> Identity:
    if not isinstance(value, dict) or set(value) != set(_MEMBERS):
        raise jws.JwsError("identity")
    optional = {"given_name", "surname", "birthdate"}
    if not all(isinstance(item, str) or (item is None and name in optional) for name, item in value.items()):
        raise jws.JwsError("identity")
    return Identity(**value)


def _identity_findings(certificate: Certificate, identity: Identity) -> list[Finding]:
    try:
        same = (certificate.subject_field(NAME_OID), certificate.subject_field(SERIAL_OID)) == (
            identity.name,
            identity.value,
        )
        usage = certificate.key_usage or frozenset()
        test = certificate.is_test
    except X509Error:
        return [_failed("unreadable", "FORMAT_FAILURE")]
    if not same:
        return [_failed("identity", "SIG_CONSTRAINTS_FAILURE")]
    if "non_repudiation" not in usage or not test:
        return [_failed("usage", "CHAIN_CONSTRAINTS_FAILURE")]
    return []


def _chain_findings(token: jws.Jws, anchors: Sequence[bytes], at: datetime) -> list[Finding]:
    if not anchors:
        return [Finding("8", Verdict.INDETERMINATE, "evidence.no_anchor", sub_indication="NO_CERTIFICATE_CHAIN_FOUND")]
    try:
        validate_path(
            token.chain[0],
            anchors=[Certificate(item) for item in anchors],
            at=at,
            intermediates=token.chain[1:],
            require_revocation=False,
        )
    except X509Error as exc:
        if exc.code == "chain.untrusted":
            return [
                Finding("8", Verdict.INDETERMINATE, "evidence.untrusted", sub_indication="NO_CERTIFICATE_CHAIN_FOUND")
            ]
        return [_failed("chain", "CERTIFICATE_CHAIN_GENERAL_FAILURE")]
    return []


def _failed(what: str, sub_indication: str) -> Finding:
    return Finding("8", Verdict.FAILED, f"evidence.{what}", sub_indication=sub_indication)
