"""The document as it was with one revision: what each number means, catalog, pages, fields."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from signkit.errors import UnreadableDocumentError
from signkit.pades.structure.fields import Field, SignatureField, read_fields, read_signatures
from signkit.pades.structure.limits import unreadable
from signkit.pades.structure.objects import ObjectReader
from signkit.pades.structure.pages import Page, read_pages
from signkit.pades.structure.revisions import Revision
from signkit.pades.structure.values import Dict, IndirectObject, Ref, Stream, Value
from signkit.pades.structure.xref import FREE, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signkit.pades.structure.pdf import Pdf

__all__ = ["View"]

_MAX_HOPS: Final = 32
"""References that may lead to references."""
_SMALL_ROWS: Final = 2_000
"""Rows of a revision that is looked up in a dictionary shared with its neighbours."""
_MERGED_ROWS: Final = 50_000
"""Rows in one such dictionary."""
_MAX_KEPT: Final = 20_000
"""Objects of this view whose value depends on the revision, kept at once."""


class View:
    """One revision of a :class:`Pdf`, and everything older that it did not replace."""

    def __init__(self, pdf: Pdf, index: int, reader: ObjectReader) -> None:
        self.pdf: Final = pdf
        self.index: Final = index
        self._reader = reader
        self._newest_first = tuple(reversed(pdf.revisions[: index + 1]))
        self._kept: dict[int, IndirectObject | None] = {}
        self._open: set[int] = set()

    @property
    def trailer(self) -> Dict:
        """The trailer of this revision."""
        return self._newest_first[0].trailer

    @property
    def end(self) -> int:
        """Where this revision ends; nothing after it is read."""
        return self._newest_first[0].end

    def entry(self, num: int) -> Entry:
        """Return where ``num`` stands; free when nothing defines it."""
        for layer in self._layers:
            found = layer.get(num) if isinstance(layer, dict) else layer.lookup(num)
            if found is not None:
                return found
        return FREE

    def object(self, num: int) -> IndirectObject | None:
        """Return the indirect object, or None when nothing defines it.

        Raises:
            UnreadableDocumentError: the cross-reference names a place where it is not.
        """
        if num in self._kept:
            return self._kept[num]
        if num in self._open:
            raise unreadable(f"object {num} is needed to read itself", code="object_loop")
        self._open.add(num)
        try:
            found = self._read(num)
        except (ValueError, OverflowError, RecursionError, MemoryError) as exc:
            raise unreadable(f"object {num} is damaged", code="object") from exc
        finally:
            self._open.discard(num)
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[num] = found
        return found

    def get(self, num: int, gen: int | None = None) -> Value:
        """Return the value of object ``num``; None (null) when undefined or of another generation (clause 7.3.10)."""
        found = self.object(num)
        if found is None or (gen is not None and found.gen != gen):
            return None
        return found.value

    def resolve(self, value: Value) -> Value:
        """Return ``value``, or what it refers to."""
        for _ in range(_MAX_HOPS):
            if type(value) is not Ref:
                return value
            value = self.get(value.num, value.gen)
        raise unreadable("references that lead nowhere", code="object_loop")

    def get_dict(self, value: Value) -> Dict:
        """Return the dictionary that ``value`` is, refers to or (a stream) carries; else an empty one."""
        value = self.resolve(value)
        if isinstance(value, Stream):
            return value.dict
        return value if isinstance(value, Dict) else Dict()

    def get_list(self, value: Value) -> list[Value]:
        """Return the array that ``value`` is or refers to; an empty one for anything else."""
        value = self.resolve(value)
        return value if isinstance(value, list) else []

    def numbers(self) -> Iterator[int]:
        """Yield, once each and ascending, the numbers that this view defines (not those that are free)."""
        seen: set[int] = set()
        for revision in self._newest_first:
            for section in revision.sections:
                seen.update(section.numbers())
        for num in sorted(seen):
            if not self.entry(num).free:
                yield num

    @cached_property
    def _layers(self) -> tuple[dict[int, Entry] | Revision, ...]:
        """Rows, newest first: neighbouring small revisions in one dictionary, large ones left as they lie."""
        layers: list[dict[int, Entry] | Revision] = []
        for revision in self._newest_first:
            if revision.rows > _SMALL_ROWS:
                layers.append(revision)
                continue
            if not (layers and isinstance(layers[-1], dict) and len(layers[-1]) < _MERGED_ROWS):
                layers.append({})
            layer = layers[-1]
            assert isinstance(layer, dict)
            for num, entry in revision.entries.items():
                layer.setdefault(num, entry)
        return tuple(layers)

    @cached_property
    def catalog(self) -> Dict:
        """The document catalog.

        Raises:
            UnreadableDocumentError: there is none.
        """
        root = self.resolve(self.trailer.get("Root"))
        if not isinstance(root, Dict):
            raise unreadable("no document catalog", code="catalog")
        return root

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """Every page in reading order.

        Raises:
            UnreadableDocumentError: no page tree, a circle in it, a page twice, or a limit.
        """
        return read_pages(self)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every terminal form field, in the order of ``/Fields``.

        Raises:
            UnreadableDocumentError: a circle among fields, or a limit.
        """
        return read_fields(self)

    @cached_property
    def signatures(self) -> tuple[SignatureField, ...]:
        """Signature fields that carry a signature dictionary, in the order of ``/Fields``."""
        return read_signatures(self)

    def _read(self, num: int) -> IndirectObject | None:
        entry = self.entry(num)
        if entry.free:
            return None
        if entry.container is not None:
            return self._read_packed(num, entry)
        if entry.offset == 0:
            return None
        found = self._reader.at(entry.offset + self.pdf.base, self.end, self.resolve)
        if found.num != num or found.gen != entry.gen:
            raise unreadable(f"object {num} is not where the cross-reference says", code="object_number")
        return found

    def _read_packed(self, num: int, entry: Entry) -> IndirectObject:
        if self.pdf.encrypted:
            raise UnreadableDocumentError(
                "an object lies in an encrypted object stream",
                code="structure.encrypted",
                hint="remove the password protection first",
            )
        outer = self.entry(entry.container or 0)
        holder = None if outer.free or outer.container is not None else self.object(entry.container or 0)
        if holder is None:
            raise unreadable(f"the object stream of object {num} is missing", code="object_stream")
        return self._reader.in_stream(holder, entry.offset, num, self.resolve)
