"""Offline verification of what providers return: from bytes and anchors only.

A verifier is found by the evidence's ``format``. It is loaded when asked for, so that knowing the
formats costs nothing.
What is not here: comparing with what a file claims (``signkit.audit``), and any network.
"""

from __future__ import annotations

import importlib
from typing import Final, cast

from signkit.ports.evidence import EvidenceVerifier

__all__ = ["FORMATS", "verifier_for"]

FORMATS: Final[dict[str, str]] = {
    "signkit.evidence.bankid/1": "signkit.evidence.bankid:BankIdVerifier",
    "signkit.evidence.rehearsal/1": "signkit.evidence.rehearsal:RehearsalVerifier",
}
"""Format → ``module:class`` of its verifier."""


def verifier_for(evidence_format: str) -> EvidenceVerifier | None:
    """Return the verifier of a format, None for a format that nobody here knows."""
    target = FORMATS.get(evidence_format)
    if target is None:
        return None
    module, _, name = target.partition(":")
    return cast("EvidenceVerifier", getattr(importlib.import_module(module), name)())
