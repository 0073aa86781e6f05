"""People who act by themselves: for demonstrations and for tests that are about something else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from signkit_providers.simulator.app import App
from signkit_providers.simulator.order import Order, Refused
from signkit_providers.simulator.orders import OrderBook
from signkit_providers.simulator.persons import People

__all__ = ["autopilot"]


def autopilot(book: OrderBook, people: People) -> Callable[[Order], None]:
    """Return what to do before each answer to ``collect``: the person asked for scans, then confirms, then approves.

    Orders that ask for nobody in particular, and numbers that nobody has, stay as they are.
    """
    seen: dict[str, int] = {}

    def act(order: Order) -> None:
        person = people.by_number(order.request.number) if order.request.number else None
        if person is None:
            return
        seen[order.ref] = seen.get(order.ref, 0) + 1
        app = App(book, person)
        with contextlib.suppress(Refused):
            if order.picked_up is None:
                if seen[order.ref] > 1:
                    app.take(order.ref)
            elif order.hint == "userCallConfirm":
                app.confirm_call()
            elif order.hint == "userMrtd":
                app.show_document()
            elif order.hint == "userSign":
                app.approve()

    return act
