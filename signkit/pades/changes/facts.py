"""What the manifest says about the layout of one document: all that the checks need to know besides its bytes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LayoutFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutFacts:
    """Sizes and field names, from the manifest and (where there is one) the completion statement."""

    size_r0: int
    """Bytes of R0."""
    size_r1: int
    """Bytes of R1; the prepared file."""
    certify: str
    """Field of the certification (or, on signed input, of the first seal)."""
    complete: str
    """Field of the completion seal."""
    persons: tuple[str, ...]
    """Fields of the signatories."""
    unsigned: tuple[str, ...] = ()
    """Fields that the completion statement says nobody signed."""
    trailing_bytes: bool = False
    """The manifest records the risk ``trailing-bytes``: R0 goes on after its last ``%%EOF``."""
    highest_r0: int | None = None
    """Highest number that R0 defines or names, if known; None: every object of R0 is read to find it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every field made in R1."""
        return (self.certify, *self.persons, self.complete)
