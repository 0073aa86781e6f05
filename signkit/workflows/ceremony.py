"""One ceremony of one person over any number of envelopes, in steps without sleeps: begin, poll, finish.

Order of things, so that a crash at any instant leaves a true story: *ceremony started* is written before the provider
is asked; evidence is kept as received before it is judged; the certificate's digest is an entry before the certificate
is used; *signed* is written together with the new file versions. The one-time key lives in this process only: a
ceremony whose process died is ``orphaned`` when the person is next asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from signkit import canonical
from signkit.canonical import Json
from signkit.errors import (
    CeremonyDeclinedError,
    CeremonyError,
    CeremonyExpiredError,
    CeremonyFailedError,
    ProviderResponseError,
    SignkitError,
    UsageError,
)
from signkit.journal.writer import append
from signkit.model.ids import new_id
from signkit.model.statement import Intent
from signkit.pki.keys import LocalKey, new_one_time_key
from signkit.ports.provider import (
    CeremonyState,
    PollResult,
    ProviderFacts,
    SigningProvider,
    SigningRequest,
    Started,
)
from signkit.ports.store import WriteTransaction
from signkit.texts import text
from signkit.workflows.desk import Desk, load
from signkit.workflows.readiness import Ready, Slot, check_provider, matters_of, one_person, ready
from signkit.workflows.vouching import expect_whole_log
from signkit.workflows.wording import visible_text

__all__ = ["OpenCeremony", "ProviderOrigin", "Slot", "abort", "begin", "cancel", "poll"]


@dataclass(frozen=True, slots=True)
class ProviderOrigin:
    """Which installed distribution the provider came from; written into the journal."""

    distribution: str
    version: str


@dataclass(slots=True)
class OpenCeremony:
    """A ceremony under way. Holds the one-time key: never stored, never logged."""

    id: str
    slots: tuple[Slot, ...]
    provider: SigningProvider
    request: SigningRequest = field(repr=False)
    intent: Intent
    key: LocalKey = field(repr=False)
    started: Started = field(repr=False)
    name: str
    """The invited person's name."""
    by_name: bool = False
    """Invited without a number: whoever signs must have the name, also where a number was told on the phone."""


def begin(
    desk: Desk,
    slots: Sequence[Slot],
    provider: SigningProvider,
    *,
    origin: ProviderOrigin,
    language: str,
    options: dict[str, str] | None = None,
    number: str | None = None,
) -> OpenCeremony:
    """Start a ceremony for the person who is invited to fill ``slots``; each envelope's journal says so first.

    Args:
        desk: the clerk's desk.
        slots: places of one person, one for each envelope.
        provider: the eID.
        origin: where the provider comes from.
        language: of the text that the person reads.
        options: for the provider; ``call_initiator`` is written down.
        number: personal number that somebody invited without one has told; where one is known it is not looked at.

    Raises:
        TransitionError: an envelope is not sent, it is not this person's turn, or the place is filled.
        UsageError: the slots are not one person's, or the text does not fit.
        ProviderError: the provider did not start; the journal says so.
        JournalForkError: the home was restored from a backup; nothing may be signed yet.
    """
    facts = _facts(desk, provider)
    key, ceremony, held = new_one_time_key(), new_id(), tuple(slots)
    now = desk.clock.now()
    with desk.store.write() as tx:
        places = _places(desk, tx, slots, facts, now)
        scheme, value, name = one_person(places)
        words = _words(desk, places, facts, language)
        intent = _intent(ceremony, places, key, words)
        if len(intent.encode()) > facts.limits.data_bytes:
            raise UsageError("too many documents for one ceremony", code="usage.data_too_long")
        for place in places:
            _orphan(tx, place, now)
            _write_start(tx, place, intent, facts, origin=origin, options=options or {}, at=now)
    for place in places:
        if place.state.ceremony is not None:
            desk.observer.done("ceremony.orphaned", name=place.acting.name, envelope=place.envelope.id)
    told = value is None and number is not None
    request = SigningRequest(
        ceremony=ceremony,
        text=words,
        data=intent.encode(),
        language=language,
        scheme="se.personnummer" if told else scheme,
        value=number if told else value,
        name=name,
        options=options or {},
    )
    started = _start(desk, held, provider, request)
    return OpenCeremony(ceremony, held, provider, request, intent, key, started, name, value is None)


def _facts(desk: Desk, provider: SigningProvider) -> ProviderFacts:
    """Return what the provider is, if it is of the home's environment."""
    facts = provider.facts()
    if facts.environment != desk.environment:
        raise UsageError(
            f"provider {facts.name} is a {facts.environment} one, the home is a {desk.environment} one",
            code="usage.environment",
            hint="use another provider, or another home",
        )
    return facts


def _places(
    desk: Desk, tx: WriteTransaction, slots: Sequence[Slot], facts: ProviderFacts, now: datetime
) -> list[Ready]:
    """Return the places that are to be filled, if they may be now, with this eID, over a log that is whole."""
    expect_whole_log(desk, tx)
    places = [ready(tx, slot, now) for slot in slots]
    for place in places:
        check_provider(place, facts.name)
    return places


def _words(desk: Desk, places: Sequence[Ready], facts: ProviderFacts, language: str) -> str:
    """Return the text that the person reads in the eID's app."""
    return visible_text(
        desk.organisation,
        [matter for place in places for matter in matters_of(place, language)],
        lang=language,
        limit=facts.limits.text_bytes,
        test=desk.environment == "test",
    )


def _write_start(
    tx: WriteTransaction,
    place: Ready,
    intent: Intent,
    facts: ProviderFacts,
    *,
    origin: ProviderOrigin,
    options: Mapping[str, str],
    at: datetime,
) -> None:
    """Write that the ceremony started, before the provider is asked."""
    append(
        tx,
        place.envelope.id,
        "ceremony_started",
        actor=f"signatory:{place.state.id}",
        data={
            "ceremony": intent.ceremony,
            "signatory": place.state.id,
            "intent": intent.digest,
            "provider": facts.name,
            "environment": facts.environment,
            "distribution": origin.distribution,
            "version": origin.version,
            **_call(options),
        },
        at=at,
    )


def _start(desk: Desk, slots: Sequence[Slot], provider: SigningProvider, request: SigningRequest) -> Started:
    """Ask the provider to start; where it does not, the journal says so."""
    try:
        return provider.start(request)
    except KeyboardInterrupt:
        _end(desk, slots, request.ceremony, outcome="cancelled", code="cancelled")
        raise
    except Exception as exc:
        _end(desk, slots, request.ceremony, outcome="failed", code=_code(exc))
        raise _wrapped(exc, provider.facts().name) from exc


def poll(desk: Desk, ceremony: OpenCeremony) -> PollResult:
    """Ask once how the ceremony stands; PENDING or COMPLETE come back, anything else ends it and raises.

    Raises:
        CeremonyDeclinedError: the person said no or cancelled.
        CeremonyExpiredError: nobody finished in time.
        CeremonyFailedError: it failed for a reason of the eID.
        ProviderError: the provider could not be asked; ``retry`` says whether polling again makes sense.
    """
    name = ceremony.provider.facts().name
    try:
        result = ceremony.provider.poll(ceremony.started)
    except Exception as exc:
        raise _wrapped(exc, name) from exc
    if result.restarted is not None:
        ceremony.started = result.restarted
    if result.state is CeremonyState.PENDING:
        if desk.clock.now() >= ceremony.started.expires_at:
            cancel(desk, ceremony, outcome="expired")
            raise CeremonyExpiredError("nobody finished in time", subject={"provider": name})
        return result
    if result.state is CeremonyState.COMPLETE and result.signed is not None:
        return result
    outcome, error = _OUTCOMES.get(result.state, ("failed", CeremonyFailedError))
    _end(desk, ceremony.slots, ceremony.id, outcome=outcome, code=result.reason or outcome)
    lang = ceremony.request.language
    raise error(
        text(f"ceremony.{outcome}", "en", name=ceremony.name),
        hint=result.prompt.message or text(f"ceremony.{outcome}_hint", lang),
        subject={"provider": name},
        params={"name": ceremony.name},
    )


def cancel(desk: Desk, ceremony: OpenCeremony, *, outcome: str = "cancelled") -> None:
    """End the ceremony at the provider, as far as it answers, and in the journal."""
    with contextlib.suppress(Exception):  # it ends by itself; the journal says what we know
        ceremony.provider.cancel(ceremony.started)
    _end(desk, ceremony.slots, ceremony.id, outcome=outcome, code=outcome)


def abort(desk: Desk, ceremony: OpenCeremony, *, outcome: str, code: str) -> None:
    """Write that the ceremony ended without a signature."""
    _end(desk, ceremony.slots, ceremony.id, outcome=outcome, code=code)


_OUTCOMES: dict[CeremonyState, tuple[str, type[CeremonyError]]] = {
    CeremonyState.DECLINED: ("declined", CeremonyDeclinedError),
    CeremonyState.EXPIRED: ("expired", CeremonyExpiredError),
    CeremonyState.FAILED: ("failed", CeremonyFailedError),
}


def _call(options: Mapping[str, str]) -> dict[str, Json]:
    """Return what the journal says of a call: who called whom."""
    initiator = options.get("call_initiator")
    return {} if initiator is None else {"call_initiator": initiator}


def _intent(ceremony: str, places: Sequence[Ready], key: LocalKey, words: str) -> Intent:
    digests = {document.r2 for place in places for document in place.envelope.documents if document.r2}
    return Intent(
        ceremony=ceremony,
        places={place.envelope.id: place.state.id for place in places},
        spki=canonical.digest_text(canonical.digest(key.spki)),
        text=canonical.digest_text(canonical.digest(words.encode("utf-8"))),
        documents=tuple(sorted(digests)),
    )


def _orphan(tx: WriteTransaction, place: Ready, now: datetime) -> None:
    """End a ceremony of the same person that nobody has ended: its process died, or is overtaken now."""
    if place.state.ceremony is not None:
        append(
            tx,
            place.envelope.id,
            "ceremony_ended",
            actor="system",
            data={"ceremony": place.state.ceremony, "outcome": "orphaned", "code": "orphaned"},
            at=now,
        )


def _end(desk: Desk, slots: Sequence[Slot], ceremony: str, *, outcome: str, code: str) -> None:
    now = desk.clock.now()
    with desk.store.write() as tx:
        for slot in slots:
            state = load(tx, slot.envelope).signatory(slot.signatory)
            if state.ceremony == ceremony:
                append(
                    tx,
                    slot.envelope,
                    "ceremony_ended",
                    actor=f"signatory:{slot.signatory}",
                    data={"ceremony": ceremony, "outcome": outcome, "code": code},
                    at=now,
                )


def _code(error: Exception) -> str:
    return error.code if isinstance(error, SignkitError) else "provider.response"


def _wrapped(error: Exception, name: str) -> SignkitError:
    """Return the port's own error, or one that hides whatever else a provider raised (it may hold secrets)."""
    if isinstance(error, SignkitError):
        return error
    return ProviderResponseError(
        f"provider {name} failed: {type(error).__name__}",
        hint="this is the provider's fault; update it or use another",
        subject={"provider": name},
    )
