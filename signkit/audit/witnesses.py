"""Step 10, the witnesses: who else saw the checkpoint, and whether as many vouch as the manifest promised. C5.

Only a witness that the reader trusts vouches; what the manifest names narrows, never replaces, an anchor. A line in the
name of a promised witness that does not verify is a forgery, whether or not anybody trusts that witness.
"""

from __future__ import annotations

from signkit.audit.case import Case
from signkit.errors import JournalCorruptError
from signkit.journal.checkpoint import Checkpoint, parse_checkpoint
from signkit.journal.cosignature import find_cosignatures
from signkit.journal.note import parse_vkey
from signkit.model.statement import Completion, Manifest

__all__ = ["check_witnesses"]


def check_witnesses(case: Case, manifest: Manifest, completion: Completion) -> None:
    """Judge the cosignatures that the completion statement carries."""
    promised, needed = tuple(dict.fromkeys(manifest.issuers.witnesses)), manifest.issuers.k  # each counts once
    lines = "".join(f"{line}\n" for line in completion.cosignatures)
    try:
        checkpoint = parse_checkpoint(completion.checkpoint.encode("utf-8") + lines.encode("utf-8"))
        given = [vkey for vkey in promised if _named(checkpoint, vkey)]
        held = [vkey for vkey in given if find_cosignatures(checkpoint, [vkey])]
        trusted = find_cosignatures(checkpoint, case.given.anchors.keys_for("witness"))
    except JournalCorruptError:
        case.fail("10", "journal.cosignature")
        return
    if len(held) < len(given):
        case.fail("10", "journal.cosignature")
    if len(held) < needed:
        case.doubt("10", "journal.too_few_witnesses", count=len(held), needed=needed)
    if trusted:
        names = ", ".join(item.witness for item in trusted)
        case.note("10", "journal.witnessed_by", count=len(trusted), names=names)
    elif not promised:
        case.skip("10", "journal.no_witnesses")
    else:
        case.skip("10", "journal.no_witness_anchor", count=len(held))


def _named(checkpoint: Checkpoint, vkey: str) -> bool:
    return bool(parse_vkey(vkey).signatures(checkpoint.note))
