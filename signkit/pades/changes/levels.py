"""What one revision did to a document, by object number: each changed number is explained by a role, or is not.

Roles, harmless first: validation data (``/DSS``, ``/Extensions``), a document timestamp, form filling (values,
appearances, new signature fields, metadata), annotations, and everything else. Our own code; pyHanko's difference
analysis is a second opinion elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from signkit.model.report import ChangeLevel
from signkit.pades.changes.compare import same, same_but
from signkit.pades.changes.redated import only_redated
from signkit.pades.changes.sharing import Base, shared_parts, without_orphans
from signkit.pades.structure import Dict, Field, Pdf, Ref, Stream, Value, View, references

__all__ = ["ORDER", "RevisionChanges", "highest_level"]

ORDER: Final = tuple(ChangeLevel)
"""From harmless to not explained."""
_FILLED: Final = ("V", "AP", "AS", "M", "I", "TI", "RV", "MK", "Kids")
"""What filling in may change in a field or its widget."""
_FORM_KEYS: Final = ("Fields", "SigFlags", "DR", "DA", "NeedAppearances")


def highest_level(levels: Iterable[ChangeLevel]) -> ChangeLevel:
    """Return the least harmless level; NONE of none."""
    return max(levels, key=ORDER.index, default=ChangeLevel.NONE)


class RevisionChanges:
    """The changes of revision ``index`` against the one before.

    Attributes:
        changed: numbers whose value differs.
        level: the least harmless thing that happened.
        filled: names of fields that are new or whose value or appearance is another.
        unexplained: numbers that no role explains.
    """

    def __init__(self, pdf: Pdf, index: int, base: Base | None = None) -> None:
        base = base or Base(pdf.view(index - 1))
        self._before: View = pdf.view(index - 1)
        self._after: View = pdf.view(index)
        revision = pdf.revisions[index]
        own = {section.number for section in revision.sections}
        entries = revision.entries
        own |= {entry.container for entry in entries.values()}
        self.changed = {
            num for num in entries if num and num not in own and not same(self._before.get(num), self._after.get(num))
        }
        self.filled: set[str] = set()
        self._explained: dict[int, ChangeLevel] = {}
        self._redated: bool | None = None
        self._parts: set[int] = set()
        """Numbers met on the way through values, appearances and the store: the only ones that may name each other."""
        self._own: set[int] = set()
        """Fields, widgets, form, pages, catalog: looked at key by key."""
        self._found: list[ChangeLevel] = []
        self._trailer()
        self._catalog()
        self._fields()
        self._form()
        self._pages()
        left = self.changed - self._explained.keys()
        held = set(self._explained)
        shared = shared_parts(self._before, self._after, base, parts=self._parts, own=self._own, explained=held)
        self.unexplained = tuple(sorted(without_orphans(self._before, self._after, base, left) | shared))
        if self.unexplained:
            self._found.append(ChangeLevel.OTHER)
        self.level = highest_level(self._found)

    @property
    def empty(self) -> bool:
        """Whether nothing changed at all."""
        return not self.changed and not self._found

    def _mark(self, value: Value, level: ChangeLevel) -> None:
        """Explain what ``value`` leads to, through changed numbers only."""
        stack = [value]
        while stack:
            for ref in references(stack.pop()):
                self._parts.add(ref.num)
                if ref.num in self.changed and ref.num not in self._explained:
                    self._explained[ref.num] = level
                    self._found.append(level)
                    stack.append(self._after.get(ref.num))

    def _explain(self, ref: Value, level: ChangeLevel) -> None:
        """Explain one number without following what it holds."""
        if isinstance(ref, Ref):
            self._own.add(ref.num)
        if isinstance(ref, Ref) and ref.num in self.changed:
            self._explained.setdefault(ref.num, level)
            self._found.append(level)

    def _trailer(self) -> None:
        """``/Root`` may be another number, for the catalogs are compared; keys of no standard are read by nobody."""
        before, after = self._before.trailer, self._after.trailer
        if not same(before.get("Encrypt"), after.get("Encrypt")) or type(after.get("Root")) is not Ref:
            self._found.append(ChangeLevel.OTHER)
        if not same(before.get("Info"), after.get("Info")):
            self._found.append(self._metadata_level())
        self._explain(after.get("Info"), self._metadata_level())

    def _catalog(self) -> None:
        before, after = self._before.catalog, self._after.catalog
        self._mark(after.get("DSS"), ChangeLevel.VALIDATION_DATA)
        if "Extensions" in after:
            self._mark(after["Extensions"], ChangeLevel.VALIDATION_DATA)
        self._explain(after.get("Metadata"), self._metadata_level())
        self._explain(self._after.trailer.get("Root"), ChangeLevel.VALIDATION_DATA)
        for key in {*before, *after}:
            if same(before.get(key), after.get(key)) and (key in before) == (key in after):
                continue
            if key in {"DSS", "Extensions"} and key in after:
                self._found.append(ChangeLevel.VALIDATION_DATA)
            elif key in {"Metadata", "Version"}:
                self._found.append(self._metadata_level())
            elif key == "AcroForm" and key in after:
                self._found.append(self._new_field_level())
            else:
                self._found.append(ChangeLevel.OTHER)

    def _metadata_level(self) -> ChangeLevel:
        """Re-dating metadata, and raising the version, is a by-product of adding validation data, and of that alone."""
        if self._redated is None:
            store = self._before.catalog.get("DSS"), self._after.catalog.get("DSS")
            touched = not same(*store) or any(isinstance(ref, Ref) and ref.num in self.changed for ref in store)
            self._redated = touched and only_redated(self._before, self._after)
        return ChangeLevel.VALIDATION_DATA if self._redated else ChangeLevel.FORM_FILL

    def _new_field_level(self) -> ChangeLevel:
        old = {field.name for field in self._before.fields}
        return highest_level(_level_of(self._after, field) for field in self._after.fields if field.name not in old)

    def _fields(self) -> None:
        old = {field.name: field for field in self._before.fields}
        new = {field.name: field for field in self._after.fields}
        if old.keys() - new.keys() or len(new) != len(self._after.fields):
            self._found.append(ChangeLevel.OTHER)
        for name, field in new.items():
            numbers = {ref.num for ref in (field.ref, *field.widgets) if ref is not None}
            value_changed = name not in old or not same(old[name].value, field.value)
            if not value_changed and not (numbers & self.changed) and not self._leads_to_change(field):
                continue
            self.filled.add(name)
            if name not in old:
                self._field_parts(field, _level_of(self._after, field))
            else:
                self._changed_field(old[name], field)

    def _leads_to_change(self, field: Field) -> bool:
        """Say whether value or appearance of an untouched field lead to changed numbers."""
        parts = [field.value, *(self._after.get_dict(ref).get("AP") for ref in field.widgets)]
        return any(ref.num in self.changed for part in parts for ref in self._two_levels(part))

    def _two_levels(self, value: Value) -> Iterable[Ref]:
        for ref in references(value):
            yield ref
            held = self._after.get(ref.num)
            yield from references(_without_data(held.dict if isinstance(held, Stream) else held))

    def _changed_field(self, before: Field, after: Field) -> None:
        level = _level_of(self._after, after)
        was_signed = before.kind == "Sig" and before.value is not None
        if was_signed or before.ref != after.ref or before.kind != after.kind:
            level = ChangeLevel.OTHER
        for ref in {after.ref, *after.widgets}:
            if ref is None:
                continue
            old, new = self._before.get_dict(ref), self._after.get_dict(ref)
            if old and (same_but(old, new, (*_FILLED, "F")) is not None or _unseen(old.get("F"), new.get("F"))):
                level = ChangeLevel.OTHER
        self._field_parts(after, level)

    def _field_parts(self, field: Field, level: ChangeLevel) -> None:
        self._found.append(level)
        for ref in (field.ref, *field.widgets):
            if ref is None:
                continue
            self._explain(ref, level)
            held = self._after.get_dict(ref)
            for key in ("V", "Lock", "SV", "MK"):
                self._mark(held.get(key), level)
            self._explain(held.get("Kids"), level)
            self._appearance(held.get("AP"), level)
            if held.get("Parent") is not None and field.ref is not None and ref != field.ref:
                self._explain(field.ref, level)
        self._mark(field.value, level)

    def _appearance(self, value: Value, level: ChangeLevel) -> None:
        """Explain an appearance: its dictionary, the states in it, and what each stream leads to (clause 12.5.5)."""
        self._mark(value, level)
        for state in self._after.get_dict(value).values():
            self._mark(state, level)
            inner = self._after.resolve(state)
            if isinstance(inner, Dict):
                for stream in inner.values():
                    self._mark(stream, level)

    def _form(self) -> None:
        pointer = self._after.catalog.get("AcroForm")
        before, after = self._before.get_dict(self._before.catalog.get("AcroForm")), self._after.get_dict(pointer)
        level = highest_level([self._new_field_level(), ChangeLevel.VALIDATION_DATA])
        if same_but(before, after, _FORM_KEYS) is not None:
            level = ChangeLevel.OTHER
        elif same_but(before, after, ("Fields", "SigFlags")) is not None:
            level = highest_level([level, ChangeLevel.FORM_FILL])
        elif same(before, after) and not isinstance(after.get("Fields"), Ref):
            return
        self._explain(pointer, level)
        self._explain(after.get("Fields"), level)
        self._mark(after.get("DR"), ChangeLevel.FORM_FILL)
        if not same(before, after):
            self._found.append(level)

    def _pages(self) -> None:
        if [page.ref for page in self._before.pages] != [page.ref for page in self._after.pages]:
            self._found.append(ChangeLevel.OTHER)
            return
        for page in self._after.pages:
            annotations = page.dict.get("Annots")
            numbers = {page.ref.num, *(ref.num for ref in references(self._after.get_list(annotations)))}
            if isinstance(annotations, Ref):
                numbers.add(annotations.num)
            if numbers & self.changed:
                self._page(page.ref, page.dict, annotations)

    def _page(self, ref: Ref, page: Dict, annotations: Value) -> None:
        old = self._before.get_dict(ref)
        if same_but(old, page, ("Annots", "Tabs")) is not None:
            return
        before, after = self._before.get_list(old.get("Annots")), self._after.get_list(annotations)
        levels = [self._annotation(item, known=item in before) for item in after]
        if any(item not in after for item in before):
            levels.append(ChangeLevel.ANNOTATION)
        level = highest_level(levels)
        self._explain(ref, level)
        self._explain(annotations, level)
        self._found.append(level)

    def _annotation(self, item: Value, *, known: bool) -> ChangeLevel:
        num = item.num if isinstance(item, Ref) else None
        if num is None:
            return ChangeLevel.NONE if known else ChangeLevel.ANNOTATION
        if num in self._explained:
            return self._explained[num]
        if known and num not in self.changed:
            return ChangeLevel.NONE
        if self._after.get_dict(item).get("Subtype") == "Widget":
            return ChangeLevel.NONE if known else ChangeLevel.OTHER
        self._mark(item, ChangeLevel.ANNOTATION)
        return ChangeLevel.ANNOTATION


def _without_data(value: Value) -> Value:
    """Return a signature dictionary without ``/Data`` of its references: that names the catalog (clause 12.8.2.1)."""
    transforms = value.get("Reference") if isinstance(value, Dict) else None
    if not isinstance(value, Dict) or not isinstance(transforms, list):
        return value
    kept: list[Value] = [
        [part for key, part in item.items() if key != "Data"] if isinstance(item, Dict) else item for item in transforms
    ]
    return [kept, *(part for key, part in value.items() if key != "Reference")]


def _unseen(before: Value, after: Value) -> bool:
    """Say whether annotation flags changed in more than Print and Locked (ISO 32000-1 table 165)."""
    old, new = (value if type(value) is int else 0 for value in (before, after))
    return (old | 132) != (new | 132)


def _level_of(view: View, field: Field) -> ChangeLevel:
    """Return the level of a field that is new or gained a value."""
    if field.kind != "Sig":
        return ChangeLevel.FORM_FILL
    if view.get_dict(field.value).get("Type") != "DocTimeStamp":
        return ChangeLevel.FORM_FILL
    for ref in field.widgets:
        rectangle = view.get_list(view.get_dict(ref).get("Rect"))
        numbers = [view.resolve(item) for item in rectangle]
        if len(numbers) == 4 and (numbers[0] == numbers[2] or numbers[1] == numbers[3]):
            continue
        return ChangeLevel.FORM_FILL
    return ChangeLevel.TIMESTAMP
