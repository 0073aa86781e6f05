"""The witness port: somebody else's service that vouches for checkpoints (C2SP tlog-witness).

An implementation carries bytes and judges nothing; the log's side checks every cosignature. Errors: ``JournalError``
with code ``witness.unavailable`` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["MAX_ANSWER_BYTES", "WitnessAnswer", "WitnessService"]

MAX_ANSWER_BYTES = 16 * 1024
"""Largest answer taken, ours: a cosignature is 150 bytes."""


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness answered."""

    status: int
    """HTTP status: 200 vouched, 409 remembers another size, else refused."""
    body: bytes


class WitnessService(Protocol):
    """One witness."""

    @property
    def vkey(self) -> str:
        """Its verifier key."""
        ...

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Send an ``add-checkpoint`` request and return the answer, at most ``MAX_ANSWER_BYTES`` of it.

        Raises:
            JournalError: no answer (``witness.unavailable``).
        """
        ...
