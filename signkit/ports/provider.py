"""The signing provider port: one ceremony with one person, in steps without sleeps.

A provider starts an eID **sign** (never *auth*) ceremony, answers polls and cancels. It verifies nothing about what it
returns: evidence is judged by ``signkit.evidence`` from bytes, intent digest and anchors only. It never prints, never
sleeps, and knows no envelope.

Errors that the methods may raise: :class:`~signkit.errors.ProviderUnavailableError` (later),
:class:`~signkit.errors.ProviderRejectedError` (not again unchanged),
:class:`~signkit.errors.ProviderResponseError` (the service breaks its own API). The caller wraps whatever else escapes.
The conformance suite is
``signkit.testing.providers``.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from signkit.model.person import Identity
from signkit.ports.clock import Clock

__all__ = [
    "Binding",
    "CeremonyState",
    "Evidence",
    "Limits",
    "PollResult",
    "Prompt",
    "ProviderContext",
    "ProviderFactory",
    "ProviderFacts",
    "Signed",
    "SigningProvider",
    "SigningRequest",
    "Started",
]


class Binding(enum.StrEnum):
    """What the eID's signature binds of what we sent."""

    CONTENT = "content"
    """Visible text and hidden data, both in the signed bytes."""
    NONCE = "nonce"
    """A digest of ours, as a nonce."""
    NOTHING = "nothing"
    """Only that somebody identified: C3b cannot be decided."""


class CeremonyState(enum.StrEnum):
    """Where a ceremony stands."""

    PENDING = "pending"
    COMPLETE = "complete"
    DECLINED = "declined"
    """The person said no or cancelled."""
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the provider takes, checked before anything is sent."""

    text_bytes: int
    """Most bytes of visible text in UTF-8."""
    data_bytes: int
    """Most bytes of hidden data."""
    poll_seconds: float = 2.0
    """Shortest pause between two polls."""
    lifetime_seconds: float = 600.0
    """After this a ceremony without an outcome counts as expired."""


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What a provider says about itself, also written into the journal."""

    name: str
    """As in configuration and ``--provider``."""
    environment: str
    """``test`` or ``production``: which eID world it talks to."""
    binds: Binding
    limits: Limits
    schemes: tuple[str, ...]
    """Identity schemes it can return."""
    evidence_format: str
    """Key of the verifier in ``signkit.evidence``, for example ``signkit.evidence.rehearsal/1``."""


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """What one ceremony asks one person to sign."""

    ceremony: str
    text: str
    """Visible text, plain, in the person's language."""
    data: bytes
    """Hidden data: the intent, canonical JSON."""
    language: str
    """``sv``, ``en`` or ``da``."""
    scheme: str | None = None
    """Scheme of the invited identity, or None when invited by name only."""
    value: str | None = field(default=None, repr=False)
    """The invited identity's value: only this person may complete. None: anybody, judged by name afterwards."""
    name: str | None = None
    """The invited person's name."""
    client_ip: str = "127.0.0.1"
    """The person's address as we see it; a terminal on the spot has loopback."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Provider-specific, documented by the provider (for example ``rehearse`` or ``call_initiator``)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to show the person now. A provider without a person at hand shows nothing."""

    qr: str | None = None
    """Text of a QR code, valid at this instant only."""
    link: str | None = None
    """Link that starts the app on this device."""
    hint: str | None = None
    """Machine code of the status; its words are ``<provider>.hint.<code>`` in the texts, or ``message``."""
    message: str | None = None
    """Words for the person, already in their language, where the provider brings its own."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the provider returned, byte for byte."""

    provider: str
    environment: str
    format: str
    """Key of the verifier, as in :class:`ProviderFacts`."""
    parts: Mapping[str, bytes] = field(repr=False)
    """Named byte strings exactly as received, for BankID ``signature`` and ``ocspResponse``."""


@dataclass(frozen=True, slots=True)
class Started:
    """A ceremony that the provider has accepted."""

    reference: str = field(repr=False)
    """The provider's own name of the ceremony (BankID's orderRef); secret enough not to be logged."""
    prompt: Prompt
    expires_at: datetime
    state: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the provider needs to poll again (QR secret, start time); held in memory by the caller, never stored."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A completed ceremony: who, and the evidence. Nothing of it is believed until the evidence is verified."""

    identity: Identity
    evidence: Evidence
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class PollResult:
    """One answer to one poll."""

    state: CeremonyState
    prompt: Prompt
    signed: Signed | None = None
    """Present exactly when the state is COMPLETE."""
    reason: str | None = None
    """Machine code of why it ended otherwise."""
    restarted: Started | None = None
    """The provider replaced the ceremony by a new one (BankID startFailed): use this from now on."""


class SigningProvider(Protocol):
    """An eID or signing service.

    A provider that holds connections may also have ``close()``: called once, when the command that loaded it ends.
    """

    def facts(self) -> ProviderFacts:
        """Return what the provider is and takes; no I/O."""
        ...

    def start(self, request: SigningRequest) -> Started:
        """Start a ceremony. The caller has checked the limits and written *ceremony started* first."""
        ...

    def poll(self, started: Started) -> PollResult:
        """Ask once where the ceremony stands. After an outcome other than PENDING it is not asked again."""
        ...

    def prompt(self, started: Started) -> Prompt:
        """Return what to show at this instant (an animated QR code renews each second); no I/O."""
        ...

    def cancel(self, started: Started) -> None:
        """End the ceremony; harmless if it has ended already."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """What a provider is made from."""

    settings: Mapping[str, object]
    """The table ``[providers.<name>]`` of the configuration, unread."""
    home: Path
    """Folder of the home; relative paths in the settings start here, secrets live in its ``keys``."""
    environment: str
    """``test`` or ``production``: the home's, which the provider's must equal."""
    clock: Clock
    organisation: str = ""
    passphrase: bytes | None = field(default=None, repr=False)
    """Of the home's keys, if they have one."""


class ProviderFactory(Protocol):
    """What an entry point of the group ``signkit.providers`` names: usually the provider's class.

    A factory may also have ``prepare(context) -> Sequence[bytes]``: called by ``init`` of a test home for the providers
    that signkit ships; it makes what the provider needs there and returns the DER certificates under which its evidence
    is trusted, for ``eid:<name>:test``. Calling it again gives the same.
    """

    def create(self, context: ProviderContext) -> SigningProvider:
        """Return a provider that is ready to start ceremonies.

        Raises:
            ConfigError: a setting is missing, unknown or wrong; says which.
        """
        ...
