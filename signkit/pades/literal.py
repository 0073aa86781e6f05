"""Byte strings that are written exactly as they are."""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic

__all__ = ["LiteralString"]

_ESCAPES = ((b"\\", b"\\\\"), (b"(", b"\\("), (b")", b"\\)"), (b"\r", b"\\r"), (b"\n", b"\\n"))


class LiteralString(generic.PdfObject):
    """A byte string in parentheses (ISO 32000-1 clause 7.3.4.2): a statement stays readable, at half the size."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:  # noqa: ARG002
        """Write it; line ends are escaped, or a reader would change them."""
        escaped = self.octets
        for octet, written in _ESCAPES:
            escaped = escaped.replace(octet, written)
        stream.write(b"(" + escaped + b")")
