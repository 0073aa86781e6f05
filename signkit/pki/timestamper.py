"""An RFC 3161 timestamping authority in this process, for test homes and for tests.

Times are whole seconds, rounded down: a revocation list made after a token then never looks older than it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp

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
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_SET: Final = 0x31
_CONTEXT_0: Final = 0xA0
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
            asked = _read_request(request, policy=self.policy)
        except _RefusedError as exc:
            return _rejection(exc.failure)
        info = _info(self.policy, asked, at=self.clock.now())
        token = self._token(info.dump(), digest=asked.digest, with_certificates=asked.wants_certificates)
        return _seq(_seq(_integer(0)), token)

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

    def _token(self, content: bytes, *, digest: str, with_certificates: bool) -> bytes:
        """Return the ContentInfo (RFC 5652 section 5), written out: asn1crypto takes six times as long."""
        chain = self._chain()
        attributes = sorted(
            _seq(_oid(kind), _tlv(_SET, value))
            for kind, value in (
                ("1.2.840.113549.1.9.3", _oid(_TST_INFO)),
                ("1.2.840.113549.1.9.4", _octets(hashlib.new(digest, content).digest())),
                ("1.2.840.113549.1.9.16.2.47", _seq(_seq(_seq(_octets(chain[0].digest))))),  # ESSCertIDv2, SHA-256
            )
        )
        signature = self.authority.keys.key(KeyName.TSA).sign(_tlv(_SET, *attributes), digest=digest)
        issuer = chain[0].asn1.issuer.dump()
        signer_info = _seq(
            _integer(1),
            _seq(issuer, _integer(chain[0].serial_number)),
            _digest_algorithm(digest),
            _tlv(_CONTEXT_0, *attributes),
            _seq(_oid("1.2.840.113549.1.1.1"), b"\x05\x00"),
            _octets(signature),
        )
        certificates = [item.der for item in chain if not item.self_signed] if with_certificates else []
        signed_data = _seq(
            _integer(3),
            _tlv(_SET, _digest_algorithm(digest)),
            _seq(_oid(_TST_INFO), _tlv(_CONTEXT_0, _octets(content))),
            _tlv(_CONTEXT_0, *sorted(certificates)) if certificates else b"",
            _tlv(_SET, signer_info),
        )
        return _seq(_oid("1.2.840.113549.1.7.2"), _tlv(_CONTEXT_0, signed_data))


class _RefusedError(Exception):
    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure
        """PKIFailureInfo by asn1crypto's name."""


@dataclass(frozen=True, slots=True)
class _Asked:
    digest: str
    hashed: bytes
    nonce: int | None
    wants_certificates: bool


def _read_request(request: bytes, *, policy: str) -> _Asked:
    if len(request) > _MAX_REQUEST_BYTES:
        raise _RefusedError("bad_data_format")
    try:
        asked = tsp.TimeStampReq.load(request, strict=True)
        imprint = asked["message_imprint"]
        digest = str(imprint["hash_algorithm"]["algorithm"].native)
        hashed = bytes(imprint["hashed_message"].native)
        found = _Asked(digest, hashed, asked["nonce"].native, bool(asked["cert_req"].native))
        wanted = None if asked["req_policy"].native is None else asked["req_policy"].dotted
        extended = bool(asked["extensions"].native)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as exc:
        raise _RefusedError("bad_data_format") from exc
    if digest not in _SIZES:
        raise _RefusedError("bad_alg")
    if len(hashed) != _SIZES[digest]:
        raise _RefusedError("bad_data_format")
    if wanted not in (None, policy):
        raise _RefusedError("unaccepted_policy")
    if extended:
        raise _RefusedError("unaccepted_extensions")
    return found


def _info(policy: str, asked: _Asked, *, at: datetime) -> tsp.TSTInfo:
    fields: dict[str, Any] = {
        "version": "v1",
        "policy": policy,
        "message_imprint": {"hash_algorithm": {"algorithm": asked.digest}, "hashed_message": asked.hashed},
        "serial_number": new_serial(),
        "gen_time": at.astimezone(UTC).replace(microsecond=0),
        "accuracy": {"seconds": 1},
    }
    if asked.nonce is not None:
        fields["nonce"] = asked.nonce
    return tsp.TSTInfo(fields)


def _rejection(failure: str) -> bytes:
    status = {"status": "rejection", "fail_info": {failure}}
    return bytes(TimestampResponse({"status": status}).dump())


def _tlv(tag: int, *parts: bytes) -> bytes:
    """Return one DER element (X.690 clause 8.1)."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


def _seq(*parts: bytes) -> bytes:
    return _tlv(0x30, *parts)


def _octets(value: bytes) -> bytes:
    return _tlv(0x04, value)


def _integer(value: int) -> bytes:
    return bytes(core.Integer(value).dump())


@lru_cache
def _oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


@lru_cache
def _digest_algorithm(name: str) -> bytes:
    return bytes(algos.DigestAlgorithm({"algorithm": name}).dump())
