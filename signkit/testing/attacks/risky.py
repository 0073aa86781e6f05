"""Documents that carry one risk of proof.md section 2 each, in many disguises, and ordinary ones that must not trip it.

``risky_documents`` makes one PDF per disguise of each refusing code; ``ordinary_documents`` makes the neighbours that
look alike and are harmless: a scan with its invisible text, a form with highlighted fields, a watermark, an inner
link, layers that are all shown. Every document is valid PDF but for its risk, so each code can be seen alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signkit.model.risks import Risk
from signkit.testing.attacks.plain import PlainPdf, image, stream, text

__all__ = ["RiskyDocument", "ordinary_documents", "risky_documents"]


@dataclass(frozen=True, slots=True)
class RiskyDocument:
    """One generated PDF."""

    name: str
    """Short, unique, fit for a file name."""
    risk: Risk | None
    """The refusing code that it must trip, alone; None: it must trip no refusing code."""
    data: bytes


def risky_documents() -> Iterator[RiskyDocument]:
    """Yield every disguise of every refusing code."""
    for risk, makers in _RISKY.items():
        for name, pdf in makers():
            yield RiskyDocument(f"{risk.value}-{name}", risk, pdf.build())


def ordinary_documents() -> Iterator[RiskyDocument]:
    """Yield ordinary documents that stand close to a risk and must not trip it."""
    for name, pdf in _ordinary():
        yield RiskyDocument(f"ordinary-{name}", None, pdf.build())


_Named = Iterator[tuple[str, PlainPdf]]

_WIDGET = b"/Type /Annot /Subtype /Widget /Rect [70 690 300 720] /F 4 /P 3 0 R "
_LINK = b"/Type /Annot /Subtype /Link /Rect [70 690 300 720] /F 4 "
_FORM = b"/AcroForm << /Fields [%s] /DA (/F1 12 Tf 0 g) /DR << /Font << /F1 5 0 R >> >> %s >> "


def _form(widget: bytes, *, entries: bytes = b"", appearance: bytes | None = None, content: bytes = b"") -> PlainPdf:
    objects = {6: b"<< " + _WIDGET + widget + (b" /AP << /N 7 0 R >>" if appearance is not None else b"") + b" >>"}
    if appearance is not None:
        objects[7] = _appearance(appearance)
    content = content or text("Ett formulär", y=780)
    return PlainPdf(content=content, catalog=_FORM % (b"6 0 R", entries), page=b"/Annots [6 0 R]", objects=objects)


def _appearance(content: bytes, *, resources: bytes = b"") -> bytes:
    head = b"/Type /XObject /Subtype /Form /BBox [0 0 230 30] /Resources << /Font << /F1 5 0 R >> %s >>"
    return stream(content, entries=head % resources)


def _active() -> _Named:
    script = b"<< /S /JavaScript /JS (this.print\\(\\)) >>"
    yield "open-action-script", PlainPdf(catalog=b"/OpenAction " + script)
    yield (
        "open-action-next",
        PlainPdf(catalog=b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [6 0 R] >>", objects={6: script}),
    )
    yield "name-tree", PlainPdf(catalog=b"/Names << /JavaScript << /Names [(a) 6 0 R] >> >>", objects={6: script})
    yield (
        "name-tree-nested",
        PlainPdf(
            catalog=b"/Names 7 0 R",
            objects={
                6: b"<< /S 9 0 R /JS 10 0 R >>",
                7: b"<< /JavaScript << /Kids [8 0 R] >> >>",
                8: b"<< /Limits [(a) (a)] /Names [(a) 6 0 R] >>",
                9: b"/JavaScript",
                10: stream(b"this.print()", deflate=True),
            },
        ),
    )
    yield "catalog-aa", PlainPdf(catalog=b"/AA << /WP 6 0 R >>", objects={6: script})
    yield "page-aa", PlainPdf(page=b"/AA << /O 6 0 R >>", objects={6: script})
    yield (
        "field-aa",
        _form(b"/FT /Tx /T (a) /AA << /K << /S /JavaScript /JS (AFNumber_Keystroke) >> >>", appearance=b""),
    )
    yield "hex-name", PlainPdf(catalog=b"/OpenAction << /S /Java#53cript /JS <61> >>")
    for name in (b"Launch", b"SubmitForm", b"ImportData", b"ResetForm", b"Hide", b"SetOCGState", b"Rendition"):
        action = b"<< /Type /Action /S /" + name + b" /F (a.exe) >>"
        link = b"<< " + _LINK + b"/A 7 0 R >>"
        yield name.decode().lower(), PlainPdf(page=b"/Annots [6 0 R]", objects={6: link, 7: action})
    outline = b"<< /Title (a) /Parent 6 0 R /A " + script + b" >>"
    yield (
        "outline",
        PlainPdf(
            catalog=b"/Outlines 6 0 R",
            objects={6: b"<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 1 >>", 7: outline},
        ),
    )
    yield (
        "script-address",
        PlainPdf(page=b"/Annots [<< " + _LINK + b"/A << /S /URI /URI (javascript:alert\\(1\\)) >> >>]"),
    )
    for kind in (b"RichMedia", b"Movie", b"Screen", b"3D", b"Sound"):
        annotation = b"<< /Type /Annot /Subtype /" + kind + b" /Rect [0 0 9 9] /F 4 >>"
        yield "annotation-" + kind.decode().lower(), PlainPdf(page=b"/Annots [6 0 R]", objects={6: annotation})


def _external() -> _Named:
    there = b"/F << /Type /Filespec /FS /URL /F (https://example.org/page) >>"
    outside = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "
    draw, use = b"/X1 Do\n", b"/XObject << /X1 6 0 R >>"
    yield "content", PlainPdf(objects={4: stream(b"", entries=there)})
    yield "image", PlainPdf(content=draw, resources=use, objects={6: image(entries=there)})
    yield "image-path", PlainPdf(content=draw, resources=use, objects={6: image(entries=b"/F (../logo.raw)")})
    descriptor = b"<< /Type /FontDescriptor /FontName /A /FontFile2 7 0 R >>"
    yield "font", PlainPdf(objects={6: descriptor, 7: stream(b"", entries=there)}, catalog=b"/X 6 0 R")
    reference = outside + b"/Ref << /F (other.pdf) /Page 0 >>"
    yield "reference-xobject", PlainPdf(content=draw, resources=use, objects={6: stream(b"", entries=reference)})
    proxy = b"/OPI << /2.0 << /Type /OPI /Version 2.0 /F (high.tif) >> >>"
    yield "prepress-proxy", PlainPdf(content=draw, resources=use, objects={6: image(entries=proxy)})


def _stencil(data: bytes, *, entries: bytes = b"") -> bytes:
    head = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ImageMask true /BitsPerComponent 1 "
    return stream(data, entries=head + entries)


def _layers() -> _Named:
    group = b"<< /Type /OCG /Name (Lager) >>"
    content = b"/OC /L1 BDC\n" + text("I ett lager") + b"EMC\n"

    def layered(configuration: bytes, *, more: bytes = b"", objects: dict[int, bytes] | None = None) -> PlainPdf:
        use = b"/Properties << /L1 %d 0 R >>" % max({6, *(objects or {})})
        catalog = b"/OCProperties << /OCGs [6 0 R] /D << " + configuration + b" >> " + more + b" >>"
        return PlainPdf(content=content, catalog=catalog, resources=use, objects={6: group, **(objects or {})})

    yield "off", layered(b"/OFF [6 0 R]")
    yield "off-indirect", layered(b"/OFF 7 0 R", objects={7: b"[6 0 R]", 8: group})
    yield "base-state-off", layered(b"/BaseState /OFF")
    yield "base-state-unchanged", layered(b"/BaseState /Unchanged")
    yield "base-state-hex", layered(b"/BaseState /#4fFF")
    yield "usage", layered(b"/AS [<< /Event /Print /Category [/Print] /OCGs [6 0 R] >>]")
    for kind in (b"View", b"Print", b"Export"):
        off = b"<< /Type /OCG /Name (Lager) /Usage << /%s << /%sState /OFF >> >> >>" % (kind, kind)
        yield f"usage-without-event-{kind.decode().lower()}", layered(b"/ON [6 0 R]", objects={7: off})
    yield "configurations", layered(b"", more=b"/Configs [<< /Name (annan) /OFF [6 0 R] >>]")
    member = b"<< /Type /OCMD /OCGs [6 0 R] /P /AllOff >>"
    yield "membership", layered(b"/ON [6 0 R]", objects={7: member})
    unlisted = b"<< /Type /OCMD /VE [/Not 6 0 R] >>"
    yield "expression", layered(b"/ON [6 0 R]", objects={7: unlisted})


def _occasions() -> _Named:
    """Yield what is shown at one time and not at another, without any layer."""
    small = b"<< /Type /Annot /Subtype /Stamp /Rect [70 690 300 720] "
    line, other = _appearance(text("100 kr", x=2, y=9)), _appearance(text("900 000 kr", x=2, y=9))
    shown = {
        "paper-only": b"/F 36 /AP << /N 7 0 R >> >>",
        "pointer-toggles": b"/F 260 /AP << /N 7 0 R >> >>",
        "pointer-shows-another": b"/F 4 /AP << /N 7 0 R /R 8 0 R >> >>",
    }
    for name, entries in shown.items():
        yield name, PlainPdf(page=b"/Annots [6 0 R]", objects={6: small + entries, 7: line, 8: other})
    choice = image(entries=b"/Alternates [<< /Image 7 0 R /DefaultForPrinting true >>]")
    use = b"/XObject << /X1 6 0 R >>"
    pictures = {6: choice, 7: image(gray=9)}
    yield "picture-for-print", PlainPdf(content=b"q 99 0 0 99 9 9 cm /X1 Do Q\n", resources=use, objects=pictures)


def _comes_and_goes() -> _Named:
    yield from _layers()
    yield from _occasions()


def _form_redraws() -> _Named:
    yield (
        "direct",
        _form(
            b"/FT /Tx /T (a) /V (b)", entries=b"/NeedAppearances true", appearance=b"/Tx BMC BT /F1 9 Tf (b) Tj ET EMC"
        ),
    )
    pdf = _form(b"/FT /Tx /T (a)", entries=b"/NeedAppearances 8 0 R", appearance=b"")
    pdf.objects[8] = b"true"
    yield "indirect", pdf


def _hidden() -> _Named:
    line = text("Betala 1 000 000 kr")
    cover = b"q 300 0 0 40 60 690 cm /X1 Do Q\n"
    use, picture = b"/XObject << /X1 6 0 R >>", {6: image()}
    yield "image", PlainPdf(content=line + cover, resources=use, objects=picture)
    yield (
        "image-over-the-page",
        PlainPdf(content=line + b"q 595 0 0 842 0 0 cm /X1 Do Q\n", resources=use, objects=picture),
    )
    yield (
        "image-turned",
        PlainPdf(content=line + b"q 0 300 -400 0 400 500 cm /X1 Do Q\n", resources=use, objects=picture),
    )
    yield "one-word", PlainPdf(content=line + b"q 30 0 0 20 70 695 cm /X1 Do Q\n", resources=use, objects=picture)
    whole = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] "
    wrapped = stream(cover, entries=whole + b"/Resources << /XObject << /X1 6 0 R >> >>")
    yield (
        "image-in-a-form",
        PlainPdf(content=line + b"/X2 Do\n", resources=b"/XObject << /X2 7 0 R >>", objects={**picture, 7: wrapped}),
    )
    hidden = stream(line, entries=whole + b"/Resources << /Font << /F1 5 0 R >> >>")
    yield (
        "text-in-a-form",
        PlainPdf(
            content=b"/X2 Do\n" + cover, resources=b"/XObject << /X1 6 0 R /X2 7 0 R >>", objects={**picture, 7: hidden}
        ),
    )
    masks = {
        "solid-mask": {6: image(entries=b"/SMask 7 0 R"), 7: image(gray=255)},
        "colour-key": {6: image(entries=b"/Mask [3 3]")},
        "explicit-mask": {6: image(entries=b"/Mask 7 0 R"), 7: _stencil(b"\0")},
        "solid-stencil": {6: _stencil(b"\0")},
        "solid-stencil-inverted": {6: _stencil(b"\xff", entries=b"/Decode [1 0] ")},
    }
    for name, objects in masks.items():
        yield name, PlainPdf(content=line + b"1 g " + cover, resources=use, objects=objects)
    nearly = b" /ExtGState << /G1 << /ca 0.98 /BM /Screen >> >>"
    yield "nearly-opaque", PlainPdf(content=line + b"/G1 gs " + cover, resources=use + nearly, objects=picture)
    inline = b"q 300 0 0 40 60 690 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \xff EI Q\n"
    yield "inline-image", PlainPdf(content=line + inline)
    split = PlainPdf(resources=use, objects={**picture, 8: stream(line), 9: stream(cover, deflate=True)})
    split.objects[3] = split.bodies()[3].replace(b"4 0 R", b"[8 0 R 9 0 R]")
    yield "split-content", split
    both = b"q 200 0 0 100 100 400 cm /X2 Do Q\nq 220 0 0 120 90 390 cm /X1 Do Q\n"
    yield (
        "image-under-image",
        PlainPdf(content=both, resources=b"/XObject << /X1 6 0 R /X2 7 0 R >>", objects={**picture, 7: image(gray=9)}),
    )
    field = b"/FT /Tx /T (a) "
    yield "widget", _form(field, appearance=b"1 g 0 0 230 30 re f", content=line)
    yield "widget-background", _form(field + b"/MK << /BG [1 1 1] >>", content=line)
    pictured = _form(b"/FT /Btn /Ff 65536 /T (a)", appearance=b"", content=line)
    seal = _appearance(b"q 230 0 0 30 0 0 cm /X1 Do Q", resources=b"/XObject << /X1 8 0 R >>")
    pictured.objects |= {7: seal, 8: image()}
    yield "button-image", pictured
    stamp = PlainPdf(content=line, page=b"/Annots [6 0 R]")
    stamp.objects |= {
        6: b"<< /Type /Annot /Subtype /Stamp /Rect [70 690 300 720] /F 4 /AP << /N 7 0 R >> >>",
        7: seal,
        8: image(),
    }
    yield "stamp-image", stamp
    yield (
        "value-not-shown",
        _form(field + b"/V (1 000 000 kr)", appearance=b"/Tx BMC BT /F1 12 Tf 2 9 Td (100 kr) Tj ET EMC"),
    )


def _trailing_bytes() -> _Named:
    for name, tail in (
        ("text", b"hello"),
        ("blank-lines", b"\n\n\n"),
        ("zeros", b"\0" * 512),
        ("comment", b"% later\n"),
    ):
        yield name, PlainPdf(tail=tail)
    yield "object", PlainPdf(tail=b"4 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n")


def _ordinary() -> _Named:
    use, picture = b"/XObject << /X1 6 0 R >>", {6: image()}
    whole = b"q 595 0 0 842 0 0 cm /X1 Do Q\n"
    line, unseen = text("Ett protokoll"), text("tolkad text", mode=3)
    yield "plain", PlainPdf()
    yield "scan-with-text-above", PlainPdf(content=whole + unseen, resources=use, objects=picture)
    yield "scan-with-text-below", PlainPdf(content=unseen + whole, resources=use, objects=picture)
    yield "background-image", PlainPdf(content=whole + line, resources=use, objects=picture)
    yield (
        "image-beside-text",
        PlainPdf(content=line + b"q 100 0 0 100 72 500 cm /X1 Do Q\n", resources=use, objects=picture),
    )
    yield "image-over-blanks", PlainPdf(content=text("   ") + whole, resources=use, objects=picture)
    clipped = line + b"q 60 400 100 100 re W n 300 0 0 400 60 400 cm /X1 Do Q\n"
    yield "clipped-image", PlainPdf(content=clipped, resources=use, objects=picture)
    masked = {6: image(entries=b"/SMask 7 0 R"), 7: image(gray=0)}
    yield "watermark-image", PlainPdf(content=line + whole, resources=use, objects=masked)
    faint = line + b"/G1 gs " + whole
    yield (
        "faint-image",
        PlainPdf(content=faint, resources=use + b" /ExtGState << /G1 << /ca 0.2 >> >>", objects=picture),
    )
    inverted = _stencil(b"\0", entries=b"/Decode [1 0] ")
    yield "stencil-inverted", PlainPdf(content=line + whole, resources=use, objects={6: inverted})
    multiplied = use + b" /ExtGState << /G1 << /BM /Multiply >> >>"
    yield "multiplied", PlainPdf(content=line + b"/G1 gs " + whole, resources=multiplied, objects=picture)
    stencil = _stencil(b"\x80")
    yield "stencil", PlainPdf(content=line + whole, resources=use, objects={6: stencil})
    field = b"/FT /Tx /T (a) "
    shown = b"/Tx BMC 0.9 g 0 0 230 30 re f BT 0 g /F1 12 Tf 2 9 Td (Anna) Tj ET EMC"
    yield "form-highlighted", _form(field + b"/V (Anna) /MK << /BG [0.9 0.9 1] >>", appearance=shown)
    yield (
        "form-over-leaders",
        _form(field + b"/MK << /BG [1] >>", appearance=b"1 g 0 0 230 30 re f", content=text("........____")),
    )
    yield "form-over-text-transparent", _form(field, appearance=b"/Tx BMC EMC", content=line)
    goto = b"<< " + _LINK + b"/A << /S /GoTo /D [3 0 R /Fit] >> >>"
    named = b"<< " + _LINK + b"/A << /S /Named /N /NextPage >> >>"
    away = b"<< " + _LINK + b"/A << /S /URI /URI (https://example.org/) >> >>"
    links = (goto, named.replace(b"690 300 720", b"650 300 680"), away.replace(b"690 300 720", b"610 300 640"))
    yield "links", PlainPdf(page=b"/Annots [" + b"".join(links) + b"]")
    yield "opens-at-a-place", PlainPdf(catalog=b"/OpenAction [3 0 R /XYZ null null 1]")
    yield "opens-by-goto", PlainPdf(catalog=b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>")
    layer = b"/OCProperties << /OCGs [6 0 R] /D << /ON [6 0 R] /Order [6 0 R] /OFF [] /AS [] >> /Configs [] >>"
    yield "layers-all-shown", PlainPdf(catalog=layer, objects={6: b"<< /Type /OCG /Name (Ritning) >>"})
    script_text = text("/JavaScript /AA /Launch /NeedAppearances true")
    yield "words-only", PlainPdf(content=script_text, trailer=b"/Info << /Title (/OpenAction /JavaScript) >>")
    yield "end-of-line", PlainPdf(tail=b"")


def _annotations() -> Iterator[tuple[str, PlainPdf]]:
    link = b"<< /Type /Annot /Subtype /Link /Border [0 0 0] /Rect [%s] /A << /S /URI /URI (https://example.org/) >> >>"
    yield "links-overlap", PlainPdf(page=b"/Annots [" + link % b"9 9 90 30" + link % b"50 20 120 40" + b"]")
    yield "link-twice", PlainPdf(page=b"/Annots [" + link % b"9 9 90 30" + link % b"90 30 9 9" + b"]")
    note = b"<< /Type /Annot /Subtype /%s /Rect [100 100 120 120] /Contents (hej) >>"
    yield "note-without-appearance", PlainPdf(page=b"/Annots [" + note % b"Text" + b"]")
    yield "highlight-without-appearance", PlainPdf(page=b"/Annots [6 0 R]", objects={6: note % b"Highlight"})
    shown = b"<< /Type /Annot /Subtype /Text /Rect [9 9 29 29] /AP << /N 6 0 R >> /Popup 7 0 R >>"
    popup = b"<< /Type /Annot /Subtype /Popup /Rect [20 20 200 90] >>"
    form = stream(b"", entries=b"/Type /XObject /Subtype /Form /BBox [0 0 20 20] ")
    yield "note-under-its-popup", PlainPdf(page=b"/Annots [" + shown + b" 7 0 R]", objects={6: form, 7: popup})


_RISKY = {
    Risk.ACTIVE: _active,
    Risk.EXTERNAL: _external,
    Risk.LAYERS: _comes_and_goes,
    Risk.FORM_REDRAWS: _form_redraws,
    Risk.HIDDEN: _hidden,
    Risk.ANNOTATIONS: _annotations,
    Risk.TRAILING_BYTES: _trailing_bytes,
}
