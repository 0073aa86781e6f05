"""Several timestamp services in order: the first token that holds is given out, and nothing that was not checked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asn1crypto import core, tsp

from signkit.errors import SignkitError, TimestampError
from signkit.pki.timestamper import TimestampResponse
from signkit.ports.clock import Clock
from signkit.ports.timestamper import (
    MAX_RESPONSE_BYTES,
    Timestamp,
    TimestampMaterial,
    TimestampService,
)
from signkit.x509.algorithms import DIGESTS
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error
from signkit.x509.paths import validate_path
from signkit.x509.tokens import TimestampToken, check_token

__all__ = ["MAX_SKEW", "TimestampChain", "build_request", "parse_response"]

MAX_SKEW: Final = timedelta(seconds=30)
"""Most that a service's clock and ours may differ (proof.md section 4)."""


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampChain:
    """A timestamper over services that are tried in order.

    Args:
        services: in order of preference.
        clock: ours; every token is held against it.
        timeout_seconds: most time for one service.
        anchors: certificates for the purpose tsa; if given, tokens must chain to one of them, by certificates in the
            token (an intermediate that a service leaves out may be an anchor itself).
        refused: certificates that no token may chain to, directly or by certificates in it: a production home names
            its own root and CAs (proof.md section 4).
    """

    services: Sequence[TimestampService]
    clock: Clock
    timeout_seconds: float = 10.0
    anchors: tuple[Certificate, ...] | None = None
    refused: tuple[Certificate, ...] = ()

    def timestamp(self, imprint: bytes, *, digest: str = "sha256") -> Timestamp:
        """Return the first token that holds: granted, our imprint and nonce, time, algorithms, signature.

        Raises:
            TimestampError: none did; names each service and why. ``clock_skew`` if a service's time was more than 30 s
                from ours.
        """
        if digest not in DIGESTS or len(imprint) != hashlib.new(digest).digest_size:
            raise TimestampError(f"no {digest} digest to timestamp", code="seal.timestamp.request")
        if not self.services:
            raise TimestampError("no timestamp service is configured", hint="name one in the configuration")
        reasons: list[tuple[str, _Refused]] = []
        for service in self.services:
            try:
                return self._ask(service, imprint, digest=digest)
            except _Refused as exc:
                reasons.append((service.name, exc))
        skewed = any(refused.code == "clock_skew" for _, refused in reasons)
        raise TimestampError(
            "no timestamp service gave a token that holds: " + "; ".join(f"{name}: {r.why}" for name, r in reasons),
            code="clock_skew" if skewed else "seal.timestamp",
            hint="synchronise this machine's clock" if skewed else "check the services and the network",
        ) from reasons[-1][1]

    def material(self, timestamp: Timestamp) -> TimestampMaterial:
        """Return certificates and revocation data for a token of one of these services, as fresh as now.

        Raises:
            TimestampError: no service of that name, or it cannot say.
        """
        for service in self.services:
            if service.name == timestamp.service:
                return service.material(timestamp.token, now=self.clock.now())
        raise TimestampError(f"no timestamp service is called {timestamp.service}", code="seal.timestamp.material")

    def _ask(self, service: TimestampService, imprint: bytes, *, digest: str) -> Timestamp:
        nonce = secrets.randbits(63) | 1 << 62
        before = self.clock.now()
        try:
            answer = service.respond(
                build_request(imprint, digest=digest, nonce=nonce), timeout_seconds=self.timeout_seconds
            )
        except SignkitError as exc:
            raise _Refused(exc.code, exc.message) from exc
        token = _parsed(answer)
        _check_facts(token, imprint, digest=digest, nonce=nonce)
        _check_time(token.gen_time, before, self.clock.now())
        try:
            signer = check_token(token)
            self._check_independence(token, signer)
            if self.anchors is not None:
                self._check_trust(token, signer)
        except X509Error as exc:
            raise _Refused(exc.code, exc.message) from exc
        return Timestamp(token=token.der, gen_time=token.gen_time, service=service.name)

    def _check_independence(self, token: TimestampToken, signer: Certificate) -> None:
        for certificate in (signer, *token.certificates):
            if certificate in self.refused or any(certificate.issued_by(item) for item in self.refused):
                raise _Refused("token.own_root", "the service is not independent of this home")

    def _check_trust(self, token: TimestampToken, signer: Certificate) -> None:
        validate_path(
            signer,
            anchors=self.anchors or (),
            at=token.gen_time,
            intermediates=token.certificates,
            crls=token.crls,
            require_revocation=False,
            extended_key_usage=frozenset({"time_stamping"}),
        )


def build_request(imprint: bytes, *, digest: str, nonce: int) -> bytes:
    """Return a DER TimeStampReq that asks for the signer's certificate, too (RFC 3161 section 2.4.1)."""
    request = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": {"algorithm": digest}, "hashed_message": imprint},
            "nonce": nonce,
            "cert_req": True,
        }
    )
    return bytes(request.dump())


def parse_response(answer: bytes) -> TimestampToken:
    """Return the token of a granted TimeStampResp.

    Raises:
        X509Error: ``token.unreadable``, not a response; ``token.refused``, the service said no.
    """
    try:
        response = TimestampResponse.load(answer, strict=True)
        status = response["status"]
        said = str(status["status"].native)
        failure = sorted(status["fail_info"].native or ())
        token = response["time_stamp_token"]
        der = b"" if isinstance(token, core.Void) else token.dump()
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, AttributeError) as exc:
        raise X509Error("not a timestamp response", code="token.unreadable") from exc
    if said not in {"granted", "granted_with_mods"}:
        raise X509Error(f"refused ({', '.join([said, *failure])[:100]})", code="token.refused")
    return TimestampToken(der)


def _parsed(answer: bytes) -> TimestampToken:
    if len(answer) > MAX_RESPONSE_BYTES:
        raise _Refused("token.unreadable", "the answer is too large")
    try:
        return parse_response(answer)
    except X509Error as exc:
        raise _Refused(exc.code, exc.message) from exc


def _check_facts(token: TimestampToken, imprint: bytes, *, digest: str, nonce: int) -> None:
    if token.facts.digest != digest or not hmac.compare_digest(token.facts.imprint, imprint):
        raise _Refused("token.imprint", "the token is over something else")
    if token.facts.nonce != nonce:
        raise _Refused("token.nonce", "the token answers another request")


def _check_time(gen_time: datetime, before: datetime, after: datetime) -> None:
    if not before - MAX_SKEW <= gen_time <= after + MAX_SKEW:
        seconds = int((gen_time - after).total_seconds())
        raise _Refused("clock_skew", f"its clock differs from ours by {seconds} s")
