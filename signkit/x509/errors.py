"""The one exception of this room: foreign bytes that are not what they should be."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension, InvalidVersion

__all__ = ["MALFORMED", "X509Error"]

MALFORMED: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    UnsupportedAlgorithm,
    DuplicateExtension,
    InvalidVersion,
)
"""What our two libraries raise on bytes that are not what they should be."""


class X509Error(ValueError):
    """A certificate, list, token or path cannot be read or does not hold.

    Args:
        message: lower case, no full stop.
        code: stable dotted code, for instance ``certificate.unreadable``, ``token.imprint``, ``chain.expired``.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
