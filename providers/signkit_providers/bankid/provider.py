"""BankID as a signing provider: steps without sleeps, one order at a time per ceremony.

An order that no app fetched within thirty seconds is replaced quietly by a new one, for three minutes in all; whoever
polls learns it by ``PollResult.restarted``. A poll that fails for a passing reason counts as *nothing new*, and the
fifth in a row as a failure. ``collect`` is asked at most once a second, whatever the caller does.

Options of a request: ``call_initiator`` (``user`` or ``RP``) makes it a phone order; ``device`` = ``mobile`` makes the
link one for phones. What is not here: whether the evidence holds (``signkit.evidence``), and who was invited.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from signkit.errors import ProviderRejectedError, ProviderResponseError, ProviderUnavailableError
from signkit.model.person import Identity
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
from signkit_providers.bankid import hints, qr, wire
from signkit_providers.bankid.client import BankIdClient
from signkit_providers.bankid.settings import Settings, read_settings

__all__ = ["BankIdProvider"]

FORMAT: Final = "signkit.evidence.bankid/1"
SCHEME: Final = "se.personnummer"
RESTART_SECONDS: Final = 180.0
"""How long startFailed is answered by a new order (providers.md 1.8)."""
FINISH_SECONDS: Final = 180.0
"""How long an app has to finish what it fetched (providers.md 1.8)."""
_LIFE_SECONDS: Final = RESTART_SECONDS + FINISH_SECONDS
_STATE: Final = "order"
_PATIENCE: Final = 5
"""Ours: failed polls in a row that count as nothing new."""
_MAX_LIVE: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Live:
    """What is remembered of a running order between two polls."""

    hint: str
    polled_at: float
    failures: int = 0


class BankIdProvider:
    """Signing with BankID.

    Args:
        client: speaks to the server.
        clock: tells the time; the animated code follows it.
        settings: environment, requirement and habits.
        monotonic: counts seconds between polls.
    """

    def __init__(
        self,
        client: BankIdClient,
        *,
        clock: Clock,
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._clock, self._settings, self._monotonic = client, clock, settings, monotonic
        self._live: dict[str, _Live] = {}

    @classmethod
    def create(cls, context: ProviderContext) -> BankIdProvider:
        """Return the provider that the table ``[providers.bankid]`` of a home describes (``settings``).

        Raises:
            ConfigError: an unknown key, a value or a file that cannot be used.
            PluginNotFoundError: a production home names a test server.
        """
        read = read_settings(context.settings, folder=context.home, environment=context.environment)
        return cls(read.client(), clock=context.clock, settings=read)

    def facts(self) -> ProviderFacts:
        """Return what BankID is and takes; no I/O."""
        return ProviderFacts(
            name="bankid",
            environment=self._settings.environment,
            binds=Binding.CONTENT,
            limits=Limits(
                text_bytes=wire.MAX_TEXT_BYTES,
                data_bytes=wire.MAX_DATA_BYTES,
                poll_seconds=self._settings.poll_seconds,
                lifetime_seconds=_LIFE_SECONDS,
            ),
            schemes=(SCHEME,),
            evidence_format=FORMAT,
        )

    def start(self, request: SigningRequest) -> Started:
        """Start an order: by QR code and link, or on a call where ``call_initiator`` is given.

        Raises:
            ProviderUnavailableError: later.
            ProviderRejectedError: too long, not a personal number, or BankID refuses; ``alreadyInProgress`` may be
                tried again once the person knows.
            ProviderResponseError: BankID breaks its API.
        """
        endpoint, body = self._body(request)
        now = self._clock.now()
        renewing = 0.0 if endpoint == "phone/sign" else RESTART_SECONDS
        state = {
            "endpoint": endpoint,
            "body": body,
            "until": (now + timedelta(seconds=renewing)).isoformat(),
            "mobile": request.options.get("device") == "mobile",
            "language": request.language,
        }
        return self._order(state)

    def poll(self, started: Started) -> PollResult:
        """Ask once; a second ask within a second gives what was known.

        Raises:
            ProviderUnavailableError: later, after five polls without an answer.
            ProviderRejectedError: BankID refuses.
            ProviderResponseError: BankID breaks its API.
        """
        live = self._live.get(started.reference)
        now = self._monotonic()
        if live is not None and now - live.polled_at < self._settings.least_poll_seconds:
            return PollResult(CeremonyState.PENDING, self.prompt(started))
        live = live or _Live(hint="outstandingTransaction", polled_at=now)
        try:
            found = wire.collected(
                self._client.post("collect", {"orderRef": started.reference}), reference=started.reference
            )
        except ProviderUnavailableError:
            if live.failures + 1 >= _PATIENCE:
                raise
            self._remember(started.reference, replace(live, polled_at=now, failures=live.failures + 1))
            return PollResult(CeremonyState.PENDING, self.prompt(started))
        except ProviderRejectedError as exc:
            if exc.code != "provider.bankid.invalidParameters":
                raise
            self._live.pop(started.reference, None)
            return _ended(started, CeremonyState.EXPIRED, "orderGone")
        return self._outcome(started, found, now)

    def prompt(self, started: Started) -> Prompt:
        """Return what to show at this instant: code and link only until an app has fetched the order."""
        live = self._live.get(started.reference)
        hint = live.hint if live is not None else started.prompt.hint
        kept = _kept(started)
        if hint != "outstandingTransaction" or not kept["qr_token"]:
            return Prompt(hint=hint)
        age = (self._clock.now() - datetime.fromisoformat(kept["received_at"])).total_seconds()
        return Prompt(
            qr=qr.qr_data(kept["qr_token"], kept["qr_secret"], seconds=age),
            link=qr.autostart_link(kept["auto_token"], mobile=kept["mobile"]),
            hint=hint,
        )

    def cancel(self, started: Started) -> None:
        """End the order; harmless if it has ended.

        Raises:
            ProviderUnavailableError: BankID could not be told; the order ends by itself.
        """
        self._live.pop(started.reference, None)
        try:
            self._client.post("cancel", {"orderRef": started.reference})
        except ProviderRejectedError:
            return

    def check(self) -> None:
        """Return if BankID answers and knows our certificate; starts nothing.

        Raises:
            ProviderError: it does not; says what to look at.
        """
        self._client.check()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _body(self, request: SigningRequest) -> tuple[str, dict[str, Any]]:
        settings = self._settings
        number = _number(request)
        initiator = request.options.get("call_initiator") or (settings.call_initiator if number else None)
        if initiator:
            if initiator not in ("user", "RP") or number is None:
                raise ProviderRejectedError(
                    "a phone order needs the person's number and who called: user or RP",
                    code="provider.rejected.option",
                )
            requirement = settings.requirement.body(number, phone=True)
            return "phone/sign", wire.phone_sign_body(
                text=request.text,
                data=request.data,
                number=number,
                call_initiator=initiator,
                requirement=requirement,
                markdown=settings.markdown,
            )
        return "sign", wire.sign_body(
            text=request.text,
            data=request.data,
            end_user_ip=_address(request.client_ip),
            requirement=settings.requirement.body(number),
            markdown=settings.markdown,
            return_risk=settings.return_risk,
        )

    def _order(self, asked: Mapping[str, Any]) -> Started:
        phone = asked["endpoint"] == "phone/sign"
        found = wire.order(self._client.post(asked["endpoint"], asked["body"]), phone=phone)
        now = self._clock.now()
        kept = {name: asked[name] for name in ("endpoint", "body", "until", "mobile", "language")}
        kept |= {
            "received_at": now.isoformat(),
            "qr_token": found.qr_start_token,
            "qr_secret": found.qr_start_secret,
            "auto_token": found.auto_start_token,
        }
        started = Started(
            reference=found.reference,
            prompt=Prompt(hint="noClient" if phone else "outstandingTransaction"),
            expires_at=datetime.fromisoformat(asked["until"]) + timedelta(seconds=FINISH_SECONDS),
            state={_STATE: json.dumps(kept)},
        )
        return replace(started, prompt=self.prompt(started))

    def _outcome(self, started: Started, found: wire.Collected, now: float) -> PollResult:
        if found.status == "pending":
            self._remember(started.reference, _Live(hint=hints.pending_hint(found.hint), polled_at=now))
            return PollResult(CeremonyState.PENDING, self.prompt(started))
        self._live.pop(started.reference, None)
        if found.completion is not None:
            return self._complete(started, found.completion)
        state, reason = hints.failed_state(found.hint)
        if reason == "startFailed" and self._clock.now() < datetime.fromisoformat(_kept(started)["until"]):
            renewed = self._renewed(started)
            if renewed is not None:
                return PollResult(CeremonyState.PENDING, renewed.prompt, restarted=renewed)
        return _ended(started, state, reason)

    def _renewed(self, started: Started) -> Started | None:
        """Return a new order for the same request; None where BankID cannot now, which ends the ceremony as expired."""
        for _ in range(2):
            try:
                return self._order(_kept(started))
            except ProviderRejectedError as exc:
                if exc.code != "provider.bankid.alreadyInProgress":
                    raise
            except ProviderUnavailableError:
                continue
        return None

    def _complete(self, started: Started, completion: wire.Completion) -> PollResult:
        if self._settings.requirement.mrtd and completion.mrtd is False:
            return _ended(started, CeremonyState.FAILED, "mrtdFailed")
        identity = Identity(
            scheme=SCHEME,
            value=completion.number,
            name=completion.name,
            given_name=completion.given_name,
            surname=completion.surname,
            birthdate=_birthdate(completion.number),
            level="loa3" if self._settings.environment == "production" else "test",
        )
        parts = {
            "signature": completion.signature.encode("ascii"),
            "ocspResponse": completion.ocsp_response.encode("ascii"),
        }
        evidence = Evidence("bankid", self._settings.environment, FORMAT, parts)
        signed = Signed(identity=identity, evidence=evidence, completed_at=self._clock.now())
        return PollResult(CeremonyState.COMPLETE, Prompt(hint="complete"), signed=signed)

    def _remember(self, reference: str, live: _Live) -> None:
        while len(self._live) >= _MAX_LIVE:
            del self._live[next(iter(self._live))]
        self._live[reference] = live


def _ended(started: Started, state: CeremonyState, reason: str) -> PollResult:
    """Return an outcome without a signature, with the words recommended for it in the person's language."""
    words = hints.user_message(reason, str(_kept(started)["language"]))
    return PollResult(state, Prompt(hint=reason, message=words), reason=reason)


def _kept(started: Started) -> dict[str, Any]:
    """Return what this provider keeps with a running order."""
    try:
        return dict(json.loads(started.state[_STATE]))
    except (KeyError, ValueError, TypeError) as exc:
        raise ProviderResponseError("not a ceremony of this provider", code="provider.bankid.state") from exc


def _number(request: SigningRequest) -> str | None:
    if request.value is None:
        return None
    if request.scheme not in (None, SCHEME) or len(request.value) != 12 or not _digits(request.value):
        raise ProviderRejectedError(
            "BankID identifies by a Swedish personal number of twelve digits", code="provider.rejected.scheme"
        )
    return request.value


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as exc:
        raise ProviderRejectedError("the person's address is no IP address", code="provider.rejected.address") from exc


def _birthdate(number: str) -> str | None:
    day = int(number[6:8])
    try:
        born = datetime(int(number[:4]), int(number[4:6]), day - 60 if day > 60 else day)  # noqa: DTZ001 - a date
    except ValueError:
        return None
    return born.date().isoformat()
