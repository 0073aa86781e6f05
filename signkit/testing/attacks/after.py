"""Forgeries by strangers: a revision, or just bytes, appended to a file."""

from __future__ import annotations

from signkit.pades.structure import Dict, Name, Pdf, Ref
from signkit.testing.attacks.in_r1 import _LIE, _field, _form, _root
from signkit.testing.attacks.registry import register
from signkit.testing.attacks.rich import UNDEFINED
from signkit.testing.attacks.update import Update, write_value


@register("form-filled-between", on="s1", code="object_redefined", needs="rich", continues=True)
def form_filled_between(pdf: Pdf) -> bytes:
    """R0's form is filled between two persons."""
    update = Update(pdf)
    update.change(8, V=b"900000")
    return update.build()


@register("empty-section-between", on="s1", code="revision", continues=True)
def empty_section_between(pdf: Pdf) -> bytes:
    """A revision without objects between two persons."""
    return Update(pdf).build()


@register("widget-moved", on="s1", code="revision", continues=True)
def widget_moved(pdf: Pdf) -> bytes:
    """A signed widget moves."""
    update = Update(pdf)
    update.change(_field(pdf, "-s1"), Rect=[0, 0, 500, 500])
    return update.build()


@register("empty-section", on="archived", code="revision")
def empty_section(pdf: Pdf) -> bytes:
    """An empty cross-reference section at the end (published forgery isa_B, without its object)."""
    return Update(pdf).build()


@register("object-and-empty-section", on="archived", code="bytes_between")
def object_and_empty_section(pdf: Pdf) -> bytes:
    """An object that no section names, then an empty section (published forgery isa_B)."""
    page = pdf.view().pages[0]
    data = pdf.bytes(0, pdf.size) + b"%d 0 obj\n" % page.ref.num + write_value(page.dict) + b"\nendobj\n"
    start, previous = len(data), pdf.revisions[-1].xref_offset
    trailer = Dict({"Size": pdf.revisions[-1].trailer["Size"], "Root": Ref(_root(pdf), 0), "Prev": previous})
    section = b"xref\n0 1\n0000000000 65535 f \ntrailer\n" + write_value(trailer)
    return data + section + b"\nstartxref\n%d\n%%%%EOF\n" % start


@register("object-and-trailer", on="archived", code="tail")
def object_and_trailer(pdf: Pdf) -> bytes:
    """An object and a trailer without section (published forgery isa_3)."""
    page = pdf.view().pages[0]
    tail = b"%d 0 obj\n" % page.ref.num + write_value(page.dict) + b"\nendobj\n"
    trailer = write_value(Dict({"Root": Ref(_root(pdf), 0)}))
    end = b"\nstartxref\n%d\n%%%%EOF\n" % pdf.revisions[-1].xref_offset
    return pdf.bytes(0, pdf.size) + tail + b"trailer\n" + trailer + end


@register("blanks", on="archived", code="tail")
def blanks(pdf: Pdf) -> bytes:
    """White space after the end."""
    return pdf.bytes(0, pdf.size) + b"\n   \n"


@register("comment", on="archived", code="tail")
def comment(pdf: Pdf) -> bytes:
    """A comment after the end."""
    return pdf.bytes(0, pdf.size) + b"% nothing to see\n"


@register("page-redefined-later", on="archived", code="object_redefined")
def page_redefined_later(pdf: Pdf) -> bytes:
    """A page of R0 with other content, after everything."""
    update = Update(pdf)
    update.change(pdf.view().pages[0].ref.num, Contents=update.add(_LIE, raw=True))
    return update.build()


@register("undefined-number-defined-later", on="completed", code="number_reused", needs="undefined")
def undefined_number_defined_later(pdf: Pdf) -> bytes:
    """A number that R0 names is defined after completion."""
    update = Update(pdf)
    update.define(UNDEFINED, Dict({"Lie": True}))
    return update.build()


@register("store-alone", on="archived", code="revision")
def store_alone(pdf: Pdf) -> bytes:
    """Validation data without a timestamp after the last signature."""
    update = Update(pdf)
    store = pdf.view().catalog["DSS"]
    extra = update.add(b"<< /Length 1 >>\nstream\n0\nendstream", raw=True)
    certificates = pdf.view().get_list(pdf.view().get_dict(store).get("Certs"))
    update.change(store.num, Certs=[*certificates, extra])
    return update.build()


@register("stranger-after-completion", on="completed", code="signature_dictionary")
def stranger_after_completion(pdf: Pdf) -> bytes:
    """A stranger signs a field of their own after completion."""
    return _stranger(pdf)


@register("stranger-between", on="s1", code="signature_dictionary", continues=True)
def stranger_between(pdf: Pdf) -> bytes:
    """A stranger signs between two persons."""
    return _stranger(pdf)


def _stranger(pdf: Pdf) -> bytes:
    update = Update(pdf)
    seal = pdf.view().get_dict(Ref(_field(pdf, "-certify"), 0))
    value = Dict({"Type": Name("Sig"), "Filter": Name("Adobe.PPKLite"), "SubFilter": Name("adbe.pkcs7.detached")})
    signature = update.add(Dict({**value, "Contents": b"\0" * 64, "ByteRange": [0, 1, 2, 3]}))
    kept = {key: seal[key] for key in ("Type", "Subtype", "FT", "F", "Rect", "P", "AP") if key in seal}
    field = update.add(Dict({**kept, "T": b"stranger", "V": signature}))
    form = pdf.view().get_dict(Ref(_form(pdf), 0))
    update.change(_form(pdf), Fields=[*pdf.view().get_list(form.get("Fields")), field])
    return update.build()
