"""Orders: the state machine, its timing and how long an answer can be fetched.

Times are providers.md 1.7 and 1.8: thirty seconds to connect an app, three minutes after that, a completed order can be
collected for 3 minutes, a failed one for 5, one that nobody picked up for 3 minutes and 10 seconds; an outcome is given
out once. The clock is handed in, and nothing happens between two questions.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509

from signkit.ports.clock import Clock
from signkit_providers.simulator.order import TIMES, Order, Refused, Status, Times
from signkit_providers.simulator.persons import People, Person
from signkit_providers.simulator.validation import ApiError, Kind, OrderRequest, matches_policy

__all__ = ["OrderBook"]

MAX_ORDERS: Final = 10_000
"""Ours: the oldest are forgotten."""
_WRONG_CODES: Final = 3


class OrderBook:
    """All orders of one simulator; safe to use from several threads.

    Args:
        clock: tells the time.
        people: who may hold an app.
        sign: makes the completion data when somebody approves.
        times: the timing table.
    """

    def __init__(
        self,
        clock: Clock,
        people: People,
        sign: Callable[[Order, Person, datetime], dict[str, Any]],
        times: Times = TIMES,
    ) -> None:
        self._clock, self._people, self._sign, self._times = clock, people, sign, times
        self._orders: dict[str, Order] = {}
        self._lock = threading.RLock()
        self.on_collect: Callable[[Order], None] | None = None
        """Called before each answer to ``collect``: how people act by themselves."""

    # -- the relying party's side ----------------------------------------------------------------------------------

    def create(self, kind: Kind, request: OrderRequest, relying_party: x509.Certificate) -> dict[str, str]:
        """Return the body of the answer to a new order.

        Raises:
            ApiError: ``alreadyInProgress``; the older order is gone then, too.
        """
        with self._lock:
            now = self._tick()
            if request.number is not None:
                self._refuse_second(request.number, now)
            hint = "noClient" if kind.by_phone else "outstandingTransaction"
            order = Order(kind=kind, request=request, relying_party=relying_party, created=now, hint=hint)
            while len(self._orders) >= MAX_ORDERS:
                del self._orders[next(iter(self._orders))]
            self._orders[order.ref] = order
            if not kind.on_screen:
                return {"orderRef": order.ref}
            return {
                "orderRef": order.ref,
                "autoStartToken": order.auto_start_token,
                "qrStartToken": order.qr_start_token,
                "qrStartSecret": order.qr_start_secret,
            }

    def collect(self, ref: str, owner: bytes) -> dict[str, Any]:
        """Return the body of the answer to ``collect``; an outcome is told once.

        Raises:
            ApiError: ``invalidParameters``, no such order.
        """
        with self._lock:
            self._tick()
            order = self._own(ref, owner)
            if self.on_collect is not None and order.status is Status.PENDING:
                self.on_collect(order)
                self._tick()
            body: dict[str, Any] = {"orderRef": order.ref, "status": str(order.status)}
            if order.status is Status.COMPLETE:
                body["completionData"] = order.completion
            else:
                body["hintCode"] = order.hint
            if order.status is not Status.PENDING:
                del self._orders[ref]
            elif order.hint == "started":
                order.seen_started = True
            return body

    def cancel(self, ref: str, owner: bytes) -> None:
        """Forget a pending order.

        Raises:
            ApiError: ``invalidParameters``, no such order, or it has ended.
        """
        with self._lock:
            self._tick()
            order = self._own(ref, owner)
            if order.status is not Status.PENDING:
                raise ApiError(400, "invalidParameters", "No such order")
            del self._orders[ref]

    # -- the person's side -----------------------------------------------------------------------------------------

    def waiting(self) -> list[Order]:
        """Return the orders that have not ended, oldest first."""
        with self._lock:
            self._tick()
            return [order for order in self._orders.values() if order.status is Status.PENDING]

    def scan(self, person: Person, qr: str, *, ip_address: str = "127.0.0.1") -> Order:
        """Let ``person``'s app read a QR code.

        Raises:
            Refused: not a code of a waiting order, or not of this moment.
        """
        with self._lock:
            now = self._tick()
            parts = qr.strip().split(".")
            if len(parts) != 4 or parts[0] != "bankid" or not parts[2].isascii() or not parts[2].isdigit():
                raise Refused("that is not a BankID code")
            order = self._by(lambda item: hmac.compare_digest(item.qr_start_token, parts[1]))
            code = hmac.new(order.qr_start_secret.encode(), parts[2].encode(), hashlib.sha256).hexdigest()
            age = (now - order.created).total_seconds()
            if len(parts[2]) > 6 or not hmac.compare_digest(code, parts[3]):
                raise Refused("the code is not genuine")
            if not age - self._times.qr_late <= int(parts[2]) <= age + self._times.qr_early:
                raise Refused("the code is too old")
            return self._pick_up(order, person, ip_address, now)

    def open(self, person: Person, token: str, *, ip_address: str = "127.0.0.1") -> Order:
        """Let the app start by the autostart token.

        Raises:
            Refused: no waiting order has this token.
        """
        with self._lock:
            now = self._tick()
            order = self._by(lambda item: hmac.compare_digest(item.auto_start_token, token))
            return self._pick_up(order, person, ip_address, now)

    def take(self, person: Person, ref: str | None = None, *, ip_address: str = "127.0.0.1") -> Order:
        """Let the app take the order on the screen: ``ref``, else the one asked of this person, else the newest.

        Raises:
            Refused: nothing is waiting.
        """
        with self._lock:
            now = self._tick()
            waiting = [item for item in self.waiting() if item.picked_up is None and ref in (None, item.ref)]
            mine = [item for item in waiting if item.request.number == person.number]
            open_to_all = [item for item in waiting if item.request.number is None and item.kind.on_screen]
            chosen = (waiting if ref else mine or open_to_all)[-1:]
            if not chosen:
                raise Refused("no order is waiting for this person")
            return self._pick_up(chosen[0], person, ip_address, now)

    def current(self, person: Person) -> Order:
        """Return the order that ``person``'s app has open.

        Raises:
            Refused: none.
        """
        with self._lock:
            self._tick()
            return self._by(lambda item: item.person is person and item.picked_up is not None)

    def confirm_call(self, person: Person, *, accept: bool) -> None:
        """Say whether the caller is genuine.

        Raises:
            Refused: no call is waiting.
        """
        with self._lock:
            order = self.current(person)
            if order.hint != "userCallConfirm":
                raise Refused("no call is waiting to be confirmed")
            if accept:
                order.hint = "userSign"
            else:
                self._fail(order, "userDeclinedCall")

    def show_document(self, person: Person, *, genuine: bool) -> None:
        """Hold the passport to the phone.

        Raises:
            Refused: no passport was asked for.
        """
        with self._lock:
            order = self.current(person)
            self._advance(order)
            if order.hint != "userMrtd":
                raise Refused("no identity document is asked for")
            order.mrtd, order.hint = genuine, "userSign"

    def approve(self, person: Person, *, code_right: bool = True) -> Order:
        """Enter the security code.

        Raises:
            Refused: nothing to sign, or not yet.
        """
        with self._lock:
            order = self.current(person)
            self._advance(order)
            if order.hint != "userSign":
                raise Refused(f"the app is not asking for a code: {order.hint}")
            if not code_right:
                person.wrong_codes += 1
                if person.wrong_codes < _WRONG_CODES:
                    return order
                person.blocked = True
            if person.blocked:
                self._fail(order, "certificateErr")
                return order
            person.wrong_codes = 0
            now = self._clock.now()
            order.completion = self._sign(order, person, now)
            order.status, order.ended = Status.COMPLETE, now
            return order

    def cancel_in_app(self, person: Person) -> Order:
        """Press cancel.

        Raises:
            Refused: nothing is open.
        """
        with self._lock:
            order = self.current(person)
            self._fail(order, "userCancel")
            return order

    # -- what time and people bring about --------------------------------------------------------------------------

    def _pick_up(self, order: Order, person: Person, ip_address: str, now: datetime) -> Order:
        if order.picked_up is not None:
            raise Refused("another app has taken this order")
        if order.kind.by_phone and order.request.number != person.number:
            raise Refused("no order is waiting for this person")
        for other in self._orders.values():
            if other is not order and other.person is person and other.status is Status.PENDING:
                self._fail(other, "cancelled")
        order.person, order.picked_up, order.ip_address, order.hint = person, now, ip_address, "started"
        if person.old_app:
            self._fail(order, "notSupportedByUserApp")
        elif order.request.blocks_risk(person.risk):
            self._fail(order, "transactionRiskBlocked")
        elif order.kind.by_phone:
            order.hint = "userCallConfirm"
        return order

    def _usable(self, order: Order) -> bool:
        """Tell whether the person's BankID is one that the order asks for; else the app goes on searching."""
        person, request = order.person, order.request
        if person is None or request.number not in (None, person.number):
            return False
        return matches_policy(person.kind, request.policies)

    def _advance(self, order: Order) -> None:
        if order.hint == "started" and self._usable(order):
            order.hint = "userMrtd" if order.request.mrtd else "userSign"

    def _refuse_second(self, number: str, now: datetime) -> None:
        for order in self._orders.values():
            same = order.request.number == number or (order.person is not None and order.person.number == number)
            if order.status is Status.PENDING and same:
                self._fail(order, "cancelled", now)
                raise ApiError(400, "alreadyInProgress", "Order already in progress for pno")

    def _fail(self, order: Order, hint: str, at: datetime | None = None) -> None:
        order.status, order.hint, order.ended = Status.FAILED, hint, at or self._clock.now()

    def _tick(self) -> datetime:
        """Let every order become what the time has made of it, forget what is too old, and return the time."""
        now = self._clock.now()
        times = self._times
        for order in tuple(self._orders.values()):
            if order.status is Status.PENDING:
                limit, hint = self._limit(order)
                if now >= limit:
                    self._fail(order, hint, limit)
                elif order.hint == "started" and order.seen_started:
                    self._advance(order)
            if order.status is not Status.PENDING and order.ended is not None:
                keep = times.keep_complete if order.status is Status.COMPLETE else times.keep_failed
                end = order.ended + timedelta(seconds=keep)
                if order.hint == "startFailed":
                    end = order.created + timedelta(seconds=times.keep_unstarted)
                if now > end:
                    del self._orders[order.ref]
        return now

    def _limit(self, order: Order) -> tuple[datetime, str]:
        if order.kind.by_phone or not order.kind.on_screen:
            return order.created + timedelta(seconds=self._times.phone), "expiredTransaction"
        if order.picked_up is None:
            return order.created + timedelta(seconds=self._times.connect), "startFailed"
        return order.picked_up + timedelta(seconds=self._times.finish), "expiredTransaction"

    def _own(self, ref: str, owner: bytes) -> Order:
        order = self._orders.get(ref)
        if order is None or order.owner != owner:
            raise ApiError(400, "invalidParameters", "No such order")
        return order

    def _by(self, test: Callable[[Order], bool]) -> Order:
        for order in reversed(tuple(self._orders.values())):
            if order.status is Status.PENDING and test(order):
                return order
        raise Refused("no such order is waiting")
