"""The rehearsal: a scripted eID for practice, tests and the demonstration. It proves nothing about anybody.

``SigningRequest.options["rehearse"]`` says how the ceremony goes: ``success`` (default), ``decline``, ``expire``,
``fail`` or ``wrong-person`` (somebody with another name and another number completes it). Everything it returns says
TEST, and a production home refuses it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from signkit import canonical
from signkit.errors import PluginNotFoundError, ProviderRejectedError, ProviderResponseError
from signkit.evidence.jws import protected_header
from signkit.evidence.rehearsal import FORMAT, PAYLOAD_SCHEMA, TYPE, identity_to_json
from signkit.files import write_atomic
from signkit.model.person import Identity, same_name
from signkit.ports.clock import Clock
from signkit.ports.provider import (
    Binding,
    CeremonyState,
    Evidence,
    Limits,
    PollResult,
    Prompt,
    ProviderContext,
    ProviderFacts,
    Signed,
    SigningRequest,
    Started,
)
from signkit_providers.rehearsal_keys import RehearsalIssuer, load_issuer, make_issuer

__all__ = ["OUTCOMES", "RehearsalProvider", "made_up_number"]

OUTCOMES: Final = ("success", "decline", "expire", "fail", "wrong-person")
_ENDED: Final = {
    "decline": (CeremonyState.DECLINED, "user_cancel"),
    "expire": (CeremonyState.EXPIRED, "expired"),
    "fail": (CeremonyState.FAILED, "failed"),
}
_STRANGERS: Final = ("Främling Testsson TEST", "Någon Annan TEST")
_LIMITS: Final = Limits(text_bytes=40_000, data_bytes=200_000, poll_seconds=0.0, lifetime_seconds=300.0)
_QUIET: Final = Prompt(hint="rehearsal")
_FIRST_DAY: Final = date(1950, 1, 1)
_DAYS: Final = 50 * 365
_FIRST_TEST_NUMBER: Final = 980
"""The tax agency keeps the numbers 980 to 999 of each day for tests."""


class RehearsalProvider:
    """Completes ceremonies by itself, as told.

    Args:
        clock: tells the time of each signature.
        issuer: the test root; or
        key_file: the PKCS#12 file that holds it, opened at the first completed ceremony.
        passphrase: of that file, if it has one.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        issuer: RehearsalIssuer | None = None,
        key_file: Path | None = None,
        passphrase: bytes | None = None,
    ) -> None:
        self._clock = clock
        self._issuer = issuer
        self._key_file = key_file
        self._passphrase = passphrase
        self._cancelled: set[str] = set()

    @classmethod
    def create(cls, context: ProviderContext) -> RehearsalProvider:
        """Return the rehearsal of a test home.

        Raises:
            PluginNotFoundError: the home is a production one, which knows no rehearsal.
        """
        if context.environment != "test":
            raise PluginNotFoundError(
                "a production home refuses rehearsal",
                code="plugin.refused",
                hint="name a real provider with --provider",
            )
        return cls(clock=context.clock, key_file=_key_file(context), passphrase=context.passphrase)

    @classmethod
    def prepare(cls, context: ProviderContext) -> tuple[bytes, ...]:
        """Make the test root of a home, once; return it, the anchor for ``eid:rehearsal:test``."""
        path = _key_file(context)
        if not path.exists():
            issuer = make_issuer(organisation=context.organisation, now=context.clock.now())
            write_atomic(path, issuer.to_pkcs12(context.passphrase), mode=0o600)
        return (load_issuer(path, passphrase=context.passphrase).der,)

    def facts(self) -> ProviderFacts:
        """Return what the rehearsal is; always of the environment ``test``."""
        return ProviderFacts(
            name="rehearsal",
            environment="test",
            binds=Binding.CONTENT,
            limits=_LIMITS,
            schemes=("se.personnummer", "dk.mitid.uuid"),
            evidence_format=FORMAT,
        )

    def start(self, request: SigningRequest) -> Started:
        """Start a ceremony that ends at the first poll.

        Raises:
            ProviderRejectedError: an unknown script or scheme, or too much to sign.
        """
        outcome = request.options.get("rehearse", "success")
        if outcome not in OUTCOMES:
            raise ProviderRejectedError(
                "the rehearsal knows no such outcome",
                code="provider.rejected.option",
                hint=f"one of {', '.join(OUTCOMES)}",
            )
        if request.scheme is not None and request.scheme not in self.facts().schemes:
            raise ProviderRejectedError(
                "the rehearsal does not know this kind of identity", code="provider.rejected.scheme"
            )
        if len(request.text.encode("utf-8")) > _LIMITS.text_bytes or len(request.data) > _LIMITS.data_bytes:
            raise ProviderRejectedError("more than the rehearsal takes", code="provider.rejected.size")
        return Started(
            reference=secrets.token_hex(16),
            prompt=_QUIET,
            expires_at=self._clock.now() + timedelta(seconds=_LIMITS.lifetime_seconds),
            state={
                "outcome": outcome,
                "text": request.text,
                "data": base64.b64encode(request.data).decode("ascii"),
                "scheme": request.scheme or "se.personnummer",
                "value": request.value or "",
                "name": request.name or "",
            },
        )

    def poll(self, started: Started) -> PollResult:
        """Return the scripted outcome; declined after ``cancel``, expired after the ceremony's time."""
        now = self._clock.now()
        outcome = started.state.get("outcome")
        if outcome not in OUTCOMES:
            raise ProviderResponseError("not a ceremony of this provider")
        if started.reference in self._cancelled:
            return PollResult(CeremonyState.DECLINED, _QUIET, reason="cancelled")
        if now >= started.expires_at:
            return PollResult(CeremonyState.EXPIRED, _QUIET, reason="expired")
        if outcome in _ENDED:
            state, reason = _ENDED[outcome]
            return PollResult(state, _QUIET, reason=reason)
        return PollResult(CeremonyState.COMPLETE, _QUIET, signed=self._signed(started.state, now))

    def prompt(self, started: Started) -> Prompt:  # noqa: ARG002 - the port's signature
        """Return that this is a rehearsal."""
        return _QUIET

    def cancel(self, started: Started) -> None:
        """End the ceremony."""
        self._cancelled.add(started.reference)

    def _signed(self, state: Mapping[str, str], now: datetime) -> Signed:
        identity = _stranger(state["name"], state["value"]) if state["outcome"] == "wrong-person" else _invited(state)
        payload = canonical.encode(
            {
                "schema": PAYLOAD_SCHEMA,
                "text": state["text"],
                "data": state["data"],
                "identity": identity_to_json(identity),
                "signed_at": now.astimezone(UTC).isoformat(timespec="microseconds"),
            }
        )
        key, certificate = self._root().issue(name=identity.name, value=identity.value, at=now)
        evidence = Evidence("rehearsal", "test", FORMAT, {"jws": _compact(payload, key, certificate)})
        return Signed(identity=identity, evidence=evidence, completed_at=now)

    def _root(self) -> RehearsalIssuer:
        if self._issuer is None:
            if self._key_file is None:
                raise ProviderRejectedError("the rehearsal has no key", code="provider.rejected.key")
            self._issuer = load_issuer(self._key_file, passphrase=self._passphrase)
        return self._issuer


def made_up_number(name: str) -> str:
    """Return a Swedish test number, always the same for the same name: twelve digits, of the numbers kept for tests."""
    folded = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    seed = int.from_bytes(hashlib.sha256(folded.encode("utf-8")).digest()[:8], "big")
    day = _FIRST_DAY + timedelta(days=seed % _DAYS)
    digits = f"{day:%Y%m%d}{_FIRST_TEST_NUMBER + seed // _DAYS % 20}"
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(digits[2:]))
    return digits + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def _invited(state: Mapping[str, str]) -> Identity:
    name = state["name"] or "Test Testsson TEST"
    return _identity(state["scheme"], state["value"] or made_up_number(name), name)


def _stranger(name: str, value: str) -> Identity:
    other = next(item for item in _STRANGERS if not same_name(item, name))
    number = made_up_number(other)
    if number == value:
        number = made_up_number(other + " junior")
    return _identity("se.personnummer", number, other)


def _identity(scheme: str, value: str, name: str) -> Identity:
    given, _, surname = name.rpartition(" ")
    return Identity(
        scheme=scheme,
        value=value,
        name=name,
        given_name=given or None,
        surname=surname or None,
        birthdate=_birthdate(value) if scheme == "se.personnummer" else None,
        level="test",
    )


def _birthdate(value: str) -> str | None:
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:8])).isoformat()
    except ValueError:
        return None


def _compact(payload: bytes, key: ec.EllipticCurvePrivateKey, certificate: bytes) -> bytes:
    signed = _encoded(protected_header([certificate], TYPE)) + b"." + _encoded(payload)
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return signed + b"." + _encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _key_file(context: ProviderContext) -> Path:
    return context.home / "keys" / "rehearsal.p12"
