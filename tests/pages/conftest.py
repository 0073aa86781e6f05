"""A tiny PDF writer of the tests' own, so that layouts are judged without the room that makes objects of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from signkit.pages.colour import colour_profiles
from signkit.pages.data import Appearance, FontSubset, Mark, SignaturePages, Tag

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 pdfaid:part="{part}" pdfaid:conformance="{level}">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Prov</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


class Writer:
    """Objects by number, written once with a classic table."""

    def __init__(self) -> None:
        self.objects: list[bytes] = []

    def add(self, body: str | bytes = b"null") -> int:
        """Add an object and return its number."""
        self.objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(self.objects)

    def stream(self, entries: str, data: bytes) -> int:
        """Add a compressed stream."""
        packed = zlib.compress(data)
        head = f"<< {entries} /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode("latin-1")
        return self.add(head + packed + b"\nendstream")

    def set(self, number: int, body: str) -> None:
        """Give a number its object."""
        self.objects[number - 1] = body.encode("latin-1")

    def save(self, path: Path, root: int) -> None:
        """Write the file."""
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(self.objects, start=1):
            offsets.append(len(out))
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
        out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        out += b"trailer << /Size %d /Root %d 0 R /ID [<00> <00>] >>\nstartxref\n%d\n%%%%EOF\n" % (
            len(offsets) + 1,
            root,
            start,
        )
        path.write_bytes(out)


def text(value: str) -> str:
    return "<FEFF" + value.encode("utf-16-be").hex().upper() + ">"


def font(writer: Writer, subset: FontSubset) -> int:
    file = writer.stream(f"/Length1 {len(subset.file)}", subset.file)
    cid_set = writer.stream("", subset.cid_set)
    unicode_map = writer.stream("", subset.to_unicode)
    box = " ".join(map(str, subset.bbox))
    descriptor = writer.add(
        f"<< /Type /FontDescriptor /FontName /{subset.base_font} /Flags {subset.flags} /FontBBox [{box}]"
        f" /ItalicAngle 0 /Ascent {subset.ascent} /Descent {subset.descent} /CapHeight {subset.cap_height}"
        f" /StemV {subset.stem_v} /FontFile2 {file} 0 R /CIDSet {cid_set} 0 R >>"
    )
    widths = " ".join(map(str, subset.widths))
    descendant = writer.add(
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{subset.base_font} /CIDToGIDMap /Identity"
        f" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        f" /DW {subset.default_width} /W [0 [{widths}]] /FontDescriptor {descriptor} 0 R >>"
    )
    return writer.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{subset.base_font} /Encoding /Identity-H"
        f" /DescendantFonts [{descendant} 0 R] /ToUnicode {unicode_map} 0 R >>"
    )


class Book:
    """A whole PDF made of one layout, with or without signed places."""

    def __init__(self, layout: SignaturePages, signed: Mapping[str, Appearance], *, part: int, level: str) -> None:
        self.layout = layout
        self.signed = signed
        self.writer = Writer()
        self.part, self.level = part, level
        self.spaces = self._spaces()
        self.fonts: dict[str, int] = {}

    def save(self, path: Path) -> Path:
        """Write the file and return its path."""
        writer, layout = self.writer, self.layout
        root, tree, parents, structure = (writer.add() for _ in range(4))
        pages = [writer.add() for _ in layout.pages]
        fields: dict[str, int] = {}
        placeholder = self._appearance(layout.placeholder)
        for index, (number, page) in enumerate(zip(pages, layout.pages, strict=True)):
            content = writer.stream("", page.content)
            widgets = [writer.add() for _ in page.widgets]
            for field, widget in zip(widgets, page.widgets, strict=True):
                fields[widget.field] = field
                shown = self.signed.get(widget.field)
                form = self._appearance(shown) if shown else placeholder
                key = f" /StructParent {len(pages) + len(fields)}" if layout.tag else ""
                box = " ".join(map(str, widget.rect))
                writer.set(
                    field,
                    f"<< /Type /Annot /Subtype /Widget /FT /Sig /F 132 /Rect [{box}] /T {text(widget.field)}"
                    f" /TU {text(widget.tooltip)} /P {number} 0 R /AP << /N {form} 0 R >>{key} >>",
                )
            struct = f" /StructParents {index} /Tabs /S" if layout.tag else ""
            names = " ".join(f"{widget} 0 R" for widget in widgets)
            writer.set(
                number,
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {page.width} {page.height}]"
                f" /Resources {self._resources(layout.fonts)} /Contents {content} 0 R /Annots [{names}]{struct} >>",
            )
        kids = " ".join(f"{page} 0 R" for page in pages)
        writer.set(tree, f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>")
        extra = self._structure(structure, parents, pages, fields) if layout.tag else ""
        meta = XMP.format(part=self.part, level=self.level).encode()
        metadata = writer.add(
            f"<< /Type /Metadata /Subtype /XML /Length {len(meta)} >>\nstream\n".encode() + meta + b"\nendstream"
        )
        every = " ".join(f"{field} 0 R" for field in fields.values())
        writer.set(
            root,
            f"<< /Type /Catalog /Pages {tree} 0 R /Metadata {metadata} 0 R /Lang ({layout.language})"
            f" /ViewerPreferences << /DisplayDocTitle true >>"
            f" /AcroForm << /Fields [{every}] /SigFlags 3 >>{extra} >>",
        )
        writer.save(path, root)
        return path

    def _spaces(self) -> str:
        parts = []
        for name, profile in colour_profiles().items():
            number = self.writer.stream(f"/N {profile.components} /Alternate /{profile.alternate}", profile.data)
            parts.append(f"/{name} [/ICCBased {number} 0 R]")
        return " ".join(parts)

    def _resources(self, fonts: tuple[FontSubset, ...]) -> str:
        for subset in fonts:
            if subset.base_font not in self.fonts:
                self.fonts[subset.base_font] = font(self.writer, subset)
        names = " ".join(f"/{subset.key} {self.fonts[subset.base_font]} 0 R" for subset in fonts)
        return f"<< /ColorSpace << {self.spaces} >> /Font << {names} >> >>"

    def _appearance(self, look: Appearance) -> int:
        box = f"/BBox [0 0 {look.width} {look.height}]"
        return self.writer.stream(
            f"/Type /XObject /Subtype /Form {box} /Resources {self._resources(look.fonts)}", look.content
        )

    def _structure(self, structure: int, parents: int, pages: list[int], fields: Mapping[str, int]) -> str:
        writer, layout = self.writer, self.layout
        assert layout.tag is not None
        owners: dict[Mark, int] = {}
        forms: dict[str, int] = {}

        def element(tag: Tag, parent: int) -> int:
            number = writer.add()
            kids = []
            page = 0
            for kid in tag.kids:
                if isinstance(kid, Mark):
                    owners[kid] = number
                    page = pages[kid.page]
                    kids.append(str(kid.mcid))
                else:
                    kids.append(f"{element(kid, number)} 0 R")
            extra = f" /Pg {page} 0 R" if page else ""
            extra += f" /T {text(tag.title)}" if tag.title else ""
            extra += f" /Lang ({tag.lang})" if tag.lang else ""
            if tag.print_field:
                attributes = f"/O /PrintField /Role /{tag.print_field.role} /Desc {text(tag.print_field.desc)}"
                extra += f" /A << {attributes} >>"
                forms[tag.field] = number
            writer.set(number, f"<< /Type /StructElem /S /{tag.role} /P {parent} 0 R /K [{' '.join(kids)}]{extra} >>")
            return number

        document = writer.add()
        sect = element(layout.tag, document)
        writer.set(document, f"<< /Type /StructElem /S /Document /P {structure} 0 R /K [{sect} 0 R] >>")
        nums = []
        for index, page in enumerate(layout.pages):
            refs = " ".join(f"{owners[Mark(index, mcid)]} 0 R" for mcid in range(page.mark_count))
            nums.append(f"{index} [{refs}]")
        nums += [f"{len(pages) + place} {forms[name]} 0 R" for place, name in enumerate(fields, start=1)]
        writer.set(parents, f"<< /Nums [{' '.join(nums)}] >>")
        writer.set(structure, f"<< /Type /StructTreeRoot /K [{document} 0 R] /ParentTree {parents} 0 R >>")
        return f" /StructTreeRoot {structure} 0 R /MarkInfo << /Marked true >>"


BuildPdf = Callable[..., Path]


@pytest.fixture
def build_pdf(tmp_path: Path) -> BuildPdf:
    """Write a layout as a PDF of its own and return its path."""

    def build(
        layout: SignaturePages, signed: Mapping[str, Appearance] | None = None, *, part: int = 2, level: str = "B"
    ) -> Path:
        return Book(layout, signed or {}, part=part, level=level).save(tmp_path / "page.pdf")

    return build
