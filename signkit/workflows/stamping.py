"""Whose timestamps an envelope may carry: the manifest names their keys when it is sent (decision 0018).

Every signature of the envelope's own life must then have a token by one of them, or ``verify`` would leave the finished
file open for good. So that is asked before anything is written down.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from signkit.canonical import digest_text
from signkit.errors import TimestampError
from signkit.pades.structure import Pdf
from signkit.pades.validate_material import read_material
from signkit.ports.keys import KeyName
from signkit.workflows.desk import Desk
from signkit.workflows.vouching import promised_witnesses
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken

__all__ = ["expect_named", "tsa_keys"]

_LONGEST: Final = 8
"""Most certificates above a token's signer, ours; real services have two."""


def tsa_keys(desk: Desk) -> tuple[str, ...]:
    """Return the keys that the manifest names for timestamps, SHA-256 of SPKI each.

    They are those of every authority that the home trusts for timestamps, whichever service answers first or instead of
    another, and of the chain of the service that answers now, for whoever trusts that chain further down. A production
    home's own root is not among them: it refuses itself.
    """
    own = set()
    if desk.environment == "production":
        own = {Certificate(desk.keys.certificates(name)[0]) for name in (KeyName.ROOT, KeyName.SEAL_CA)}
    chain = [Certificate(der) for der in desk.stamps.expect("sha256").material.certificates]
    trusted = [item for item in desk.anchors.for_purpose("tsa") if item not in own]
    return tuple(dict.fromkeys(digest_text(item.spki_digest) for item in (*trusted, *chain)))


def expect_named(desk: Desk, path: Path, tokens: Iterable[bytes], *, field: str) -> None:
    """Return if every token leads to a key that the file's manifest names; a manifest that names none leaves it open.

    Args:
        desk: the clerk's desk.
        path: the file with its newest revision.
        tokens: DER tokens that have been checked already.
        field: of the certification, which carries the manifest.

    Raises:
        TimestampError: ``seal.timestamp.not_named``; the file must be thrown away.
        SealError: the file carries no manifest.
    """
    named = set(promised_witnesses(path, field).tsa)
    pdf = Pdf.open(path)
    newest = pdf.revisions[-1]
    known = [*read_material(pdf, [(newest.index, newest.end)]).certificates, *desk.anchors.for_purpose("tsa")]
    if named and not all(named & _keys(token, known) for token in tokens):
        raise TimestampError(
            "the timestamp is by a service that the home did not trust when the envelope was sent",
            code="seal.timestamp.not_named",
            hint="configure a service that was trusted then; or void the envelope and send a new one",
        )


def _keys(token: bytes, known: list[Certificate]) -> set[str]:
    """Return the keys on the way from a token's signer up."""
    try:
        parsed = TimestampToken(token)
        pool = [*parsed.certificates, *known]
        path = [parsed.find_signer(pool)]
    except X509Error as exc:
        raise TimestampError("the token's certificates cannot be read") from exc
    while len(path) <= _LONGEST:
        above = next((item for item in pool if item not in path and path[-1].issued_by(item)), None)
        if above is None:
            break
        path.append(above)
    return {digest_text(item.spki_digest) for item in path}
