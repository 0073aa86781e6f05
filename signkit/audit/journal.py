"""Step 10, the log: chain, inclusion, checkpoint and anchor of the entries in the completion statement. C5.

From the PDF alone this reads "whole up to entry n, logged before T". That the log was not rewritten later, or shown
differently to others, needs witnesses or a newer checkpoint. What the entries tell is held against the file in
``story``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from signkit.audit.case import Case
from signkit.audit.story import check_story
from signkit.audit.witnesses import check_witnesses
from signkit.errors import JournalCorruptError
from signkit.journal.chain import check_chain, decode_entries
from signkit.journal.checkpoint import Checkpoint, verify_checkpoint
from signkit.journal.merkle import leaf_hash, verify_inclusion
from signkit.model.entry import Entry
from signkit.model.report import Verdict
from signkit.model.statement import Completion
from signkit.pades.validate_time import imprint_of

__all__ = ["check_journal"]

_SKEW: Final = timedelta(seconds=30)
_MAX_PATH: Final = 64


def check_journal(case: Case) -> None:
    """Judge the history that the completion statement carries."""
    completion, manifest = case.completion, case.manifest
    if completion is None or manifest is None:
        if manifest is not None:
            case.skip("10", "journal.unfinished")
        return
    entries, findings = decode_entries(completion.entries)
    case.findings += findings
    if findings:
        return
    checkpoint = _checkpoint(case, completion)
    anchored = _anchor(case, completion, checkpoint)
    not_after = anchored + _SKEW if anchored else None
    case.findings += check_chain(entries, envelope=manifest.envelope, not_after=not_after)
    if not case.passed("10") and any(item.code.startswith("journal.chain_") for item in case.findings):
        return
    _check_inclusion(case, completion, entries, checkpoint)
    check_story(case, completion, entries)
    check_witnesses(case, manifest, completion)
    if case.passed("10") and anchored is not None and case.given.anchors.keys_for("log"):
        case.note("10", "journal.whole", entries=len(entries), time=f"{anchored.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")


def _checkpoint(case: Case, completion: Completion) -> Checkpoint | None:
    log = case.manifest.issuers.log if case.manifest else ""
    try:
        checkpoint = verify_checkpoint(completion.checkpoint.encode("utf-8"), log, generations=True)
    except JournalCorruptError as exc:
        case.fail("10", exc.code)
        return None
    trusted = case.given.anchors.keys_for("log")
    if not trusted:
        case.skip("10", "journal.no_log_anchor")
    elif log not in trusted:
        case.doubt("10", "journal.log_unknown")
    origin = case.manifest.journal.origin if case.manifest else ""
    if checkpoint.origin != origin and not checkpoint.origin.startswith(origin + "/"):
        case.fail("10", "journal.other_log")
    return checkpoint


def _anchor(case: Case, completion: Completion, checkpoint: Checkpoint | None) -> datetime | None:
    """Return when the checkpoint is proved to have existed."""
    if checkpoint is None or case.validated is None or case.manifest is None:
        return None
    try:
        data = base64.b64decode(completion.token, validate=True)
    except (binascii.Error, ValueError):
        case.fail("10", "journal.anchor_unreadable")
        return None
    name = case.manifest.fields.complete
    fact = case.fact(name)
    token, findings = case.validated.judge.token(
        data, imprint_of(checkpoint.text), end=fact.end if fact else 0, subject=name
    )
    if token is None or token.verdict is not Verdict.PASSED:
        first = findings[0] if findings else None
        if first is not None and first.verdict is Verdict.FAILED:
            case.fail("10", "journal.anchor")
        elif first is not None and first.code == "timestamp.not_named":
            case.doubt("10", "journal.anchor_not_named")
        else:
            case.doubt("10", "journal.anchor_untrusted")
        return None
    if fact is not None and fact.gen_time is not None and token.gen_time > fact.gen_time + _SKEW:
        case.fail("10", "journal.anchor_late")
    return token.gen_time


def _check_inclusion(
    case: Case, completion: Completion, entries: Sequence[Entry], checkpoint: Checkpoint | None
) -> None:
    if checkpoint is None or not entries:
        return
    proof = completion.proof
    try:
        index, size, steps = proof["index"], proof["size"], proof["path"]
        path = [base64.b64decode(item, validate=True) for item in steps]
        whole = type(index) is int and type(size) is int and isinstance(steps, list) and len(steps) <= _MAX_PATH
    except (KeyError, TypeError, ValueError, binascii.Error):
        whole = False
    if not whole:
        case.fail("10", "journal.proof_unreadable")
        return
    leaf = leaf_hash(entries[-1].digest)
    if size != checkpoint.size or not verify_inclusion(leaf, index=index, size=size, proof=path, root=checkpoint.root):
        case.fail("10", "journal.not_included")
