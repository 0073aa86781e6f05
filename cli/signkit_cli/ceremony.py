"""The loop around one ceremony: start, show, poll, wait, finish. Ctrl-C cancels at the provider and in the journal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from signkit.errors import CeremonyError, CeremonyExpiredError, ProviderUnavailableError
from signkit.ports.provider import CeremonyState
from signkit.workflows.ceremony import OpenCeremony, ProviderOrigin, Slot, begin, cancel, poll
from signkit.workflows.desk import load
from signkit.workflows.signing import finish

if TYPE_CHECKING:
    from signkit.ports.provider import PollResult, SigningProvider
    from signkit.workflows.desk import Desk
    from signkit_cli.screen import CeremonyScreen
    from signkit_cli.session import Session

__all__ = ["run_ceremony"]

_TICK_SECONDS: Final = 0.25
_PATIENCE: Final = 5
"""Polls in a row that may fail because the service does not answer."""


def run_ceremony(
    session: Session,
    desk: Desk,
    slots: tuple[Slot, ...],
    provider: SigningProvider,
    *,
    origin: ProviderOrigin,
    options: dict[str, str],
    qr: bool,
) -> None:
    """Take one person through one ceremony; afterwards the places are signed.

    Raises:
        CeremonyError: it ended without a signature.
        ProviderError: the provider could not be used.
        SealError: embedding failed.
    """
    from signkit_cli.screen import CeremonyScreen

    with desk.store.read() as tx:
        language = load(tx, slots[0].envelope).language
    ceremony = begin(desk, slots, provider, origin=origin, language=language, options=options)
    screen = CeremonyScreen(session.terminal, provider=provider.facts().name, name=ceremony.name, qr=qr)
    try:
        with screen:
            result = _wait(desk, ceremony, screen)
    except KeyboardInterrupt:
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


def _wait(desk: Desk, ceremony: OpenCeremony, screen: CeremonyScreen) -> PollResult:
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
        _pass_time(desk, ceremony, screen, pause * (2**failures if failures else 1))


def _pass_time(desk: Desk, ceremony: OpenCeremony, screen: CeremonyScreen, seconds: float) -> None:
    """Let time pass until the next poll; what is shown stays fresh meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        screen.refresh(ceremony.provider.prompt(ceremony.started), ceremony.started.expires_at, desk.clock.now())
        time.sleep(min(_TICK_SECONDS, left))
