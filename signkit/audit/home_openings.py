"""What opens the commitments of an envelope in a home: each opening is of the story, and evidence is what it was."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence

from signkit import canonical
from signkit.audit.openings import opens, texts_of
from signkit.canonical import Json
from signkit.errors import StoreError
from signkit.journal.chain import failed
from signkit.model.entry import Entry
from signkit.model.envelope import Envelope
from signkit.model.person import person_of
from signkit.model.report import Finding
from signkit.ports.store import ReadTransaction

__all__ = ["check_openings"]

_KEY = "person_key"


def check_openings(
    tx: ReadTransaction, envelope: Envelope, entries: Sequence[Entry], *, erased: bool
) -> Iterator[Finding]:
    """Give what is wrong with an envelope's openings and evidence.

    Args:
        tx: the home.
        envelope: whose.
        entries: its story, which holds the commitments.
        erased: the home's journal says that they were erased.
    """
    try:
        openings, evidence = tx.openings(envelope.id), tx.evidence(envelope.id)
    except StoreError:
        yield failed("journal.opening_unreadable", subject=envelope.id)
        return
    for digest, data in evidence.items():
        if canonical.digest_text(canonical.digest(data)) != digest:
            yield failed("journal.evidence_changed", subject=envelope.id, digest=digest)
    said = texts_of(entries)
    for name, opening in openings.items():
        if name != _KEY and not opens(opening, said):
            yield failed("journal.opening", subject=envelope.id, name=name)
        blob = opening.get("blob") if isinstance(opening, dict) else None
        if blob is not None and blob not in evidence:
            yield failed("journal.evidence_missing", subject=envelope.id, digest=str(blob))
    if _KEY in openings and not _key_fits(openings, envelope):
        yield failed("journal.opening", subject=envelope.id, name=_KEY)
    expected = {f"document.{index}" for index in range(len(envelope.documents))}
    expected |= {f"signatory.{item.id}.name" for item in envelope.signatories} | {_KEY}
    missing, back = sorted(expected - set(openings)), sorted(expected & set(openings))
    if erased and back:
        yield failed("journal.opening_back", subject=envelope.id, name=back[0], count=len(back))
    if missing and not erased:
        yield failed("journal.opening_missing", subject=envelope.id, name=missing[0], count=len(missing))


def _key_fits(openings: Mapping[str, Json], envelope: Envelope) -> bool:
    """Tell whether the key behind ``person`` gives what the story says of everybody whose number is here."""
    value = openings[_KEY]
    try:
        key = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return False
    people: list[tuple[str, str]] = []
    for place in envelope.signatories:
        opening = openings.get(f"signatory.{place.id}.identity")
        identity = opening.get("value") if isinstance(opening, dict) else None
        if isinstance(identity, dict) and place.person is not None:
            people.append((person_of(key, str(identity.get("scheme")), str(identity.get("value"))), place.person))
    return bool(key) and all(made == said for made, said in people)
