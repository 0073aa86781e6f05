"""The home's certification authority: one-time certificates for persons, and revocation lists (proof.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509.oid import AuthorityInformationAccessOID

from signkit.errors import KeyUnavailableError, SealError
from signkit.pki.issue import REASONS, RevokedEntry, build_crl, build_name
from signkit.pki.profiles import PERSON_POLICY, Holder, end_extensions, issue, key_id
from signkit.pki.revocations import FileRevocations
from signkit.ports.keys import KeyName, KeyPort
from signkit.x509.authcontext import AUTH_CONTEXT_OID, AuthContext, build_auth_context
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error

__all__ = ["CRL_ISSUERS", "Authority", "PersonFacts"]

CRL_ISSUERS: Final = (KeyName.ROOT, KeyName.PERSON_CA, KeyName.SEAL_CA)

_BEFORE: Final = timedelta(seconds=60)
_LASTS: Final = timedelta(minutes=10)
_SKEW: Final = timedelta(seconds=30)
_STALE: Final = timedelta(minutes=10)
_CRL_LASTS: Final = timedelta(days=7)

_ATTRIBUTES: Final = {
    "2.5.4.3": "urn:oid:2.16.840.1.113730.3.1.241",
    "2.5.4.4": "urn:oid:2.5.4.4",
    "2.5.4.42": "urn:oid:2.5.4.42",
    "2.5.4.5": "signkit:person",
}
"""Subject attribute to where it came from: displayName, sn, givenName, and our keyed commitment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What the eID said, and what was signed with it."""

    name: str
    given_name: str | None = None
    surname: str | None = None
    country: str | None = None
    """Two letters, of the eID; None where the scheme says nothing."""
    person: str
    """The keyed commitment, 32 hex digits; goes into serialNumber as ``SK:<person>``."""
    provider: str
    """Who identified the person, as IdentityProvider."""
    authenticated_at: datetime
    """When the eID ceremony completed, by the eID's clock."""
    level: str
    intent_digest: str
    """``sha256:<hex>`` of the intent."""


@dataclass(slots=True)
class Authority:
    """Issues with the keys of a home.

    Args:
        keys: the home's keys.
        revocations: the record that its lists are made from.
        environment: ``test`` puts TEST into every subject.
        aia_url: caIssuers URL written into one-time certificates, normally None.
        cdp_url: revocation list URL written into one-time certificates, normally None.
    """

    keys: KeyPort
    revocations: FileRevocations
    environment: str = "test"
    aia_url: str | None = None
    cdp_url: str | None = None
    _holders: dict[KeyName, Holder] = field(default_factory=dict, repr=False)

    def certificate(self, name: KeyName) -> Certificate:
        """Return the certificate of one of the home's keys.

        Raises:
            KeyUnavailableError: no such key, or it cannot be opened.
        """
        return self._holder(name).certificate

    def certify_person(self, spki: bytes, *, facts: PersonFacts, now: datetime) -> bytes:
        """Return the DER certificate for a one-time P-256 key, as proof.md section 4.3 demands.

        MUST be called only after the eID completed for the invited person; that is not checked here.

        Raises:
            SealError: ``clock_skew``, the eID's time is more than 30 s ahead; ``seal.certificate``, it is older than
                ten minutes, the CA is not valid now, the key is not P-256, or a fact does not fit into a certificate.
            KeyUnavailableError: the person CA's key cannot be had.
        """
        if facts.authenticated_at > now + _SKEW:
            raise SealError(
                "the eID's clock is ahead of ours", code="clock_skew", hint="synchronise this machine's clock"
            )
        if facts.authenticated_at < now - _STALE:
            raise SealError("the identification is older than ten minutes", code="seal.certificate")
        _check_one_time(spki)
        holder = self._holder(KeyName.PERSON_CA)
        if not holder.certificate.valid_at(now):
            raise SealError("the person CA's certificate is not valid now", code="seal.certificate")
        start = min(facts.authenticated_at, now) - _BEFORE
        return issue(
            subject=self._person_name(facts),
            spki=spki,
            issuer=holder,
            not_before=start,
            lasts=now + _LASTS - start,
            extensions=[*end_extensions(policy=PERSON_POLICY), *_context(facts), *self._urls()],
        )

    def crl(self, issuer: KeyName, *, now: datetime) -> bytes:
        """Return a DER revocation list of ``issuer`` (root, person CA or seal CA), issued at ``now``, good for a week.

        Its number is the instant in microseconds: rising as the clock does, without a counter that a restored backup
        would turn back.

        Raises:
            KeyUnavailableError: the key or the record of revocations cannot be had.
        """
        if issuer not in CRL_ISSUERS:
            raise KeyUnavailableError(f"{issuer} issues no revocation lists", code="seal.key")
        holder = self._holder(issuer)
        return build_crl(
            issuer=holder.certificate.asn1.subject.dump(),
            key=holder.key,
            number=int(now.timestamp() * 1_000_000),
            this_update=now,
            next_update=now + _CRL_LASTS,
            since=holder.certificate.not_before,
            authority_key_id=key_id(holder.certificate.spki),
            revoked=self.revocations.of(issuer),
        )

    def crls(self, *, now: datetime) -> tuple[bytes, ...]:
        """Return a fresh list of each issuer.

        Raises:
            KeyUnavailableError: as ``crl``.
        """
        return tuple(self.crl(issuer, now=now) for issuer in CRL_ISSUERS)

    def revoke(self, certificate: bytes, *, reason: str, now: datetime) -> None:
        """Record that a certificate of this home is revoked from ``now``; every later list says so.

        Raises:
            SealError: ``seal.certificate``, not issued by this home, or an unknown reason.
            KeyUnavailableError: a key or the record cannot be had.
        """
        if reason not in {*REASONS, "unspecified"}:
            raise SealError(f"unknown reason, one of {', '.join(REASONS)}", code="seal.certificate")
        try:
            found = Certificate(certificate)
        except X509Error as exc:
            raise SealError(exc.message, code="seal.certificate") from exc
        for name in CRL_ISSUERS:
            if not found.self_signed and found.issued_by(self._holder(name).certificate):
                self.revocations.add(name, RevokedEntry(found.serial_number, now, reason))
                return
        raise SealError("the certificate was not issued by this home", code="seal.certificate")

    def _holder(self, name: KeyName) -> Holder:
        if name not in self._holders:
            chain = self.keys.certificates(name)
            if not chain:
                raise KeyUnavailableError(f"{name} has no certificate", code="seal.key")
            self._holders[name] = Holder(self.keys.key(name), Certificate(chain[0]))
        return self._holders[name]

    def _person_name(self, facts: PersonFacts) -> bytes:
        return build_name(
            [
                ("2.5.4.6", (facts.country or "").upper()),
                ("2.5.4.11", "TEST" if self.environment == "test" else ""),
                ("2.5.4.4", facts.surname or ""),
                ("2.5.4.42", facts.given_name or ""),
                ("2.5.4.5", f"SK:{facts.person}"),
                ("2.5.4.3", facts.name),
            ]
        )

    def _urls(self) -> list[tuple[x509.ExtensionType, bool]]:
        found: list[tuple[x509.ExtensionType, bool]] = []
        if self.aia_url:
            access = AuthorityInformationAccessOID.CA_ISSUERS
            location = x509.UniformResourceIdentifier(self.aia_url)
            found.append((x509.AuthorityInformationAccess([x509.AccessDescription(access, location)]), False))
        if self.cdp_url:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(self.cdp_url)], None, None, None)
            found.append((x509.CRLDistributionPoints([point]), False))
        return found


def _context(facts: PersonFacts) -> list[tuple[x509.ExtensionType, bool]]:
    present = {
        "2.5.4.3": facts.name,
        "2.5.4.4": facts.surname,
        "2.5.4.42": facts.given_name,
        "2.5.4.5": facts.person,
    }
    context = AuthContext(
        identity_provider=facts.provider,
        authenticated_at=facts.authenticated_at,
        level=facts.level,
        assertion_ref=facts.intent_digest,
        service_id="signkit",
        attributes={oid: name for oid, name in _ATTRIBUTES.items() if present[oid]},
    )
    try:
        value = build_auth_context(context)
    except X509Error as exc:
        raise SealError(exc.message, code="seal.certificate") from exc
    return [(x509.UnrecognizedExtension(x509.ObjectIdentifier(AUTH_CONTEXT_OID), value), False)]


def _check_one_time(spki: bytes) -> None:
    try:
        key = load_der_public_key(spki)
    except (ValueError, TypeError) as exc:
        raise SealError("not a public key", code="seal.certificate") from exc
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SealError("one-time keys are ECDSA P-256", code="seal.certificate")
