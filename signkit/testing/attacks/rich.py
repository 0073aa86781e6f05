"""An original with something of all that a forger may touch: form, attachment, layers, deep page tree."""

from __future__ import annotations

from signkit.testing.attacks.plain import PlainPdf, stream, text

__all__ = ["UNDEFINED", "rich_document"]

UNDEFINED = 900
"""A number that the document names and nobody defines, if asked for; signkit refuses such an original."""


def rich_document(*, need_appearances: bool = False, undefined: bool = False) -> bytes:
    """Return it: one page (3) under an intermediate node (6), a form (7), an attachment (12, 13), layers (14 to 16)."""
    content = text("Beslut: 100 kronor") + b"/OC /Lager BDC " + text("Bilaga", y=650) + b"EMC\n"
    page = (
        b"<< /Type /Page /Parent 6 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [8 0 R] %s "
        b"/Resources << /Font << /F1 5 0 R >> /Properties << /Lager 15 0 R >> >> >>"
        % (b"/SGX %d 0 R" % UNDEFINED if undefined else b"")
    )
    form = b"<< /Fields [8 0 R] /DA (/F1 12 Tf) /DR << /Font << /F1 5 0 R >> >> %s >>"
    appearance = stream(text("100", x=2, y=4), entries=b"/Type /XObject /Subtype /Form /BBox [0 0 100 20]")
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (belopp) /V (100) /F 4 /Rect [72 600 172 620] /P 3 0 R "
        b"/AP << /N 9 0 R >> >>"
    )
    return PlainPdf(
        content=content,
        catalog=b"/AcroForm 7 0 R /Names 10 0 R /OCProperties 14 0 R",
        objects={
            2: b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
            3: page,
            6: b"<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>",
            7: form % (b"/NeedAppearances true" if need_appearances else b""),
            8: field,
            9: appearance,
            10: b"<< /EmbeddedFiles 11 0 R >>",
            11: b"<< /Names [(bilaga.txt) 12 0 R] >>",
            12: b"<< /Type /Filespec /F (bilaga.txt) /UF (bilaga.txt) /EF << /F 13 0 R >> >>",
            13: stream(b"en bilaga\n", entries=b"/Type /EmbeddedFile"),
            14: b"<< /OCGs [15 0 R] /D 16 0 R >>",
            15: b"<< /Type /OCG /Name (Lager) >>",
            16: b"<< /ON [15 0 R] /OFF [] >>",
        },
    ).build()
