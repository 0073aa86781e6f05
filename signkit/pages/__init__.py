"""Pages as data: the signature page, what a signed place shows, and page images.

Layout (``layout``-functions return frozen data; the room ``pades`` makes PDF objects of it):

* ``data``: ``SignaturePageDescription``, ``SignaturePlace``, ``AppearanceDescription`` go in; ``SignaturePages``
  (``PageLayout``, ``Widget``, ``Tag``, ``Mark``, ``PrintField``), ``Appearance`` and ``FontSubset`` come out
* ``signature_page.layout_signature_page(description, *, tagged=True, title_tag="H1") -> SignaturePages``
* ``appearance.layout_appearance(description, *, width, height=66.0) -> Appearance``
* ``appearance.layout_placeholder(*, width, height=66.0, language="sv") -> Appearance``
* ``colour.colour_profiles() -> Mapping[name, ColourProfile]``: /Resources /ColorSpace of every page and appearance
* ``face.unshowable(*texts) -> tuple[str, ...]``: characters that a page would replace by U+FFFD

Images, by PDFium, the second parser (``render``):

* ``inspect(path) -> Inspection``: pages, signature fields, signatures with contents, revision ends
* ``page_image(path, index, *, dpi=72) -> bytes``: a PNG for people and tests
* ``differing_pages(before, after, *, pages=None) -> tuple[int, ...]``: which pages look different, exactly
"""
