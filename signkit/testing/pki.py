"""A throw-away home's keys, authority and embedded timestamper, for tests of what leans on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from signkit.pki.authority import Authority, PersonFacts
from signkit.pki.home import Organisation, init_keys
from signkit.pki.keys import FileKeys
from signkit.pki.revocations import FileRevocations
from signkit.pki.timestamp_chain import TimestampChain
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName
from signkit.ports.timestamper import TimestampService
from signkit.testing.clock import SteppingClock
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl

__all__ = ["ThrowawayKeys", "make_keys", "open_keys"]


@dataclass(slots=True)
class ThrowawayKeys:
    """Keys of a test home, and what issues with them."""

    folder: Path
    keys: FileKeys
    authority: Authority
    clock: SteppingClock
    tsa: EmbeddedTimestamper

    @property
    def root(self) -> Certificate:
        """The root's certificate."""
        return self.authority.certificate(KeyName.ROOT)

    def crls(self) -> list[Crl]:
        """Return fresh revocation lists of all issuers."""
        return [Crl(der) for der in self.authority.crls(now=self.clock.at)]

    def timestamper(self, *before: TimestampService, services: Sequence[TimestampService] = ()) -> TimestampChain:
        """Return a timestamper over ``before`` and then the embedded one, or over ``services`` alone."""
        return TimestampChain(services=services or [*before, self.tsa], clock=self.clock, timeout_seconds=2)

    def facts(self, **changes: Any) -> PersonFacts:
        """Return the facts of one person, identified two seconds ago, with changes."""
        facts = PersonFacts(
            name="Åsa Ek",
            given_name="Åsa",
            surname="Ek",
            country="SE",
            person="ab" * 16,
            provider="rehearsal",
            authenticated_at=self.clock.at - timedelta(seconds=2),
            level="test",
            intent_digest="sha256:" + "0" * 64,
        )
        return replace(facts, **changes)


def make_keys(folder: Path, *, clock: SteppingClock | None = None) -> None:
    """Make the keys of a test home in ``folder``; costs a third of a second, so make them once per session."""
    now = (clock or SteppingClock()).at
    init_keys(folder, organisation=Organisation(name="Exempel kommun"), environment="test", now=now)


def open_keys(folder: Path, *, revocations: Path, clock: SteppingClock | None = None) -> ThrowawayKeys:
    """Return the keys of ``folder`` ten minutes after they were made, with their own record of revocations."""
    if clock is None:
        clock = SteppingClock()
        clock.advance(minutes=10)
    keys = FileKeys(folder)
    authority = Authority(keys, FileRevocations(revocations))
    return ThrowawayKeys(folder, keys, authority, clock, EmbeddedTimestamper(authority, clock))
