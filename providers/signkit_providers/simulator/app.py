"""A person's app: what somebody does with the phone, as methods and as actions by name.

The server's control endpoints, the page and the command line all end here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

from signkit_providers.simulator.order import Order, Refused, Status
from signkit_providers.simulator.orders import OrderBook
from signkit_providers.simulator.persons import People, Person, UnknownPerson

__all__ = ["ACTIONS", "App", "AppDesk"]

ACTIONS: Final = (
    "scan", "approve", "cancel", "wrong-code", "confirm-call", "decline-call", "passport", "passport-false",
    "block", "unblock", "old-app", "new-app", "risk-low", "risk-moderate", "risk-high", "mobile", "file", "card",
)  # fmt: skip


class App:
    """One person's app.

    Every method raises :class:`~signkit_providers.simulator.order.Refused` where there is nothing to act on.
    """

    def __init__(self, book: OrderBook, person: Person) -> None:
        self._book, self.person = book, person

    def scan(self, qr: str | None = None, *, ip_address: str = "127.0.0.1") -> Order:
        """Read a QR code; without one, the code on the screen: the order asked of this person, else the newest."""
        if qr is None:
            return self._book.take(self.person, ip_address=ip_address)
        return self._book.scan(self.person, qr, ip_address=ip_address)

    def open(self, token_or_link: str, *, ip_address: str = "127.0.0.1") -> Order:
        """Start by the autostart token, or by the link that carries it."""
        _, mark, rest = token_or_link.partition("autostarttoken=")
        token = rest.partition("&")[0] if mark else token_or_link
        return self._book.open(self.person, token, ip_address=ip_address)

    def take(self, ref: str) -> Order:
        """Start a certain order."""
        return self._book.take(self.person, ref)

    def approve(self) -> Order:
        """Enter the right code."""
        return self._book.approve(self.person)

    def wrong_code(self) -> Order:
        """Enter a wrong code; the third blocks the BankID."""
        return self._book.approve(self.person, code_right=False)

    def cancel(self) -> Order:
        """Press cancel."""
        return self._book.cancel_in_app(self.person)

    def confirm_call(self, *, accept: bool = True) -> None:
        """Say whether the call is genuine."""
        self._book.confirm_call(self.person, accept=accept)

    def show_document(self, *, genuine: bool = True) -> None:
        """Hold a passport or identity card to the phone."""
        self._book.show_document(self.person, genuine=genuine)

    def act(self, action: str, *, qr: str | None = None, token: str | None = None, ref: str | None = None) -> None:
        """Do the action of this name.

        Raises:
            Refused: no such action, or not now.
        """
        if action == "scan":
            self._start(qr=qr, token=token, ref=ref)
            return
        simple: dict[str, Callable[[], object]] = {
            "approve": self.approve,
            "cancel": self.cancel,
            "wrong-code": self.wrong_code,
            "confirm-call": self.confirm_call,
            "decline-call": lambda: self.confirm_call(accept=False),
            "passport": self.show_document,
            "passport-false": lambda: self.show_document(genuine=False),
        }
        if action in simple:
            simple[action]()
        elif action not in ACTIONS:
            raise Refused("no such action")
        else:
            self._become(action)

    def _start(self, *, qr: str | None, token: str | None, ref: str | None) -> None:
        if token is not None:
            self.open(token)
        elif ref is not None:
            self.take(ref)
        else:
            self.scan(qr)

    def _become(self, action: str) -> None:
        person = self.person
        if action.startswith("risk-"):
            person.risk = action.removeprefix("risk-")
        elif action in ("block", "unblock"):
            person.blocked, person.wrong_codes = action == "block", 0
        elif action in ("old-app", "new-app"):
            person.old_app = action == "old-app"
        else:
            person.kind = action


class AppDesk:
    """All apps together, for the control endpoints: state as JSON, actions by name."""

    def __init__(self, book: OrderBook, people: People) -> None:
        self._book, self._people = book, people

    def app(self, who: str, *, number: str | None = None) -> App:
        """Return the app of the person who is meant.

        Somebody unknown gets a BankID: with ``number``, else with the number that a waiting order asks for and that
        belongs to nobody yet. Convenient in a simulator, unthinkable elsewhere.

        Raises:
            UnknownPerson: nobody answers to the name, and no number is at hand.
        """
        try:
            return App(self._book, self._people.find(who))
        except UnknownPerson:
            wanted = number or self._asked_of_nobody()
            if wanted is None or who.isdigit():
                raise
            return App(self._book, self._people.add(who, wanted))

    def state(self) -> dict[str, Any]:
        """Return people and waiting orders, for the page."""
        return {
            "schema": "signkit.simulator-state/1",
            "people": [
                {"name": item.name, "number": item.number, "kind": item.kind, "blocked": item.blocked}
                for item in self._people
            ],
            "orders": [self.describe(order) for order in self._book.waiting()],
        }

    def describe(self, order: Order) -> dict[str, Any]:
        """Return what the page shows of an order; no token and no secret."""
        asked = self._people.by_number(order.request.number) if order.request.number else None
        text = base64.b64decode(order.request.visible).decode("utf-8") if order.request.visible else ""
        return {
            "ref": order.ref,
            "kind": str(order.kind),
            "status": str(order.status),
            "hint": order.hint if order.status is not Status.COMPLETE else None,
            "text": text,
            "asked_of": asked.name if asked else None,
            "bound": order.request.number is not None,
            "person": order.person.name if order.person else None,
            "relying_party": _display_name(order),
            "hidden_characters": len(order.request.hidden or ""),
            "call_initiator": order.request.call_initiator,
            "created": order.created.isoformat(),
        }

    def _asked_of_nobody(self) -> str | None:
        numbers = [order.request.number for order in self._book.waiting() if order.request.number]
        return next((number for number in reversed(numbers) if self._people.by_number(number) is None), None)


def _display_name(order: Order) -> str:
    names = {item.oid.dotted_string: str(item.value) for item in order.relying_party.subject}
    return names.get("2.5.4.41") or names.get("2.5.4.3", "")
