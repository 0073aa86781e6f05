"""The document security store only grows, and holds nothing but validation material (ISO 32000-2 clause 12.8.4.3)."""

from __future__ import annotations

from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.compare import same
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step
from signkit.pades.structure import Ref, Stream, Value

__all__ = ["check_dss", "dss_numbers"]

_ARRAYS: Final = ("Certs", "CRLs", "OCSPs")
_STREAM_KEYS: Final = frozenset(("Length", "Filter", "DecodeParms", "DL"))


def dss_numbers(step: Step) -> set[int]:
    """Return the numbers of the store and of its arrays as they stood before ``step``; they may be written again."""
    pointer = step.before.catalog.get("DSS")
    store = step.before.get_dict(pointer)
    if not isinstance(pointer, Ref) or not step.story.r0.entry(pointer.num).free:
        return set()
    own = {item.num for key in _ARRAYS if isinstance(item := store.get(key), Ref)}
    return {pointer.num} | {num for num in own if step.story.r0.entry(num).free}


def check_dss(step: Step) -> list[Finding]:
    """Return what ``step`` does to the store beyond adding certificates, CRLs and OCSP answers."""
    before = step.before.get_dict(step.before.catalog.get("DSS"))
    after = step.after.get_dict(step.after.catalog.get("DSS"))
    found: list[Finding] = []
    for key in after:
        if key in _ARRAYS or key == "Type" or (key in before and same(before[key], after[key])):
            continue
        found.append(failed("dss", subject=str(step), key=key[:40]))
    found += [failed("dss", subject=str(step), key=key[:40]) for key in before if key not in after]
    for key in _ARRAYS:
        old, new = step.before.get_list(before.get(key)), step.after.get_list(after.get(key))
        if any(item not in new for item in old):
            found.append(failed("dss_shrunk", subject=str(step)))
        if not all(_is_material(step, item) for item in new if item not in old):
            found.append(failed("dss", subject=str(step), key=key))
    return found


def _is_material(step: Step, item: Value) -> bool:
    """Say whether ``item`` is a new stream with nothing but bytes in it."""
    if not isinstance(item, Ref) or item.num not in step.added:
        return False
    stream = step.now(item.num)
    return isinstance(stream, Stream) and stream.dict.keys() <= _STREAM_KEYS
