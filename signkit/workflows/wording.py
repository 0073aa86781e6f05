"""The visible text that an eID shows and signs (proof.md section 5), in the person's language, within the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signkit import canonical
from signkit.errors import UsageError
from signkit.texts import text

__all__ = ["Matter", "combined_digest", "visible_text"]

LISTED = 5
"""More documents than this are named by one digest over all of them."""
SHOWN_DIGITS = 32
"""Hex digits of a digest that a person sees; proof.md asks for 16 or more."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One document as the person is told of it."""

    title: str
    case: str | None
    role: str
    name: str
    pages: int
    digest: str
    """SHA-256 of R2, ``sha256:<hex>``."""


def visible_text(organisation: str, matters: Sequence[Matter], *, lang: str, limit: int, test: bool) -> str:
    """Return what the person reads before signing; at most ``limit`` bytes of UTF-8.

    Raises:
        UsageError: it does not fit even when shortened.
    """
    lines = [text("signing.test", lang)] if test else []
    lines += [text("signing.heading", lang, organisation=organisation), ""]
    many = len(matters) > LISTED
    title = case = role = None
    for matter in matters:
        if (matter.title, matter.case, matter.role) != (title, case, role):
            title, case, role = matter.title, matter.case, matter.role
            lines.append(text("signing.title", lang, title=title))
            if case:
                lines.append(text("signing.case", lang, case=case))
            lines.append(text("signing.role", lang, role=role))
        if not many:
            lines.append(text("signing.document", lang, name=matter.name, pages=matter.pages))
            lines.append(text("signing.digest", lang, digest=_short(matter.digest)))
    if many:
        pages = sum(matter.pages for matter in matters)
        lines.append(text("signing.documents", lang, count=len(matters), pages=pages))
        lines.append(text("signing.digest_all", lang, digest=_short(combined_digest([m.digest for m in matters]))))
    whole = "\n".join(lines)
    if len(whole.encode("utf-8")) > limit:
        raise UsageError(
            f"the text to sign is longer than the provider's {limit} bytes",
            code="usage.text_too_long",
            hint="shorten the title, or sign fewer envelopes in one ceremony",
        )
    return whole


def combined_digest(digests: Sequence[str]) -> str:
    """Return SHA-256 over the canonical JSON of the sorted bare hex digests."""
    bare = sorted({item.removeprefix("sha256:") for item in digests})
    return canonical.digest_text(canonical.digest(canonical.encode(bare)))


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:SHOWN_DIGITS]
