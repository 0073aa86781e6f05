"""What the log asks of a step that signs: that the home is whole, and that enough witnesses vouch (proof.md section 7).

A home that was restored from a backup would fork its log: it refuses before anybody is asked to sign. Witnesses are
asked once per completion, after the checkpoint is anchored; fewer than the policy wants stop it, and it goes on when
they answer.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from signkit.errors import JournalError, Retry, SealError, StoreLockedError
from signkit.journal.checkpoint import log_vkey, parse_checkpoint
from signkit.journal.cosignature import find_cosignatures
from signkit.journal.cosigning import OVERTAKEN, ask_witnesses
from signkit.journal.log import Anchor, anchor
from signkit.journal.reader import require_whole
from signkit.model.statement import Issuers, Manifest, StatementError, decode_statement
from signkit.pades.structure import Pdf
from signkit.pades.validate import preview_signatures
from signkit.ports.keys import KeyName
from signkit.ports.store import ReadTransaction
from signkit.workflows.desk import Desk

__all__ = ["expect_whole_log", "promised_witnesses", "require_vouched", "vouched_anchor"]

_ATTEMPTS: Final = 10
"""How often a checkpoint is signed anew because a newer one of this home was vouched for first."""


def expect_whole_log(desk: Desk, tx: ReadTransaction) -> None:
    """Return if signing contradicts nothing that has been signed for.

    Raises:
        JournalForkError: the home was restored from a backup, or rewritten (``journal.behind``, ``journal.fork``).
        KeyUnavailableError: the journal key cannot be opened.
    """
    vkey = log_vkey(desk.origin, desk.keys.key(KeyName.JOURNAL).spki)
    require_whole(tx, kept=desk.store.kept_checkpoints(), vkey=vkey)


def promised_witnesses(path: Path, field: str) -> Issuers:
    """Return what the manifest of a file says of the log: its witnesses, and how many of them must vouch.

    What was promised when the file was sent counts, whatever the configuration says by now.

    Args:
        path: a file that has been sent.
        field: the field of its certification.

    Raises:
        SealError: the file has no manifest there (``seal.manifest``).
    """
    pdf = Pdf.open(path)
    for item in preview_signatures(pdf, pdf.view().signatures):
        if item.field == field and item.statement is not None:
            with contextlib.suppress(StatementError):
                statement = decode_statement(item.statement)
                if isinstance(statement, Manifest):
                    return statement.issuers
    raise SealError("a file that was sent carries no manifest", code="seal.manifest", hint="see: signkit doctor")


def vouched_anchor(desk: Desk, *, promised: Issuers | None = None) -> tuple[Anchor, tuple[str, ...]]:
    """Sign and anchor the log as it stands, and have it vouched for; return the lines of the cosignatures.

    Args:
        desk: whose log.
        promised: who must vouch according to a manifest; without it the configuration says.

    Raises:
        JournalForkError: the log would contradict a checkpoint that was signed.
        JournalError: fewer than the policy wants vouch (``journal.too_few_witnesses``).
        TimestampError: no service gave a token.
        StoreError: the store failed, or newer checkpoints are always quicker.
    """
    key = desk.keys.key(KeyName.JOURNAL)
    for _ in range(_ATTEMPTS):
        anchored = anchor(desk.store, origin=desk.origin, key=key, timestamper=desk.stamps.timestamper)
        lines = _cosignatures(desk, anchored.note, promised)
        if lines is not None:
            return anchored, lines
    raise StoreLockedError("others keep having newer checkpoints vouched for", hint="try again")


def _cosignatures(desk: Desk, note: bytes, promised: Issuers | None) -> tuple[str, ...] | None:
    """Ask the desk's witnesses to vouch for a checkpoint and return their signature lines, without line ends.

    None, where too few did since they have vouched for a newer one already: another process was quicker.

    A witness that does not vouch is told to the observer; the checkpoint is kept with what the others gave.

    Raises:
        JournalError: fewer than the policy wants vouch (``journal.too_few_witnesses``).
        StoreError: the store failed.
    """
    known = tuple(witness.vkey for witness in desk.witnesses)
    wanted, needed = (known, desk.witnesses_needed) if promised is None else (promised.witnesses, promised.k)
    lines = b""
    if desk.witnesses:
        asked = ask_witnesses(desk.store, note, witnesses=desk.witnesses)
        lines = asked.note[len(note) :]
        count = len(find_cosignatures(parse_checkpoint(asked.note), wanted))
        if count < needed and any(code == OVERTAKEN for _, code in asked.problems):
            return None
        for vkey, code in asked.problems:
            desk.observer.done("journal_cli.no_witness", witness=vkey.partition("+")[0], reason=code)
    for vkey in dict.fromkeys(wanted):
        if vkey not in known:
            desk.observer.done("journal_cli.witness_unknown", witness=vkey.partition("+")[0], key=vkey)
    require_vouched(len(find_cosignatures(parse_checkpoint(note + lines), wanted)), needed=needed)
    return tuple(lines.decode("utf-8").splitlines())


def require_vouched(count: int, *, needed: int) -> None:
    """Return if as many witnesses vouched as the policy wants.

    Raises:
        JournalError: ``journal.too_few_witnesses``.
    """
    if count < needed:
        raise JournalError(
            f"only {count} of {needed} witnesses vouch for the checkpoint",
            code="journal.too_few_witnesses",
            params={"count": str(count), "needed": str(needed)},
            hint="the checkpoint is signed and kept; run the command again when they answer",
            retry=Retry.AUTO,
        )
