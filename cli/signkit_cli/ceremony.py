"""The loop around one ceremony: start, show, poll, wait, finish.

Ctrl-C cancels at the provider and in the journal; so do the keys of a meeting: again, skip, stop.
"""

from __future__ import annotations

import enum
import time
from typing import TYPE_CHECKING, Final

from signkit.errors import CeremonyError, CeremonyExpiredError, ProviderUnavailableError
from signkit.ports.provider import CeremonyState
from signkit.workflows.ceremony import OpenCeremony, ProviderOrigin, Slot, begin, cancel, poll
from signkit.workflows.desk import load
from signkit.workflows.signing import finish
from signkit_cli.keyboard import Keyboard

if TYPE_CHECKING:
    from signkit.ports.provider import PollResult, SigningProvider
    from signkit.workflows.desk import Desk
    from signkit_cli.screen import CeremonyScreen
    from signkit_cli.session import Session

__all__ = ["Choice", "Interrupted", "run_ceremony"]

_TICK_SECONDS: Final = 0.25
_KEYS: Final = "\nsq"
_PATIENCE: Final = 5
"""Polls in a row that may fail because the service does not answer."""


class Choice(enum.StrEnum):
    """What whoever leads a meeting chose, by its key."""

    AGAIN = "\n"
    SKIP = "s"
    STOP = "q"


class Interrupted(Exception):  # noqa: N818 - a wish, not an error; it never leaves the command line
    """A ceremony was cut off by a key."""

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.name)
        self.choice = choice


def run_ceremony(
    session: Session,
    desk: Desk,
    slots: tuple[Slot, ...],
    provider: SigningProvider,
    *,
    origin: ProviderOrigin,
    options: dict[str, str],
    qr: bool,
    number: str | None = None,
    keyboard: Keyboard | None = None,
) -> None:
    """Take one person through one ceremony; afterwards the places are signed.

    Raises:
        Interrupted: a key of ``keyboard`` cut it off; it is cancelled.
        CeremonyError: it ended without a signature.
        ProviderError: the provider could not be used.
        SealError: embedding failed.
    """
    from signkit_cli.screen import CeremonyScreen

    with desk.store.read() as tx:
        language = load(tx, slots[0].envelope).language
    ceremony = begin(desk, slots, provider, origin=origin, language=language, options=options, number=number)
    keys = keyboard or Keyboard(live=False)
    screen = CeremonyScreen(session.terminal, provider=provider.facts().name, name=ceremony.name, qr=qr, keys=keys.live)
    try:
        with screen:
            result = _wait(desk, ceremony, screen, keys)
    except (KeyboardInterrupt, Interrupted):
        cancel(desk, ceremony)
        raise
    except CeremonyError:
        raise  # the journal knows
    except Exception:
        cancel(desk, ceremony, outcome="failed")
        raise
    if result.signed is None:
        raise CeremonyExpiredError("the ceremony ended without a signature")
    finish(desk, ceremony, result.signed)
    session.terminal.note("cli.sign.done", name=ceremony.name)


def _wait(desk: Desk, ceremony: OpenCeremony, screen: CeremonyScreen, keys: Keyboard) -> PollResult:
    pause = ceremony.provider.facts().limits.poll_seconds
    screen.show(ceremony.started.prompt, ceremony.started.expires_at, desk.clock.now())
    failures = 0
    while True:
        try:
            result = poll(desk, ceremony)
            failures = 0
        except ProviderUnavailableError:
            failures += 1
            if failures >= _PATIENCE:
                raise
        else:
            if result.state is CeremonyState.COMPLETE:
                return result
            screen.show(result.prompt, ceremony.started.expires_at, desk.clock.now())
        _pass_time(desk, ceremony, screen, keys, seconds=pause * (2**failures if failures else 1))


def _pass_time(desk: Desk, ceremony: OpenCeremony, screen: CeremonyScreen, keys: Keyboard, *, seconds: float) -> None:
    """Let time pass until the next poll; what is shown stays fresh meanwhile, and a key may cut it off."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        screen.refresh(ceremony.provider.prompt(ceremony.started), ceremony.started.expires_at, desk.clock.now())
        key = keys.pressed(min(_TICK_SECONDS, left))
        if key and key in _KEYS:
            raise Interrupted(Choice(key))
