"""A writer of DER (ITU-T X.690 clauses 8 and 10) for the few types that a CMS signature is made of.

Written by hand because a signature is assembled twice, once to measure it and once for good, and because every byte of
it is then chosen here. Reading is never done here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

__all__ = ["context", "integer", "null", "octet_string", "oid", "sequence", "set_of", "time", "tlv", "utf8"]


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return one value with identifier octet ``tag`` and definite, shortest length."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE."""
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF, its elements ordered as X.690 clause 11.6 wants."""
    return tlv(0x31, *sorted(parts))


def context(number: int, *parts: bytes) -> bytes:
    """Return a constructed value with context tag ``number``."""
    return tlv(0xA0 | number, *parts)


def octet_string(content: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(0x04, content)


def utf8(text: str) -> bytes:
    """Return a UTF8String."""
    return tlv(0x0C, text.encode())


def integer(value: int) -> bytes:
    """Return an INTEGER of zero or more."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def time(at: datetime) -> bytes:
    """Return a UTCTime until 2049, from then on a GeneralizedTime (RFC 5652 section 11.3)."""
    text = f"{at.astimezone(UTC):%Y%m%d%H%M%SZ}".encode("ascii")
    return tlv(0x17, text[2:]) if 1950 <= at.year < 2050 else tlv(0x18, text)


def null() -> bytes:
    """Return NULL."""
    return b"\x05\x00"


@lru_cache(maxsize=64)
def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(0x06, b"".join(_base128(arc) for arc in (first * 40 + second, *rest)))


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | (arc & 0x7F))
    return bytes(reversed(octets))
