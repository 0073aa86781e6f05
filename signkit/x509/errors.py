"""The one exception of this room: foreign bytes that are not what they should be."""

from __future__ import annotations

__all__ = ["X509Error"]


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
