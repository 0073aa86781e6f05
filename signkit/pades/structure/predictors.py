"""Undo PNG and TIFF prediction (ISO 32000-1 clause 7.4.4.4)."""

from __future__ import annotations

from itertools import accumulate
from typing import Final, SupportsIndex

from signkit.pades.structure.limits import over, unreadable
from signkit.pades.structure.values import Value

__all__ = ["unpredict"]

_MAX_SLOW_BYTES: Final = 16 * 1024**2
"""Most bytes undone one by one."""


def unpredict(data: bytes, parameters: dict[str, Value]) -> bytes:
    """Return ``data`` without the prediction that ``/DecodeParms`` names."""
    predictor = _int(parameters, "Predictor", 1, 15)
    if predictor == 1:
        return data
    colors = _int(parameters, "Colors", 1, 64)
    bits = _int(parameters, "BitsPerComponent", 8, 32)
    columns = _int(parameters, "Columns", 1, 1 << 24)
    width = (colors * bits * columns + 7) // 8
    step = max(1, colors * bits // 8)
    if predictor == 2:
        return _tiff(data, width, step, bits)
    if predictor < 10:
        raise unreadable("an unknown predictor", code="filter")
    return _png(data, width, step)


def _int(parameters: dict[str, Value], key: str, default: int, highest: int) -> int:
    value = parameters.get(key, default)
    if type(value) is not int or not 1 <= value <= highest:
        raise unreadable(f"unusable /{key}", code="filter")
    return value


def _tiff(data: bytes, width: int, step: int, bits: int) -> bytes:
    if bits != 8:
        raise unreadable("TIFF prediction with other than 8 bits", code="filter")
    out = bytearray(data)
    for start in range(0, len(out), width):
        stop = min(start + width, len(out))
        for first in range(start, min(start + step, stop)):
            out[first:stop:step] = bytes(accumulate(out[first:stop:step], _add))
    return bytes(out)


def _add(left: SupportsIndex, right: int) -> int:
    return (left.__index__() + right) & 0xFF


def _png(data: bytes, width: int, step: int) -> bytes:
    stride = width + 1
    if len(data) % stride == 0 and not data[::stride].strip(b"\x02"):
        columns = [bytes(accumulate(data[index::stride], _add)) for index in range(1, stride)]
        out = bytearray(width * (len(data) // stride))
        for index, column in enumerate(columns):
            out[index::width] = column
        return bytes(out)
    if len(data) > _MAX_SLOW_BYTES:
        raise over("bytes of mixed prediction", _MAX_SLOW_BYTES)
    rows: list[bytes] = []
    previous = bytes(width)
    for start in range(0, len(data), stride):
        row = bytearray(data[start + 1 : start + stride])
        _png_row(data[start], row, previous[: len(row)], step)
        previous = bytes(row)
        rows.append(previous)
    return b"".join(rows)


def _png_row(kind: int, row: bytearray, above: bytes, step: int) -> None:
    if kind == 0:
        return
    if kind == 1:
        for index in range(step, len(row)):
            row[index] = (row[index] + row[index - step]) & 0xFF
    elif kind == 2:
        for index, up in enumerate(above):
            row[index] = (row[index] + up) & 0xFF
    elif kind in (3, 4):
        for index, up in enumerate(above):
            left = row[index - step] if index >= step else 0
            corner = above[index - step] if index >= step else 0
            guess = (left + up) // 2 if kind == 3 else _paeth(left, up, corner)
            row[index] = (row[index] + guess) & 0xFF
    else:
        raise unreadable("an unknown PNG row filter", code="filter")


def _paeth(left: int, up: int, corner: int) -> int:
    """The PNG Paeth predictor (PNG specification clause 9.4)."""
    guess = left + up - corner
    to_left, to_up, to_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner
