"""What an order is: its states, its times, its tokens."""

from __future__ import annotations

import enum
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from signkit_providers.simulator.persons import Person
from signkit_providers.simulator.validation import Kind, OrderRequest

__all__ = ["TIMES", "Order", "Refused", "Status", "Times"]


class Status(enum.StrEnum):
    """What ``collect`` says."""

    PENDING = "pending"
    FAILED = "failed"
    COMPLETE = "complete"


class Refused(Exception):  # noqa: N818 - an answer to the app, never an error of the program
    """The app cannot do that now; the message says why."""


@dataclass(frozen=True, slots=True)
class Times:
    """The timing table, in seconds."""

    connect: float = 30
    """Without an app after this: ``startFailed``."""
    finish: float = 180
    """After an app took the order: ``expiredTransaction``."""
    phone: float = 180
    """A phone order that nobody finishes: ``expiredTransaction``."""
    keep_complete: float = 180
    keep_failed: float = 300
    keep_unstarted: float = 190
    qr_late: float = 10
    """How old a QR code may be when it is scanned."""
    qr_early: float = 2


TIMES: Final = Times()


@dataclass
class Order:
    """One order."""

    kind: Kind
    request: OrderRequest = field(repr=False)
    relying_party: x509.Certificate = field(repr=False)
    created: datetime
    hint: str
    ref: str = field(default_factory=lambda: str(uuid.uuid4()))
    auto_start_token: str = field(default_factory=lambda: str(uuid.uuid4()), repr=False)
    qr_start_token: str = field(default_factory=lambda: str(uuid.uuid4()), repr=False)
    qr_start_secret: str = field(
        default_factory=lambda: str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)), repr=False
    )
    status: Status = Status.PENDING
    person: Person | None = None
    picked_up: datetime | None = None
    ended: datetime | None = None
    seen_started: bool = False
    mrtd: bool | None = None
    ip_address: str = "127.0.0.1"
    completion: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def owner(self) -> bytes:
        """SHA-256 of the relying party's certificate: only it may ask."""
        return self.relying_party.fingerprint(SHA256())
