"""The delivery port: how people are told that something waits for them, or has happened.

An implementation carries messages and decides nothing: who is told, when, and how often is the clerk's business. It may
be asked for the same message again after a crash or a failure; the message then has the same ``id``, and the
implementation passes that on, so that whoever receives it can tell.

Errors: ``deliver`` raises ``DeliveryUnavailableError`` (worth trying again later), ``DeliveryRejectedError`` (not worth
trying again unchanged), and nothing else; neither holds an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from signkit.ports.clock import Clock

__all__ = [
    "MAX_ATTACHED_BYTES",
    "Attachment",
    "Bounce",
    "DeliveryContext",
    "DeliveryFactory",
    "DeliveryService",
    "Message",
    "Receipt",
    "is_address",
]

MAX_ATTACHED_BYTES: Final = 15 << 20
"""Most bytes of attachments in one message, ours: mail servers commonly take 25 MB after base64."""
_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\[\]\\\x00-\x20\x7f]{1,64}@[^@\s<>,;:\"()\[\]\\\x00-\x20\x7f]{1,255}")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,200}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    """Type and subtype, with parameters where they matter: ``text/calendar; method=PUBLISH``."""
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person.

    Raises:
        ValueError: the address or the id is not one, or a line break stands where a header will.
    """

    id: str
    """The same for every attempt at the same message, another for every other message."""
    thread: str | None = None
    """Id of the conversation: the same in all messages about one matter to one person."""
    to: str = field(repr=False)
    name: str = field(repr=False)
    language: str
    subject: str
    """Says nothing that a stranger who sees it on a locked screen should not know."""
    text: str = field(repr=False)
    html: str = field(repr=False)
    attachments: tuple[Attachment, ...] = ()
    event: str = ""
    envelope: str = ""
    recipient: str = ""
    """Place in the envelope (``s1``), id of a viewer or a copy, or ``clerk``."""

    def __post_init__(self) -> None:
        if not is_address(self.to):
            raise ValueError("not an address")
        if not _ID.fullmatch(self.id) or (self.thread is not None and not _ID.fullmatch(self.thread)):
            raise ValueError("not the id of a message")
        if any(char < " " or char == "\x7f" for value in (self.name, self.subject) for char in value):
            raise ValueError("a control character where a header will stand")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Somebody has taken the message over. Not that anyone has read it."""

    code: str
    """What the other side said, as a short code: ``250``, ``250 2.0.0``, ``202``, ``written``."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message that was taken over has come back."""

    message: str
    """Id of the message."""
    code: str
    """Enhanced status (RFC 3463), such as ``5.1.1``."""
    permanent: bool
    source: str
    """Names the report to ``settle``."""


class DeliveryService(Protocol):
    """One way to reach people."""

    def deliver(self, message: Message) -> Receipt:
        """Hand the message over.

        Raises:
            DeliveryUnavailableError: worth trying again later; ``delivery.unreachable`` if nobody can be reached now.
            DeliveryRejectedError: this message will not be taken, however often it is tried.
        """
        ...

    def bounces(self) -> Sequence[Bounce]:
        """Return messages that came back and are not settled; empty where nobody tells.

        Raises:
            DeliveryUnavailableError: they cannot be read now.
        """
        ...

    def settle(self, bounce: Bounce) -> None:
        """Put a bounce aside: it has been written down. Twice is once."""
        ...

    def close(self) -> None:
        """Let go of connections; twice is once, and ``deliver`` may be called again."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What a delivery service is made from."""

    settings: Mapping[str, object]
    """The table ``[delivery.<name>]`` of the configuration, unread."""
    home: Path
    """Folder of the home; relative paths in the settings start here."""
    environment: str
    """``test`` or ``production``."""
    organisation: str
    clock: Clock
    sender: str | None = None
    """Address that messages come from, possibly with a name before it in the form ``Name <address>``."""
    reply_to: str | None = None
    timeout_seconds: float = 20.0
    """For one exchange with the other side."""


class DeliveryFactory(Protocol):
    """What an entry point of the group ``signkit.deliveries`` names: usually the service's class."""

    def create(self, context: DeliveryContext) -> DeliveryService:
        """Return a service that is ready; nobody has been contacted.

        Raises:
            ConfigError: a setting is missing, unknown or wrong; says which.
        """
        ...


def is_address(text: str) -> bool:
    """Tell whether text is one bare e-mail address that is safe to put into a header."""
    return bool(_ADDRESS.fullmatch(text))
