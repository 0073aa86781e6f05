"""The conformance suite for delivery services: what every implementation of the delivery port must do.

Subclass :class:`DeliveryConformance` in a test module, name the class ``Test…``, and say how a service comes about and
what it handed over. The suite needs no network and no pytest feature but collection and ``tmp_path``; version 1 will
not change its meaning::

    class TestMine(DeliveryConformance):
        def open_service(self, folder): return MyDelivery(...)
        def handed_over(self): return [...]     # ids, one for each message as the other side knows it

What is not here: failures; how to provoke one is the implementation's own matter.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from pathlib import Path

from signkit.ports.delivery import Attachment, DeliveryService, Message

__all__ = ["DeliveryConformance", "example_message"]


def example_message(number: int = 1, *, to: str = "asa@example.se", name: str = "Åsa Öberg, f.d. Ek") -> Message:
    """Return a message as signkit makes them; the same number is the same message."""
    return Message(
        id=f"0123456789abcdef.s1.invited-{number}",
        to=to,
        name=name,
        language="sv",
        subject="Björkviks kommun ber dig skriva under en handling",
        text="Hej Åsa!\n\nEn handling väntar på dig.\n.\nEn punkt ensam på en rad får inte avsluta brevet.\n"
        + "å" * 200,
        html="<!doctype html><html lang=sv><title>x</title><p>En handling väntar på dig.</p></html>",
        attachments=(
            Attachment("sista-dag.ics", "text/calendar; method=PUBLISH; charset=utf-8", b"BEGIN:VCALENDAR\r\n"),
            Attachment("protokoll åäö.pdf", "application/pdf", bytes(range(256)) * 4),
        ),
        event="invited",
        envelope="0123456789abcdef",
        recipient="s1",
    )


class DeliveryConformance(abc.ABC):
    """Version 1 of the suite."""

    @abc.abstractmethod
    def open_service(self, folder: Path) -> DeliveryService:
        """Return a service that may keep files in ``folder``."""

    @abc.abstractmethod
    def handed_over(self) -> Sequence[str]:
        """Return the ids of the messages that the other side has, each once however often it was handed over."""

    def test_a_message_is_handed_over(self, tmp_path: Path) -> None:
        """A receipt has a code, and the other side has the message."""
        service = self.open_service(tmp_path)
        message = example_message()
        receipt = service.deliver(message)
        service.close()
        assert receipt.code
        assert list(self.handed_over()) == [message.id]

    def test_the_same_message_twice_is_known_as_one(self, tmp_path: Path) -> None:
        """Who tries again after a crash does not make a second message of it."""
        service = self.open_service(tmp_path)
        for _ in range(2):
            service.deliver(example_message())
        service.deliver(example_message(2))
        service.close()
        assert sorted(self.handed_over()) == [example_message(number).id for number in (1, 2)]

    def test_names_do_not_become_addresses(self, tmp_path: Path) -> None:
        """A name with commas, quotes and brackets reaches one person."""
        service = self.open_service(tmp_path)
        odd = 'Öberg, "Kalle" <kalle@evil.example>, ' + "Långström-Åkerlund " * 8
        service.deliver(example_message(3, name=odd.strip()))
        service.close()
        assert list(self.handed_over()) == [example_message(3).id]

    def test_closing_twice_is_closing_once(self, tmp_path: Path) -> None:
        """A service may be closed before it was used, twice, and used again afterwards."""
        service = self.open_service(tmp_path)
        service.close()
        service.close()
        service.deliver(example_message())
        service.close()
        assert list(self.handed_over()) == [example_message().id]

    def test_nothing_has_come_back(self, tmp_path: Path) -> None:
        """Before anything was sent nothing can return."""
        service = self.open_service(tmp_path)
        assert list(service.bounces()) == []
        service.close()
