"""What the log asks of a step that signs: that the home is whole, and that enough witnesses vouch (proof.md section 7).

A home that was restored from a backup would fork its log: it refuses before anybody is asked to sign. Witnesses are
asked once per completion, after the checkpoint is anchored; fewer than the policy wants stop it, and it goes on when
they answer.
"""

from __future__ import annotations

from signkit.errors import JournalError, Retry
from signkit.journal.checkpoint import log_vkey
from signkit.journal.cosigning import ask_witnesses
from signkit.journal.reader import require_whole
from signkit.ports.keys import KeyName
from signkit.ports.store import ReadTransaction
from signkit.workflows.desk import Desk

__all__ = ["cosignatures_for", "expect_whole_log", "require_vouched"]


def expect_whole_log(desk: Desk, tx: ReadTransaction) -> None:
    """Return if signing contradicts nothing that has been signed for.

    Raises:
        JournalForkError: the home was restored from a backup, or rewritten (``journal.behind``, ``journal.fork``).
        KeyUnavailableError: the journal key cannot be opened.
    """
    vkey = log_vkey(desk.origin, desk.keys.key(KeyName.JOURNAL).spki)
    require_whole(tx, kept=desk.store.kept_checkpoint(), vkey=vkey)


def cosignatures_for(desk: Desk, note: bytes) -> tuple[str, ...]:
    """Ask the desk's witnesses to vouch for a checkpoint and return their signature lines, without line ends.

    A witness that does not vouch is told to the observer; the checkpoint is kept with what the others gave.

    Raises:
        JournalError: fewer than the policy wants vouch (``journal.too_few_witnesses``).
        StoreError: the store failed.
    """
    if not desk.witnesses:
        return ()
    asked = ask_witnesses(desk.store, note, witnesses=desk.witnesses)
    for vkey, code in asked.problems:
        desk.observer.done("journal_cli.no_witness", witness=vkey.partition("+")[0], reason=code)
    require_vouched(len(asked.vouched), needed=desk.witnesses_needed)
    return tuple(asked.note[len(note) :].decode("utf-8").splitlines())


def require_vouched(count: int, *, needed: int) -> None:
    """Return if as many witnesses vouched as the policy wants.

    Raises:
        JournalError: ``journal.too_few_witnesses``.
    """
    if count < needed:
        raise JournalError(
            f"only {count} of {needed} witnesses vouch for the checkpoint",
            code="journal.too_few_witnesses",
            hint="the checkpoint is signed and kept; run the command again when they answer",
            retry=Retry.AUTO,
        )
