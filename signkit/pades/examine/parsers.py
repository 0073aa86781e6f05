"""Second opinions before sending: PDFium and pyHanko must read the document as our own structure reader does.

pyHanko signs and is asked again by verifiers, so it must read every object strictly; PDFium draws what people see.
Streams above ``_MAX_STREAM`` are not handed to pyHanko: their dictionaries and extents were checked by our reader,
nothing that signkit does rewrites them, and memory stays flat.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, cast

from pyhanko.pdf_utils.generic import PdfObject, Reference, StreamObject, read_object
from pyhanko.pdf_utils.reader import PdfFileReader

from signkit.errors import UnreadableDocumentError
from signkit.pades.structure import Dict, Ref, Stream, View
from signkit.pages.render import inspect

__all__ = ["check_pdfium", "check_pyhanko"]

_MAX_STREAM: Final = 1024**2
_REPAIR: Final = "create the envelope with --repair, or print the document to a new PDF"
_PYHANKO: Final = "pyhanko.pdf_utils"


class _Reader(PdfFileReader):
    """Keeps object streams in memory, and nothing else."""

    def cache_indirect_object(self, generation: int, idnum: int, obj: PdfObject) -> None:
        """Keep ``obj`` only where objects are packed in it."""
        if isinstance(obj, StreamObject) and obj.get("/Type") == "/ObjStm":
            super().cache_indirect_object(generation, idnum, obj)  # type: ignore[no-untyped-call]


def check_pyhanko(path: Path, view: View) -> None:
    """Return only if pyHanko, reading strictly, reads every object and finds as many signatures as ``view``.

    Raises:
        UnreadableDocumentError: code ``document.unreadable`` with the object, or ``document.parsers_disagree``.
    """
    number = 0
    with path.open("rb") as file, _quiet():
        try:
            reader = _Reader(cast("BinaryIO", file), strict=True)
            for number in _plain(view):
                reader.get_object(Reference(number, view.entry(number).gen, reader))  # type: ignore[no-untyped-call]
            for number, source in _packed(view):
                read_object(source, Reference(number, 0, reader))
            number = 0
            found = len(reader.embedded_signatures)
        except Exception as exc:  # the border of a foreign parser: whatever it raises means the same
            place = f" (object {number})" if number else ""
            raise UnreadableDocumentError(
                f"the document breaks the rules of PDF{place}",
                code="document.unreadable",
                hint=_REPAIR,
                subject={"file": str(path)},
            ) from exc
    if found != len(view.signatures):
        raise _disagree(path, "signatures")


def check_pdfium(path: Path, view: View) -> None:
    """Return only if PDFium counts as many pages, signature fields and signatures with contents as ``view``.

    Raises:
        UnreadableDocumentError: code ``document.parsers_disagree``, or ``document.unreadable`` where PDFium gives up.
        EncryptedDocumentError: it needs a password.
    """
    if not _is_consistent(view):
        raise _disagree(path, "pages")
    try:
        seen = inspect(path, ends=False)
    except UnreadableDocumentError as exc:
        raise UnreadableDocumentError(
            "the document cannot be shown",
            code="document.unreadable",
            hint=_REPAIR,
            subject={"file": str(path)},
        ) from exc
    if seen.pages != len(view.pages):
        raise _disagree(path, "pages")
    fields, contents = _top_level_signatures(view)
    if seen.signature_fields != fields or len(seen.signatures) != contents:
        raise _disagree(path, "signatures")


def _is_consistent(view: View) -> bool:
    """Say whether the page tree reads the same downwards and upwards (ISO 32000-1 clause 7.7.3).

    Some programs go down by ``/Kids`` and inherit from there, some inherit by ``/Parent``, some believe ``/Count``.
    """
    leaves: Counter[int] = Counter()
    above: dict[int, int] = {}
    for page in view.pages:
        chain = [*page.parents, page.ref]
        leaves.update(ref.num for ref in page.parents)
        above |= {below.num: ref.num for ref, below in itertools.pairwise(chain)}
    for number, parent in above.items():
        named = view.get_dict(view.get(number)).get("Parent")
        if not isinstance(named, Ref) or named.num != parent:
            return False
    return all(view.resolve(view.get_dict(view.get(number)).get("Count")) == count for number, count in leaves.items())


def _top_level_signatures(view: View) -> tuple[int, int]:
    """Return signature fields directly in ``/Fields`` and how many have contents: all that PDFium counts."""
    form = view.get_dict(view.catalog.get("AcroForm"))
    nodes = [view.get_dict(item) for item in view.get_list(form.get("Fields"))]
    held = [node for node in nodes if view.resolve(node.get("FT")) == "Sig"]
    return len(held), sum(_has_contents(view, node) for node in held)


def _has_contents(view: View, node: Dict) -> bool:
    contents = view.resolve(view.get_dict(node.get("V")).get("Contents"))
    return isinstance(contents, bytes) and len(contents) > 0


def _plain(view: View) -> Iterator[int]:
    """Yield every object in the file itself that is no large stream, and one object of each object stream."""
    containers: set[int] = set()
    for number in view.numbers():
        container = view.entry(number).container
        if container is not None:
            if container not in containers:
                containers.add(container)
                yield number
            continue
        value = view.get(number)
        if not (isinstance(value, Stream) and value.raw_end - value.raw_start > _MAX_STREAM):
            yield number


def _packed(view: View) -> Iterator[tuple[int, BytesIO]]:
    """Yield the objects of object streams, and the decoded stream at their place.

    pyHanko would read the head of the stream again for each of them; what the head says, our reader has checked.
    """
    members: dict[int, list[tuple[int, int]]] = {}
    for number in view.numbers():
        entry = view.entry(number)
        if entry.container is not None:
            members.setdefault(entry.container, []).append((number, entry.offset))
    for container, held in members.items():
        stream = view.get(container)
        first, count = view.resolve(stream.dict["First"]), view.resolve(stream.dict["N"])
        data = stream.data
        offsets = [int(word) for word in data[:first].split()[1 : 2 * count : 2]]
        source = BytesIO(data)
        for number, index in held:
            source.seek(first + offsets[index])
            yield number, source


def _disagree(path: Path, what: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        f"two programs count different numbers of {what} in the document",
        code="document.parsers_disagree",
        hint=_REPAIR,
        subject={"file": str(path), "what": what},
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep pyHanko from logging about documents that are refused anyway."""
    logger = logging.getLogger(_PYHANKO)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
