"""Forgeries by whoever holds the key: one thing more goes into a revision, and then it is signed, and signed well.

Used as a context: while it is open, the revision that gives the named field its value carries the forgery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from signkit.pades import first_revision
from signkit.pades.writer import Writer

__all__ = ["SigningAttack", "careless", "signing_attacks", "tampering"]

Action = Callable[[Writer, Any], None]
"""Given the writer and the field that is signed."""


@dataclass(frozen=True, slots=True)
class SigningAttack:
    """One forgery inside an honestly signed revision."""

    name: str
    field: str
    """How the name of the field ends whose signing carries it: ``-certify``, ``-s1``, ``-complete``, ``-archive-1``."""
    code: str
    action: Action
    needs: str = ""


@contextmanager
def tampering(attack: SigningAttack) -> Iterator[None]:
    """Put ``attack`` into the next revision that signs its field."""
    honest: Callable[[Writer], None] = Writer.write_in_place

    def write(self: Writer) -> None:
        for item in list(self.objects.values()):
            field: Any = item.get_object() if isinstance(item, generic.IndirectObject) else item
            name = str(field.get("/T", "")) if isinstance(field, generic.DictionaryObject) else ""
            if name.endswith(attack.field) and "/V" in field:
                attack.action(self, field)
                break
        honest(self)

    setattr(Writer, "write_in_place", write)  # noqa: B010 - a patch, and meant to look like one
    try:
        with careless():
            yield
    finally:
        delattr(Writer, "write_in_place")


@contextmanager
def careless() -> Iterator[None]:
    """Skip the trial by which signkit refuses documents that other validators would complain about: forgers do."""
    honest = vars(first_revision)["try_out"]
    setattr(first_revision, "try_out", lambda *_, **__: None)  # noqa: B010 - as above
    try:
        yield
    finally:
        setattr(first_revision, "try_out", honest)  # noqa: B010 - as above


def _object(writer: Writer, number: int) -> Any:
    return generic.IndirectObject(number, 0, writer).get_object()


def _form_value(writer: Writer, _field: Any) -> None:
    field = _object(writer, 8)
    field[pdf_name("/V")] = generic.ByteStringObject(b"900000")
    writer.update_container(field)


def _page_touched(writer: Writer, _field: Any) -> None:
    writer.mark_update(generic.IndirectObject(3, 0, writer))


def _content(writer: Writer, _field: Any) -> None:
    page = _object(writer, 3)
    page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"0 0 300 300 re f"))
    writer.update_container(page)


def _attachment(writer: Writer, _field: Any) -> None:
    specification = _object(writer, 12)
    stream = writer.add_object(generic.StreamObject(stream_data=b"en annan bilaga"))
    specification[pdf_name("/EF")] = generic.DictionaryObject({pdf_name("/F"): stream})
    writer.update_container(specification)


def _visible(_writer: Writer, field: Any) -> None:
    field[pdf_name("/Rect")] = generic.ArrayObject(generic.NumberObject(item) for item in (0, 0, 595, 842))


def _drawn(writer: Writer, field: Any) -> None:
    box = generic.ArrayObject(generic.NumberObject(item) for item in (0, 0, 595, 842))
    entries = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): box,
    }
    normal = writer.add_object(generic.StreamObject(entries, stream_data=b"0 0 595 842 re f"))
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): normal})


def _open_action(writer: Writer, _field: Any) -> None:
    script = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.ByteStringObject(b"app.alert(1)")}
    writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(script)
    writer.update_root()


def _orphan(writer: Writer, _field: Any) -> None:
    writer.add_object(generic.DictionaryObject({pdf_name("/Lie"): generic.NumberObject(1)}))


def _lock_removed(_writer: Writer, field: Any) -> None:
    del field["/Lock"]


_ALL: Final = (
    SigningAttack("form-value-in-person", "-s1", "changes.object_redefined", _form_value, "rich"),
    SigningAttack("form-value-in-completion", "-complete", "changes.object_redefined", _form_value, "rich"),
    SigningAttack("page-touched-in-archive", "-archive-1", "changes.object_redefined", _page_touched),
    SigningAttack("content-in-certification", "-certify", "changes.object_redefined", _content),
    SigningAttack("attachment-in-person", "-s1", "changes.object_redefined", _attachment, "rich"),
    SigningAttack("timestamp-visible-signed", "-archive-1", "changes.field_rectangle", _visible),
    SigningAttack("timestamp-drawn-signed", "-archive-1", "changes.appearance", _drawn),
    SigningAttack("seal-drawn-signed", "-complete", "changes.field_changed", _drawn),
    SigningAttack("open-action-in-certification", "-certify", "changes.catalog", _open_action),
    SigningAttack("open-action-in-person", "-s1", "changes.catalog", _open_action),
    SigningAttack("orphan-in-person", "-s1", "changes.orphan", _orphan),
    SigningAttack("lock-removed", "-complete", "changes.lock", _lock_removed),
)


def signing_attacks() -> Mapping[str, SigningAttack]:
    """Return every such forgery by name."""
    return {attack.name: attack for attack in _ALL}
