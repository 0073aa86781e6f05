"""As much of a font as geometry needs: how far a code moves on, and whether it shows anything (ISO 32000-1, 9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from signkit.errors import SignkitError
from signkit.pades.structure import Dict, Stream, Value, View

__all__ = ["Font", "read_font"]

_MAX_MAP: Final = 4 * 1024**2
_MAX_RANGE: Final = 65_536
_DEFAULT_WIDTH: Final = 0.5
_SECTION: Final = re.compile(rb"begin(bfchar|bfrange)(.*?)end(?:bfchar|bfrange)", re.DOTALL)
_CHAR: Final = re.compile(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]*)>")
_RANGE: Final = re.compile(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>\s*(?:<([0-9A-Fa-f\s]*)>|\[([^\]]*)\])")
_HEX: Final = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_SPACE: Final = re.compile(rb"begincodespacerange\s*<([0-9A-Fa-f\s]+)>")
_BLANK_NAMES: Final = frozenset({"space", "nbspace", "uni00A0", "nonbreakingspace", ".null", "uni0020"})
_BLANKS: Final = frozenset("\u200b\u200c\u200d\ufeff\u00ad\u2060")
_PLAIN_BASES: Final = frozenset({None, "WinAnsiEncoding", "MacRomanEncoding", "StandardEncoding", "PDFDocEncoding"})


@dataclass(slots=True)
class Font:
    """One font of a resource dictionary."""

    view: View
    node: Dict
    two_bytes: bool
    widths: dict[int, float] = field(default_factory=dict)
    """Code → advance in text space units of size 1."""
    default: float = _DEFAULT_WIDTH
    _unicode: dict[int, str] | None = None

    def codes(self, text: bytes) -> Sequence[int]:
        """Return the character codes of a shown string."""
        if not self.two_bytes:
            return text
        return [text[at] << 8 | text[at + 1] for at in range(0, len(text) - 1, 2)]

    def width(self, code: int) -> float:
        """Return the advance of ``code`` at size 1."""
        return self.widths.get(code, self.default)

    def advance(self, codes: Sequence[int]) -> float:
        """Return the advance of all ``codes`` at size 1."""
        get, default = self.widths.get, self.default
        return sum([get(code, default) for code in codes])

    def character(self, code: int) -> str | None:
        """Return the text of ``code``; None where the font does not say."""
        if self._unicode is None:
            self._unicode = _read_unicode(self.view, self.node)
        known = self._unicode.get(code)
        if known is not None or self.two_bytes:
            return known
        return _by_encoding(self.view, self.node, code)

    def is_blank(self, code: int) -> bool:
        """Say whether ``code`` shows nothing: a space of some kind."""
        text = self.character(code)
        return text is not None and all(char.isspace() or char in _BLANKS or char < " " for char in text)


def read_font(view: View, value: Value) -> Font:
    """Return the font that ``value`` is; a guess of half an em where it says nothing."""
    node = view.get_dict(value)
    kind = view.resolve(node.get("Subtype"))
    if kind == "Type0":
        below = view.get_list(node.get("DescendantFonts"))
        inner = view.get_dict(below[0]) if below else Dict()
        default = view.resolve(inner.get("DW", 1000))
        return Font(view, node, _is_two_bytes(view, node), _cid_widths(view, inner), _size(default, 1000) / 1000)
    scale = 0.001
    if kind == "Type3":
        matrix = view.get_list(node.get("FontMatrix"))
        scale = abs(_size(view.resolve(matrix[0]), 0.001)) if matrix else 0.001
    first = view.resolve(node.get("FirstChar"))
    widths = [_size(view.resolve(item), 0) * scale for item in view.get_list(node.get("Widths"))[:256]]
    start = first if isinstance(first, int) else 0
    missing = view.resolve(view.get_dict(node.get("FontDescriptor")).get("MissingWidth"))
    return Font(
        view,
        node,
        two_bytes=False,
        widths={start + index: width for index, width in enumerate(widths)},
        default=_size(missing, 0) / 1000 if widths else _DEFAULT_WIDTH,
    )


def _size(value: Value, otherwise: float) -> float:
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e6 else otherwise


def _is_two_bytes(view: View, node: Dict) -> bool:
    encoding = view.resolve(node.get("Encoding"))
    if isinstance(encoding, Stream):
        found = _SPACE.search(_data(encoding))
        return found is None or len(found[1].strip()) != 2
    return True


def _cid_widths(view: View, inner: Dict) -> dict[int, float]:
    """Return ``/W`` (clause 9.7.4.3), codes taken for CIDs."""
    items = [view.resolve(item) for item in view.get_list(inner.get("W"))[: 2 * _MAX_RANGE]]
    widths: dict[int, float] = {}
    at = 0
    while at + 1 < len(items) and len(widths) < _MAX_RANGE:
        first, second = items[at], items[at + 1]
        if not isinstance(first, int):
            at += 1
        elif isinstance(second, list):
            widths |= {
                first + index: _size(view.resolve(item), 0) / 1000 for index, item in enumerate(second[:_MAX_RANGE])
            }
            at += 2
        elif isinstance(second, int) and at + 2 < len(items):
            width = _size(items[at + 2], 0) / 1000
            widths |= dict.fromkeys(range(first, min(second, first + _MAX_RANGE) + 1), width)
            at += 3
        else:
            at += 2
    return widths


def _read_unicode(view: View, node: Dict) -> dict[int, str]:
    stream = view.resolve(node.get("ToUnicode"))
    if not isinstance(stream, Stream):
        return {}
    found: dict[int, str] = {}
    for kind, body in _SECTION.findall(_data(stream)):
        if kind == b"bfchar":
            found |= {_code(code): _utf16(text) for code, text in _CHAR.findall(body)}
            continue
        for low, high, text, texts in _RANGE.findall(body):
            _add_range(found, (_code(low), _code(high)), text, _HEX.findall(texts))
    return found


def _add_range(found: dict[int, str], extent: tuple[int, int], text: bytes, texts: list[bytes]) -> None:
    low, high = extent
    high = min(high, low + _MAX_RANGE)
    if texts:
        found |= {low + index: _utf16(item) for index, item in enumerate(texts[: high - low + 1])}
        return
    base = _utf16(text)
    if not base:
        return
    for code in range(low, high + 1):
        last = ord(base[-1]) + code - low
        if last < 0x110000 and not 0xD800 <= last < 0xE000:
            found[code] = base[:-1] + chr(last)


def _by_encoding(view: View, node: Dict, code: int) -> str | None:
    """Return the text of a simple font's code, as far as it is sure."""
    encoding = view.resolve(node.get("Encoding"))
    base: Value = encoding
    if isinstance(encoding, Dict):
        base = view.resolve(encoding.get("BaseEncoding"))
        name = _difference(view, encoding, code)
        if name is not None:
            return " " if name in _BLANK_NAMES else (name if len(name) == 1 else None)
    plain = base is None or (isinstance(base, str) and base in _PLAIN_BASES)
    if not plain or view.resolve(node.get("Subtype")) == "Type3":
        return None
    if code in (0x20, 0xA0):
        return " "
    return bytes([code]).decode("cp1252", "replace") if base == "WinAnsiEncoding" or 0x20 < code < 0x7F else None


def _difference(view: View, encoding: Dict, code: int) -> str | None:
    at = -1
    found = None
    for item in view.get_list(encoding.get("Differences"))[:1024]:
        if isinstance(item, int):
            at = item
            continue
        if at == code and isinstance(item, str):
            found = str(item)
        at += 1
    return found


def _data(stream: Stream) -> bytes:
    try:
        data = stream.data
    except SignkitError:
        return b""
    return data if len(data) <= _MAX_MAP else b""


def _code(digits: bytes) -> int:
    text = b"".join(digits.split())
    return int(text[:8], 16) if text else 0


def _utf16(digits: bytes) -> str:
    text = b"".join(digits.split())
    return bytes.fromhex((text[: len(text) // 2 * 2]).decode("ascii")).decode("utf-16-be", "replace")
