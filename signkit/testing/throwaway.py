"""A throw-away certification authority: test keys in a temporary folder, and small documents to sign."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from signkit.pades import SigningIdentity, StampBook, ValidationMaterial
from signkit.pki.authority import Authority, PersonFacts
from signkit.pki.home import Organisation, init_keys
from signkit.pki.keys import FileKeys, new_one_time_key
from signkit.pki.revocations import FileRevocations
from signkit.pki.timestamp_chain import TimestampChain
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.clock import Clock
from signkit.ports.keys import KeyName
from signkit.testing.attacks.plain import PlainPdf, text
from signkit.testing.clock import SteppingClock
from signkit.x509.certificates import Certificate

__all__ = ["ThrowawayAuthority", "plain_document"]

_ZERO: Final = "sha256:" + "0" * 64


def plain_document(*lines: str) -> bytes:
    """Return a small PDF of one page with ``lines``."""
    content = b"".join(text(line, y=760 - 20 * number) for number, line in enumerate(lines or ("Protokoll",)))
    return PlainPdf(content=content).build()


@dataclass(slots=True)
class ThrowawayAuthority:
    """A test environment's keys in a temporary folder, with everything that signatures need.

    Args:
        clock: for certificates, lists and timestamps; moves only if it is told to.
        folder: where the keys go; a temporary folder by default.
    """

    clock: Clock = field(default_factory=SteppingClock)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="signkit-test-")))
    keys: FileKeys = field(init=False)
    authority: Authority = field(init=False)
    stamps: StampBook = field(init=False)

    def __post_init__(self) -> None:
        place = self.folder / "keys"
        organisation = Organisation(name="Björkviks kommun")
        if not place.exists():
            init_keys(place, organisation=organisation, environment="test", now=self.clock.now())
        self.keys = FileKeys(place)
        self.authority = Authority(self.keys, FileRevocations(self.folder / "revoked.json"))
        service = EmbeddedTimestamper(self.authority, self.clock)
        self.stamps = StampBook(TimestampChain(services=(service,), clock=self.clock))

    @property
    def root_pem(self) -> str:
        """The root, the only trust anchor."""
        return Certificate(self.keys.certificates(KeyName.ROOT)[0]).pem()

    def material(self) -> ValidationMaterial:
        """Return revocation lists of every issuer, as fresh as now."""
        return ValidationMaterial(crls=self.authority.crls(now=self.clock.now()))

    def seal(self) -> SigningIdentity:
        """Return the organisation's seal."""
        return SigningIdentity(key=self.keys.key(KeyName.SEAL), chain=self.keys.certificates(KeyName.SEAL))

    def person(self, name: str, *, person: str) -> SigningIdentity:
        """Return a fresh one-time key with its certificate."""
        key = new_one_time_key()
        now = self.clock.now()
        facts = PersonFacts(
            name=name,
            person=person,
            provider="rehearsal",
            authenticated_at=now,
            level="test",
            intent_digest=_ZERO,
        )
        certificate = self.authority.certify_person(key.spki, facts=facts, now=now)
        return SigningIdentity(key=key, chain=(certificate, *self.keys.certificates(KeyName.PERSON_CA)))
