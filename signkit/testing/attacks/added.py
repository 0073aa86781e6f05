"""Forgeries in what signkit itself adds: its page, the places on it, and the timestamps that come last.

Nothing of R0 is touched; what people see beside it is not what signkit would have made, or not always the same.
"""

from __future__ import annotations

from collections.abc import Callable

from signkit.pades.structure import Dict, Name, Pdf, Ref, Value
from signkit.testing.attacks.in_r1 import _field, _form, _our_page
from signkit.testing.attacks.plain import stream, text
from signkit.testing.attacks.registry import Forge, register
from signkit.testing.attacks.update import Update

Make = Callable[[Update], Value]


def _page_with(**entries: Value) -> Forge:
    def forge(pdf: Pdf) -> bytes:
        update = Update(pdf, rewrite=True)
        update.change(_our_page(pdf), **entries)
        return update.build()

    return forge


def _place_with(**entries: Value) -> Forge:
    def forge(pdf: Pdf) -> bytes:
        update = Update(pdf, rewrite=True)
        update.change(_field(pdf, "-s1"), **entries)
        return update.build()

    return forge


def _content_with(body: bytes) -> Forge:
    def forge(pdf: Pdf) -> bytes:
        update = Update(pdf, rewrite=True)
        update.define(_content(pdf), body, raw=True)
        return update.build()

    return forge


def _resource(kind: str, make: Make, content: bytes) -> Forge:
    """Return a forger that gives signkit's page one resource more, as ``X0``, and content that uses it."""

    def forge(pdf: Pdf) -> bytes:
        update = Update(pdf, rewrite=True)
        resources = pdf.view().get_dict(pdf.view().pages[-1].dict.get("Resources"))
        more = Dict({**pdf.view().get_dict(resources.get(kind)), "X0": make(update)})
        update.define(_content(pdf), stream(content), raw=True)
        update.change(_our_page(pdf), Resources=Dict({**resources, kind: more}))
        return update.build()

    return forge


def _content(pdf: Pdf) -> int:
    found = pdf.view().pages[-1].dict["Contents"]
    return int((found[0] if isinstance(found, list) else found).num)


def _named(**entries: Value) -> Make:
    return lambda update: update.add(Dict(entries))


_LAYERED = b"/OC /X0 BDC\n" + text("Ibland") + b"EMC\n"
_FORM = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] "
_PICTURE = b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "


def _two_pictures(update: Update) -> Value:
    other = update.add(_PICTURE + b"/Length 1 >>\nstream\n\xff\nendstream", raw=True)
    choice = b"/Alternates [<< /Image %d 0 R /DefaultForPrinting true >>] " % other.num
    return update.add(_PICTURE + choice + b"/Length 1 >>\nstream\n\0\nendstream", raw=True)


for _name, _forge in {
    "added-page-enormous": _page_with(MediaBox=[-100_000, -100_000, 100_000, 100_000]),
    "added-page-nothing": _page_with(MediaBox=[0, 0, 0, 0]),
    "added-page-backwards": _page_with(MediaBox=[595, 842, 0, 0]),
    "added-page-no-numbers": _page_with(MediaBox=[Name("a"), 0, 1, 1]),
    "added-page-cropped": _page_with(CropBox=[0, 0, 1, 1]),
    "added-page-turned": _page_with(Rotate=180),
    "added-page-askew": _page_with(Rotate=45),
}.items():
    register(_name, on="r1", code="page_box")(_forge)
for _name, _forge in {
    "place-enormous": _place_with(Rect=[-1000, -1000, 9000, 9000]),
    "place-nowhere": _place_with(Rect=[0, 0, 0, 0]),
    "place-no-rectangle": _place_with(Rect=[Name("x")]),
}.items():
    register(_name, on="r1", code="field_rectangle", continues=False)(_forge)

register("added-content-elsewhere", on="r1", code="not_inert")(
    _content_with(b"<< /Length 1 /F << /Type /Filespec /F (other.txt) /FS /URL >> >>\nstream\n \nendstream")
)
register("added-layer", on="r1", code="not_inert")(
    _resource("Properties", _named(Type=Name("OCG"), Name=b"x"), _LAYERED)
)
register("added-script", on="r1", code="not_inert")(
    _resource("Properties", _named(S=Name("JavaScript"), JS=b"app.alert(1)"), text("x"))
)
register("added-attachment", on="r1", code="not_inert")(
    _resource(
        "Properties",
        lambda update: update.add(Dict({"F": b"a", "EF": Dict({"F": update.add(stream(b"hidden"), raw=True)})})),
        text("x"),
    )
)
register("added-other-document", on="r1", code="not_inert")(
    _resource(
        "XObject",
        lambda update: update.add(
            _FORM + b"/Ref << /F (other.pdf) /Page 0 >> /Length 0 >>\nstream\n\nendstream", raw=True
        ),
        b"/X0 Do\n",
    )
)
register("added-other-picture-in-print", on="r1", code="not_inert")(
    _resource("XObject", _two_pictures, b"q 300 0 0 300 100 100 cm /X0 Do Q\n")
)
register("added-picture", on="r1", code="page_keys")(
    _resource(
        "XObject",
        lambda update: update.add(_PICTURE + b"/Length 1 >>\nstream\n\0\nendstream", raw=True),
        b"q 300 0 0 300 100 100 cm /X0 Do Q\n",
    )
)


@register("place-twice", on="r1", code="foreign_annotation")
def place_twice(pdf: Pdf) -> bytes:
    """A person's widget lies on signkit's page twice."""
    update = Update(pdf, rewrite=True)
    pointer = pdf.view().pages[-1].dict["Annots"]
    items = pdf.view().get_list(pointer)
    update.define(pointer.num, [*items, items[0]])
    return update.build()


def _timestamp(pdf: Pdf, entries: dict[str, Value], **field_entries: Value) -> bytes:
    """Append what looks like a renewal; its token is none, which others notice."""
    update = Update(pdf)
    seal = pdf.view().get_dict(Ref(_field(pdf, "-certify"), 0))
    value = {"Type": Name("DocTimeStamp"), "Filter": Name("Adobe.PPKLite"), "SubFilter": Name("ETSI.RFC3161")}
    token = update.add(Dict({**value, **entries, "Contents": b"\0" * 64, "ByteRange": [0, 1, 2, 3]}))
    kept = {key: seal[key] for key in ("Type", "Subtype", "FT", "F", "Rect", "P", "AP", "TU") if key in seal}
    prefix = bytes(seal["T"]).removesuffix(b"certify")
    field = update.add(Dict({**kept, "T": prefix + b"archive-2", "V": token, **field_entries}))
    form = pdf.view().get_dict(Ref(_form(pdf), 0))
    update.change(_form(pdf), Fields=[*pdf.view().get_list(form.get("Fields")), field])
    page = pdf.view().pages[-1].dict["Annots"]
    update.define(page.num, [*pdf.view().get_list(page), field])
    return update.build()


@register("timestamp-with-a-message", on="archived", code="timestamp_field")
def timestamp_with_a_message(pdf: Pdf) -> bytes:
    """A stranger's timestamp whose field is named so that readers show it as a remark."""
    return _timestamp(pdf, {}, T="Avtalet är uppsagt".encode("utf-16"))


@register("timestamp-with-a-hint", on="archived", code="timestamp_field")
def timestamp_with_a_hint(pdf: Pdf) -> bytes:
    """A stranger's timestamp with a description of its own."""
    return _timestamp(pdf, {}, TU=b"Avtalet har upph\xe4vts")


@register("timestamp-with-a-reason", on="archived", code="signature_dictionary")
def timestamp_with_a_reason(pdf: Pdf) -> bytes:
    """A stranger's timestamp that gives a reason."""
    return _timestamp(pdf, {"Reason": b"Avtalet har upph\xe4vts"})


@register("timestamp-with-a-name", on="archived", code="signature_dictionary")
def timestamp_with_a_name(pdf: Pdf) -> bytes:
    """A stranger's timestamp that says who made it."""
    return _timestamp(pdf, {"Name": b"Kungen"})
