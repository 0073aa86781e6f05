"""Everything the simulator is, without a socket: keys, people, orders, and an answer to each request."""

from __future__ import annotations

from collections.abc import Iterable

from signkit.ports.clock import Clock
from signkit_providers.simulator.api import Faults, RelyingPartyApi, Response
from signkit_providers.simulator.app import App, AppDesk
from signkit_providers.simulator.autopilot import autopilot as _autopilot
from signkit_providers.simulator.control import ControlApi
from signkit_providers.simulator.order import TIMES, Times
from signkit_providers.simulator.orders import OrderBook
from signkit_providers.simulator.persons import People
from signkit_providers.simulator.pki import SimulatorPki
from signkit_providers.simulator.signing import completion_maker

__all__ = ["World"]


class World:
    """A simulated BankID.

    Args:
        pki: all keys.
        clock: tells the time of orders and signatures.
        people: ``(name, number)`` of everybody with a BankID; None for the usual five.
        autopilot: everybody who is asked by number scans and approves, two polls later.
        times: the timing table.
    """

    def __init__(
        self,
        pki: SimulatorPki,
        *,
        clock: Clock,
        people: Iterable[tuple[str, str]] | None = None,
        autopilot: bool = False,
        times: Times = TIMES,
    ) -> None:
        self.pki = pki
        self.people, self.faults = People(people), Faults()
        self.book = OrderBook(clock, self.people, completion_maker(pki), times)
        self.desk = AppDesk(self.book, self.people)
        if autopilot:
            self.book.on_collect = _autopilot(self.book, self.people)
        self._api = RelyingPartyApi(self.book, self.faults)
        self._control = ControlApi(self.desk, self.people, self.faults)

    def app(self, who: str) -> App:
        """Return somebody's app.

        Raises:
            UnknownPerson: nobody, or several.
        """
        return App(self.book, self.people.find(who))

    def answer(
        self, method: str, path: str, *, content_type: str | None, body: bytes | None, peer: bytes | None
    ) -> Response:
        """Return the answer to one request, whoever carried it here.

        Args:
            method: HTTP method.
            path: path without query.
            content_type: the header as it was sent.
            body: the whole body; None if it did not arrive in time.
            peer: DER of the client's certificate, None if it showed none.
        """
        if path.startswith("/rp/"):
            return self._api.handle(method, path, content_type=content_type, body=body, peer=peer)
        return self._control.handle(method, path, content_type=content_type, body=body)
