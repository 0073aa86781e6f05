"""The clerk's desk: what every use case is handed, and the few things that all of them do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from signkit.errors import CeremonyExpiredError, EnvelopeNotFoundError, TransitionError
from signkit.model.envelope import Envelope, EnvelopeState, fold
from signkit.pades.cms import SigningIdentity
from signkit.pades.security_store import ValidationMaterial
from signkit.pades.timestamping import StampBook
from signkit.pki.authority import Authority
from signkit.ports.clock import Clock
from signkit.ports.keys import KeyName, KeyPort
from signkit.ports.observer import Observer
from signkit.ports.store import ReadTransaction, Store
from signkit.ports.witness import WitnessService
from signkit.x509.anchors import TrustAnchors

__all__ = ["Desk", "expect_state", "find_envelope", "load", "overdue"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that the use cases need from outside."""

    store: Store
    clock: Clock
    keys: KeyPort
    authority: Authority
    stamps: StampBook
    """The timestamper, with a memory of what its tokens are like."""
    anchors: TrustAnchors
    """What evidence and timestamps are judged against."""
    environment: str
    organisation: str
    origin: str
    """Name of the home's log."""
    language: str = "sv"
    observer: Observer = field(default_factory=Observer)
    witnesses: tuple[WitnessService, ...] = ()
    """Who is asked to vouch for the checkpoint of each completed envelope."""
    witnesses_needed: int = 0
    """How many of them must (the policy, k of n)."""
    pdfa_check: Callable[[Path], None] | None = None
    """Raises ``DocumentError`` where a configured checker says that a file is not the PDF/A it claims to be."""

    @property
    def seal(self) -> SigningIdentity:
        """The organisation's seal.

        Raises:
            KeyUnavailableError: it cannot be opened.
        """
        return SigningIdentity(key=self.keys.key(KeyName.SEAL), chain=self.keys.certificates(KeyName.SEAL))

    def material(self, now: datetime) -> ValidationMaterial:
        """Return revocation lists of every issuer of this home, issued at ``now``."""
        return ValidationMaterial(crls=self.authority.crls(now=now))


def find_envelope(tx: ReadTransaction, prefix: str) -> str:
    """Return the one envelope whose identifier begins with ``prefix``, as in git.

    Raises:
        EnvelopeNotFoundError: none, or more than one.
    """
    wanted = prefix.strip().lower()
    found = tx.envelopes(prefix=wanted) if wanted else []
    if len(found) == 1:
        return found[0]
    if not found:
        file = wanted.endswith(".pdf") or "/" in wanted
        raise EnvelopeNotFoundError(
            f"no envelope begins with {wanted[:40]!r}",
            hint="name the envelope, not the file: signkit envelope list"
            if file
            else "list them with: signkit envelope list",
            subject={"envelope": wanted[:40]},
        )
    if wanted in found:
        return wanted
    raise EnvelopeNotFoundError(
        f"{len(found)} envelopes begin with {wanted[:40]!r}",
        code="envelope.ambiguous",
        hint="write more of the identifier: " + ", ".join(found[:3]),
        subject={"envelope": wanted[:40]},
    )


def load(tx: ReadTransaction, envelope: str) -> Envelope:
    """Return the envelope, folded from its entries.

    Raises:
        JournalCorruptError: they do not add up.
    """
    return fold(stored.entry for stored in tx.entries(envelope))


def expect_state(envelope: Envelope, *states: EnvelopeState, step: str) -> None:
    """Refuse a step that the envelope's state does not allow.

    Raises:
        TransitionError: says which state it is in.
    """
    if envelope.state not in states:
        allowed = " or ".join(state.value for state in states)
        raise TransitionError(
            f"envelope {envelope.id} is {envelope.state.value}, {step} needs {allowed}",
            hint=f"see: signkit envelope show {envelope.id}",
            subject={"envelope": envelope.id},
        )


def overdue(envelope: str) -> CeremonyExpiredError:
    """Return what to raise where the deadline of an envelope has passed."""
    return CeremonyExpiredError(
        f"the deadline of envelope {envelope} has passed",
        code="envelope.deadline",
        hint=f"make a new one with: signkit envelope correct {envelope}",
        subject={"envelope": envelope},
    )
