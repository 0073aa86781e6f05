"""Decode the filters that streams of structure use (ISO 32000-1 clause 7.4), with limits.

What is not here: image codecs, and /Crypt other than /Identity.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Callable
from typing import Final

from signkit.pades.structure.limits import over, unreadable
from signkit.pades.structure.predictors import unpredict
from signkit.pades.structure.values import Value

__all__ = ["decode"]

_SPACES: Final = b"\x00\t\n\x0c\r "
_MAX_FILTERS: Final = 8
_MAX_SLOW_BYTES: Final = 16 * 1024**2
"""Largest input of the filters that are decoded byte by byte."""
_TOO_LONG: Final = "decoded bytes"


def decode(
    raw: bytes,
    filters: list[Value],
    parameters: list[Value],
    *,
    max_bytes: int,
    meter: Callable[[int], None] | None = None,
) -> bytes:
    """Return ``raw`` after all ``filters``; ``meter`` is told how many bytes each of them gave.

    Raises:
        UnreadableDocumentError: unknown filter, damaged data, or more than ``max_bytes``.
    """
    if len(filters) > _MAX_FILTERS:
        raise over("filters on one stream", _MAX_FILTERS)
    data = raw
    for index, name in enumerate(filters):
        parms = parameters[index] if index < len(parameters) else None
        parms = parms if isinstance(parms, dict) else {}
        if name == "Crypt" and parms.get("Name", "Identity") == "Identity":
            continue
        decoder = _DECODERS.get(name) if isinstance(name, str) else None
        if decoder is None:
            raise unreadable("a filter that structure cannot use", code="filter")
        if decoder is not _flate and len(data) > _MAX_SLOW_BYTES:
            raise over("bytes in a slow filter", _MAX_SLOW_BYTES)
        data = decoder(data, parms, max_bytes)
        if meter is not None:
            meter(len(data))
        if len(data) > max_bytes:
            raise over(_TOO_LONG, max_bytes)
    return data


def _flate(data: bytes, parameters: dict[str, Value], max_bytes: int) -> bytes:
    machine = zlib.decompressobj()
    try:
        out = machine.decompress(data, max_bytes + 1)
        if len(out) <= max_bytes:
            out += machine.flush()
    except zlib.error as exc:
        raise unreadable("damaged compressed data", code="filter") from exc
    if len(out) > max_bytes:
        raise over(_TOO_LONG, max_bytes)
    if not machine.eof:
        raise unreadable("compressed data without its end", code="filter")
    return unpredict(out, parameters)


def _lzw(data: bytes, parameters: dict[str, Value], max_bytes: int) -> bytes:
    """Decode LZW (clause 7.4.4.2); ``/EarlyChange`` 1 unless told otherwise."""
    early = 0 if parameters.get("EarlyChange", 1) == 0 else 1
    base = [bytes([value]) for value in range(256)] + [b"", b""]
    table = list(base)
    out: list[bytes] = []
    size = bits = held = 0
    width = 9
    previous = b""
    for byte in data:
        held = (held << 8 | byte) & 0xFFFFFF
        bits += 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits & ((1 << width) - 1)
        if code == 256:
            table, width, previous = list(base), 9, b""
            continue
        if code == 257:
            break
        entry = table[code] if code < len(table) else previous + previous[:1]
        if code > len(table) or not entry:
            raise unreadable("damaged LZW data", code="filter")
        size += len(entry)
        if size > max_bytes:
            raise over(_TOO_LONG, max_bytes)
        out.append(entry)
        if previous and len(table) < 4096:
            table.append(previous + entry[:1])
        previous = entry
        width = min(12, max(9, (len(table) + early).bit_length()))
    return unpredict(b"".join(out), parameters)


def _ascii_hex(data: bytes, _parameters: dict[str, Value], _max_bytes: int) -> bytes:
    digits = data.split(b">", 1)[0].translate(None, _SPACES)
    try:
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except binascii.Error as exc:
        raise unreadable("damaged hexadecimal data", code="filter") from exc


def _ascii_85(data: bytes, _parameters: dict[str, Value], max_bytes: int) -> bytes:
    text = data.split(b"~", 1)[0].translate(None, _SPACES)
    if not re.fullmatch(rb"[!-uz]*", text):
        raise unreadable("damaged base-85 data", code="filter")
    out = bytearray()
    group: list[int] = []
    for char in text:
        if char == 0x7A:
            if group:
                raise unreadable("damaged base-85 data", code="filter")
            out += bytes(4)
            continue
        group.append(char - 33)
        if len(group) == 5:
            out += _base_85(group)
            group = []
        if len(out) > max_bytes:
            raise over(_TOO_LONG, max_bytes)
    if group:
        out += _base_85(group + [84] * (5 - len(group)))[: len(group) - 1]
    return bytes(out)


def _base_85(group: list[int]) -> bytes:
    number = 0
    for digit in group:
        number = number * 85 + digit
    if number >= 1 << 32:
        raise unreadable("damaged base-85 data", code="filter")
    return number.to_bytes(4, "big")


def _run_length(data: bytes, _parameters: dict[str, Value], max_bytes: int) -> bytes:
    out = bytearray()
    pos = 0
    while pos < len(data) and data[pos] != 128:
        length = data[pos]
        if length < 128:
            out += data[pos + 1 : pos + 2 + length]
            pos += 2 + length
        else:
            out += data[pos + 1 : pos + 2] * (257 - length)
            pos += 2
        if len(out) > max_bytes:
            raise over(_TOO_LONG, max_bytes)
    return bytes(out)


_DECODERS: Final[dict[str, Callable[[bytes, dict[str, Value], int], bytes]]] = {
    "FlateDecode": _flate,
    "Fl": _flate,
    "LZWDecode": _lzw,
    "LZW": _lzw,
    "ASCIIHexDecode": _ascii_hex,
    "AHx": _ascii_hex,
    "ASCII85Decode": _ascii_85,
    "A85": _ascii_85,
    "RunLengthDecode": _run_length,
    "RL": _run_length,
}
