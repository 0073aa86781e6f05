"""Interactive form fields and signature dictionaries (ISO 32000-1 clauses 12.7.3 and 12.8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signkit.pades.structure.limits import over, unreadable
from signkit.pades.structure.text import decode_text
from signkit.pades.structure.values import Dict, Ref, Value

if TYPE_CHECKING:
    from signkit.pades.structure.view import View

__all__ = ["Field", "SignatureField", "read_fields", "read_signatures"]


@dataclass(frozen=True, slots=True)
class Field:
    """A terminal field."""

    name: str
    """Partial names joined by full stops (clause 12.7.3.2)."""
    ref: Ref | None
    """None for a field that stands directly in the array."""
    dict: Dict
    kind: str | None
    """``Tx``, ``Btn``, ``Ch`` or ``Sig``; inherited."""
    value: Value
    """``/V`` as it stands, inherited, not resolved."""
    widgets: tuple[Ref, ...]
    """Its widgets' objects; the field itself where both are one."""


@dataclass(frozen=True, slots=True)
class SignatureField:
    """A signature field with its signature dictionary."""

    field: Field
    ref: Ref | None
    """The signature dictionary's object; None when it stands directly in the field."""
    dict: Dict
    """The signature dictionary."""
    kind: str
    """``/Type``: ``Sig`` or ``DocTimeStamp``."""

    @property
    def contents(self) -> Value:
        """``/Contents`` as it stands; a HexString knows its place."""
        return self.dict.get("Contents")

    @property
    def byte_range(self) -> tuple[int, ...] | None:
        """``/ByteRange`` when it is an array of integers."""
        found = self.dict.get("ByteRange")
        if isinstance(found, list) and all(type(item) is int for item in found):
            return tuple(found)
        return None

    @property
    def signed_end(self) -> int | None:
        """End of the last signed range: where the revision that was signed ends, it claims."""
        ranges = self.byte_range
        return ranges[-2] + ranges[-1] if ranges and len(ranges) >= 2 else None


@dataclass(frozen=True, slots=True)
class _Open:
    value: Value
    name: str
    kind: Value
    inherited: Value
    depth: int


def read_fields(view: View) -> tuple[Field, ...]:
    """Return the terminal fields of ``view``.

    Raises:
        UnreadableDocumentError: a field twice in the tree, or a limit.
    """
    form = view.get_dict(view.catalog.get("AcroForm"))
    found: list[Field] = []
    seen: set[int] = set()
    stack = [_Open(item, "", None, None, 0) for item in reversed(view.get_list(form.get("Fields")))]
    count = letters = 0
    while stack:
        item = stack.pop()
        count += 1
        if count > view.pdf.limits.max_fields:
            raise over("form fields", view.pdf.limits.max_fields)
        if item.depth > view.pdf.limits.max_depth:
            raise over("levels of form fields", view.pdf.limits.max_depth)
        if isinstance(item.value, Ref):
            if item.value.num in seen:
                raise unreadable("a form field stands twice in the form", code="field_loop")
            seen.add(item.value.num)
        node = view.get_dict(item.value)
        if not node and view.resolve(item.value) is None:
            continue
        letters += len(item.name)
        if letters > view.pdf.limits.max_names:
            raise over("characters of field names", view.pdf.limits.max_names)
        name = _joined(item.name, view.resolve(node.get("T")))
        kind = view.resolve(node["FT"]) if "FT" in node else item.kind
        value = node.get("V", item.inherited)
        kids = view.get_list(node.get("Kids"))
        named = [kid for kid in kids if "T" in view.get_dict(kid)]
        if named:
            stack.extend(_Open(kid, name, kind, value, item.depth + 1) for kid in reversed(named))
            continue
        own = item.value if isinstance(item.value, Ref) else None
        widgets = tuple(kid for kid in kids if isinstance(kid, Ref)) or ((own,) if own else ())
        found.append(Field(name, own, node, kind if isinstance(kind, str) else None, value, widgets))
    return tuple(found)


def _joined(parent: str, partial: Value) -> str:
    if not isinstance(partial, bytes):
        return parent
    text = decode_text(partial)
    return f"{parent}.{text}" if parent else text


def read_signatures(view: View) -> tuple[SignatureField, ...]:
    """Return the signature fields of ``view`` whose ``/V`` is a dictionary."""
    found: list[SignatureField] = []
    for field in view.fields:
        if field.kind != "Sig":
            continue
        value = view.resolve(field.value)
        if isinstance(value, Dict):
            ref = field.value if isinstance(field.value, Ref) else None
            kind = value.get("Type")
            found.append(SignatureField(field, ref, value, kind if isinstance(kind, str) else "Sig"))
    return tuple(found)
