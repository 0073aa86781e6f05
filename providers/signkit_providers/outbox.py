"""The embedded delivery: each message is one file in ``HOME/outbox``, for a person or another program to send.

A file is complete or not there. Its name begins with the id of the message, so that the same message twice is one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from signkit.errors import DeliveryRejectedError, DeliveryUnavailableError
from signkit.files import write_atomic
from signkit.ports.clock import Clock
from signkit.ports.delivery import Bounce, DeliveryContext, Message, Receipt
from signkit_providers._mail import Sender, read_sender, to_mail
from signkit_providers._settings import Table

__all__ = ["OutboxDelivery"]

OUTBOX = "outbox"


class OutboxDelivery:
    """Writes messages into a folder; implements ``signkit.ports.delivery.DeliveryService``."""

    def __init__(self, folder: Path, sender: Sender, *, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    @classmethod
    def create(cls, context: DeliveryContext) -> OutboxDelivery:
        """Return the outbox of a home.

        Raises:
            ConfigError: a setting is unknown or wrong.
        """
        table = Table("delivery.outbox", context.settings, known=("folder",), home=context.home)
        folder = table.path("folder") or context.home / OUTBOX
        return cls(folder, read_sender(context, otherwise="signkit@localhost"), clock=context.clock)

    def deliver(self, message: Message) -> Receipt:
        """Write the message as ``<id>.eml``, readable by the owner only.

        Raises:
            DeliveryRejectedError: it cannot be written as mail.
            DeliveryUnavailableError: the folder cannot be written.
        """
        try:
            data = to_mail(message, self._sender, at=self._clock.now()).as_bytes()
        except (ValueError, UnicodeError) as exc:
            raise DeliveryRejectedError("a message cannot be written as mail", code="delivery.message") from exc
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._folder / f"{message.id}.eml", data, mode=0o600)
        except OSError as exc:
            raise DeliveryUnavailableError(
                f"the outbox cannot be written: {exc.strerror}",
                code="delivery.outbox",
                hint="make room, or see to the folder's permissions",
                subject={"file": str(self._folder)},
            ) from exc
        return Receipt("written")

    def bounces(self) -> Sequence[Bounce]:
        """Return nothing: nobody answers a folder."""
        return ()

    def settle(self, bounce: Bounce) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
