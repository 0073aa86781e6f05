"""Telling people from the command line: after a command that moved an envelope, and in ``tick``."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from signkit.errors import SignkitError
from signkit.model.notices import Outcome

if TYPE_CHECKING:
    from signkit.ports.delivery import DeliveryFactory, DeliveryService
    from signkit.workflows.desk import Desk
    from signkit.workflows.notify import Told
    from signkit.workflows.post import Post
    from signkit.workflows.tick import Chore, Done
    from signkit_cli.composition import Home
    from signkit_cli.session import Session

__all__ = ["claim_in", "delivery_chores", "make_delivery", "tell"]

LOCKS: Final = "locks"
_ENOUGH: Final = 2
"""So many letters that reach nobody, and the other side is taken to be away."""


def make_delivery(home: Home) -> DeliveryService:
    """Return the delivery service that a home's configuration names.

    Raises:
        PluginError: missing, in conflict or broken.
        ConfigError: one of its settings is wrong.
    """
    from signkit import plugins
    from signkit.ports.delivery import DeliveryContext

    settings = home.config.delivery
    factory: DeliveryFactory = plugins.load(plugins.find(plugins.DELIVERIES, settings.method))
    context = DeliveryContext(
        settings=settings.settings.get(settings.method, {}),
        home=home.folder,
        environment=home.config.environment,
        organisation=home.config.organisation,
        clock=home.clock,
        sender=settings.sender,
        reply_to=settings.reply_to,
        timeout_seconds=settings.timeout_seconds,
    )
    return factory.create(context)


def tell(session: Session, desk: Desk, envelopes: Iterable[str]) -> None:
    """Carry what is due in the envelopes, and say what did not arrive; nothing of it fails the command."""
    post = session.open().post
    if post is None:
        return
    from signkit.workflows.notify import notify

    try:
        for envelope in envelopes:
            for told in notify(desk, post, envelope):
                _say(session, told)
    except SignkitError as exc:
        session.terminal.note("notify.not_now", reason=exc.message)


def delivery_chores(post: Post | None) -> Sequence[Chore]:
    """Return what ``tick`` does in every envelope to tell people; first of all what came back is written down."""
    if post is None:
        return ()
    from signkit.workflows.notify import UNREACHABLE, notify, take_back
    from signkit.workflows.tick import Done

    unreachable, asked = 0, False

    def carry(desk: Desk, envelope: str) -> Sequence[Done]:
        nonlocal unreachable, asked
        if unreachable >= _ENOUGH:
            return []  # nobody answers: the rest of this run's letters stay due
        trouble: SignkitError | None = None
        if not asked:
            asked = True
            try:
                take_back(desk, post)
            except SignkitError as exc:
                trouble = exc  # what goes out does not wait for what comes back
        told = notify(desk, post, envelope)
        unreachable += sum(item.code == UNREACHABLE for item in told)
        if trouble is not None:
            raise trouble
        return [Done(item.envelope, f"notified_{item.outcome.value}", item.to) for item in told]

    return (carry,)


def claim_in(folder: Path, envelope: str) -> contextlib.AbstractContextManager[bool]:
    """Hold an envelope's letters among the processes that share the folder; a process that dies lets go of them."""
    return _claimed(folder / LOCKS, hashlib.sha256(envelope.encode("utf-8")).hexdigest()[:2])


@contextlib.contextmanager
def _claimed(folder: Path, name: str) -> Iterator[bool]:
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / f"post-{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _say(session: Session, told: Told) -> None:
    if told.outcome is Outcome.SENT:
        if session.terminal.verbose:
            session.terminal.note("notify.sent", to=told.to, event=told.event.value)
        return
    session.terminal.note(f"notify.{told.outcome.value}", to=told.to, code=told.code)
