"""Step 5, the level actually reached, by the rule of EU DSS (EN 319 142-1 clause 6.3).

B-B needs the signature's own form; B-T a trusted timestamp; B-LT a security store *after* the signature (a store
counts only for signatures before it) with every certificate of its paths; B-LTA a trusted document timestamp that
covers all that.
"""

from __future__ import annotations

from collections.abc import Sequence

from signkit.pades.structure import Dict
from signkit.pades.validate_cms import Cms
from signkit.pades.validate_material import Material
from signkit.pades.validate_time import Judge, Judged
from signkit.x509.certificates import Certificate

__all__ = ["is_pades", "level"]


def is_pades(dictionary: Dict, cms: Cms) -> bool:
    """Tell whether a signature has the form of PAdES B-B (EN 319 142-1 table 1)."""
    return (
        dictionary.get("SubFilter") == "ETSI.CAdES.detached"
        and "M" in dictionary
        and "Cert" not in dictionary
        and "signing_time" not in cms.attributes
        and bool({"signing_certificate_v2", "signing_certificate"} & cms.attributes.keys())
    )


def level(dictionary: Dict, cms: Cms, judged: Judged, *, end: int, judge: Judge) -> str | None:
    """Return the level of a signature whose revision ends at ``end``; None for another format."""
    if not is_pades(dictionary, cms):
        return None
    trusted = judged.token is not None and bool(judged.token.path)
    if not trusted and not judge.covered(end):
        return "B-B"
    paths = (judged.path, judged.token.path if judged.token else ())
    later = [place for place in judge.material.stores if place > end]
    if not judged.path or not later or not _stored(paths, judge.material):
        return "B-T"
    return "B-LTA" if judge.covered_from(later[0]) else "B-LT"


def _stored(paths: Sequence[tuple[Certificate, ...]], material: Material) -> bool:
    wanted = [certificate for path in paths for certificate in path[:-1]]
    return all(certificate.digest in material.stored for certificate in wanted)
