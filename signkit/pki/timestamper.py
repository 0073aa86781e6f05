"""An RFC 3161 timestamping authority in this process, for test homes and for tests.

Times are whole seconds, rounded down: a revocation list made after a token then never looks older than it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms, core, tsp

from signkit.errors import TimestampError
from signkit.pki.authority import Authority
from signkit.pki.issue import new_serial
from signkit.ports.clock import Clock
from signkit.ports.keys import KeyName
from signkit.ports.timestamper import TimestampMaterial
from signkit.x509.algorithms import DIGESTS
from signkit.x509.certificates import Certificate

__all__ = ["EmbeddedTimestamper", "TimestampResponse"]

_POLICY: Final = "2.5.29.32.0"
"""anyPolicy: we promise nothing, and a 2.25 OID here is refused by readers with small integers."""
_SIZES: Final = {name: hashlib.new(name).digest_size for name in DIGESTS}
_MAX_REQUEST_BYTES: Final = 8 * 1024


class TimestampResponse(core.Sequence):  # type: ignore[misc]
    """TimeStampResp; the token is optional (RFC 3161 section 2.4.2), unlike in asn1crypto."""

    _fields = [  # noqa: RUF012
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(slots=True)
class EmbeddedTimestamper:
    """A timestamp service with the home's TSA key."""

    authority: Authority
    clock: Clock
    name: str = "embedded"
    policy: str = _POLICY
    _certificates: list[Certificate] = field(default_factory=list, repr=False)

    def respond(self, request: bytes, *, timeout_seconds: float = 10.0) -> bytes:  # noqa: ARG002 - the port's shape
        """Return the TimeStampResp; a request that we do not serve gets a rejection, not an exception.

        Raises:
            TimestampError: the TSA key cannot be used.
        """
        try:
            if len(request) > _MAX_REQUEST_BYTES:
                return _rejection("bad_data_format")
            asked = tsp.TimeStampReq.load(request, strict=True)
            imprint = asked["message_imprint"]
            digest = str(imprint["hash_algorithm"]["algorithm"].native)
            hashed = bytes(imprint["hashed_message"].native)
            nonce, wants = asked["nonce"].native, bool(asked["cert_req"].native)
            policy = asked["req_policy"].native and asked["req_policy"].dotted
            extended = bool(asked["extensions"].native)
        except (ValueError, TypeError, KeyError):
            return _rejection("bad_data_format")
        if digest not in _SIZES:
            return _rejection("bad_alg")
        if len(hashed) != _SIZES[digest]:
            return _rejection("bad_data_format")
        if policy not in (None, self.policy):
            return _rejection("unaccepted_policy")
        if extended:
            return _rejection("unaccepted_extensions")
        info = _info(self.policy, digest=digest, hashed=hashed, nonce=nonce, at=self.clock.now())
        token = self._token(info.dump(), digest=digest, with_certificates=wants)
        granted = TimestampResponse({"status": {"status": "granted"}, "time_stamp_token": token})
        return bytes(granted.dump())

    def chain(self) -> tuple[bytes, ...]:
        """Return the signer's certificate and its issuers up to the root, DER.

        Raises:
            TimestampError: the TSA key cannot be had.
        """
        return tuple(item.der for item in self._chain())

    def revocation(self, *, now: datetime) -> tuple[bytes, ...]:
        """Return a fresh revocation list of the signer's issuer.

        Raises:
            KeyUnavailableError: the root's key cannot be had.
        """
        return (self.authority.crl(KeyName.ROOT, now=now),)

    def material(self, token: bytes, *, now: datetime) -> TimestampMaterial:  # noqa: ARG002 - the port's shape
        """Return chain and revocation list, as fresh as ``now``.

        Raises:
            TimestampError: the TSA key cannot be had.
            KeyUnavailableError: the root's key cannot be had.
        """
        return TimestampMaterial(certificates=self.chain(), crls=self.revocation(now=now))

    def _chain(self) -> list[Certificate]:
        if not self._certificates:
            if not self.authority.keys.has(KeyName.TSA):
                raise TimestampError("this home has no timestamper of its own", hint="configure an external one")
            self._certificates = [Certificate(der) for der in self.authority.keys.certificates(KeyName.TSA)]
        return self._certificates

    def _token(self, content: bytes, *, digest: str, with_certificates: bool) -> cms.ContentInfo:
        chain = self._chain()
        signer = chain[0].asn1
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.new(digest, content).digest()]},
                {"type": "signing_certificate_v2", "values": [_ess(chain[0])]},
            ]
        )
        signature = self.authority.keys.key(KeyName.TSA).sign(attributes.dump(), digest=digest)
        body: dict[str, Any] = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(content),
            },
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        name="issuer_and_serial_number",
                        value={"issuer": signer.issuer, "serial_number": signer.serial_number},
                    ),
                    "digest_algorithm": {"algorithm": digest},
                    "signed_attrs": attributes,
                    "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
                    "signature": signature,
                }
            ],
        }
        if with_certificates:
            body["certificates"] = [
                cms.CertificateChoices(name="certificate", value=item.asn1) for item in chain if not item.self_signed
            ]
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(body)})


def _info(policy: str, *, digest: str, hashed: bytes, nonce: int | None, at: datetime) -> tsp.TSTInfo:
    fields: dict[str, Any] = {
        "version": "v1",
        "policy": policy,
        "message_imprint": {"hash_algorithm": {"algorithm": digest}, "hashed_message": hashed},
        "serial_number": new_serial(),
        "gen_time": at.astimezone(UTC).replace(microsecond=0),
        "accuracy": {"seconds": 1},
    }
    if nonce is not None:
        fields["nonce"] = nonce
    return tsp.TSTInfo(fields)


def _ess(signer: Certificate) -> dict[str, Any]:
    """ESSCertIDv2 with SHA-256, the default, which DER leaves out (RFC 5035 section 4)."""
    return {"certs": [{"cert_hash": signer.digest}]}


def _rejection(failure: str) -> bytes:
    status = {"status": "rejection", "fail_info": {failure}}
    return bytes(TimestampResponse({"status": status}).dump())
