"""What the signature page of one document says, and the names of its fields."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from signkit.model.envelope import Envelope
from signkit.model.ids import field_prefix
from signkit.model.rules import Capacity
from signkit.model.signatory import Invitee
from signkit.model.statement import FieldNames
from signkit.pades.changes.facts import LayoutFacts
from signkit.pades.tag_style import title_tag
from signkit.pages.data import SignaturePageDescription, SignaturePages, SignaturePlace
from signkit.pages.signature_page import layout_signature_page
from signkit.texts import language as known_language
from signkit.texts import text
from signkit.texts.dates import swedish_day

__all__ = [
    "archive_field",
    "facts_of",
    "field_names",
    "fields_of",
    "page_for",
    "place_words",
    "provider_words",
    "role_words",
    "signatory_ids",
]

META_LABELS = ("case", "decision", "paragraph", "meeting", "body", "valid_from", "review_by", "supersedes", "immediate")
"""Metadata keys that have a label of their own in the texts; any other is printed under its own name."""


def signatory_ids(count: int) -> list[str]:
    """Return the ids of ``count`` places: ``s1``, ``s2`` and so on."""
    return [f"s{number}" for number in range(1, count + 1)]


def field_names(envelope: str, ids: list[str]) -> FieldNames:
    """Return the names of the fields that R1 makes."""
    prefix = field_prefix(envelope)
    return FieldNames(f"{prefix}certify", f"{prefix}complete", {name: prefix + name for name in ids})


def fields_of(envelope: Envelope) -> FieldNames:
    """Return the names of the fields of an envelope's documents."""
    return field_names(envelope.id, [item.id for item in envelope.signatories])


def archive_field(envelope: str, number: int = 1) -> str:
    """Return the name of the ``number``-th archive timestamp's field."""
    return f"{field_prefix(envelope)}archive-{number}"


def facts_of(envelope: Envelope, index: int) -> LayoutFacts:
    """Return what the checks of changes need to know of one document."""
    document = envelope.documents[index]
    names = fields_of(envelope)
    signed = set(envelope.signed)
    ended = envelope.outcome is not None
    return LayoutFacts(
        size_r0=document.r0.size,
        size_r1=document.r1.size,
        certify=names.certify,
        complete=names.complete,
        persons=tuple(names.signatories.values()),
        unsigned=tuple(name for key, name in names.signatories.items() if ended and key not in signed),
        trailing_bytes="trailing-bytes" in document.risks,
    )


def role_words(role: str, lang: str) -> str:
    """Return a role in words: its name in the texts, or as the clerk wrote it."""
    known = text(f"role.{role}", lang)
    return role if known.startswith("role.") else known


def place_words(envelope: Envelope, place: str, lang: str) -> str:
    """Return what a place is signed as: the role, whether to approve, and the paragraphs that are its own."""
    terms = envelope.rules.of(place)
    return _as_words(envelope.signatory(place).role, terms.capacity, terms.paragraphs, lang)


def _invited_as(invitee: Invitee, lang: str) -> str:
    return _as_words(invitee.role, invitee.capacity, invitee.paragraphs, lang)


def _as_words(role: str, capacity: Capacity, paragraphs: str | None, lang: str) -> str:
    words = role_words(role, lang)
    if capacity is Capacity.APPROVER:
        words = text("place.approver", lang, role=words)
    if paragraphs is not None:
        words = text("place.paragraphs", lang, role=words, paragraphs=paragraphs.replace("-", "\u2013"))
    return words


def provider_words(provider: str, level: str, lang: str) -> str:
    """Return an eID and its level in words."""
    code = f"level.{level}"
    words = text(code, lang)
    name = text(f"provider.{provider}", lang)
    shown = provider if name.startswith("provider.") else name
    return shown if words == code else f"{shown}, {words}"


def page_for(
    source: Path,
    *,
    envelope: str,
    invitees: list[Invitee],
    organisation: str,
    title: str,
    kind: str,
    metadata: dict[str, str],
    document_name: str,
    page_count: int,
    size: int,
    digest: str,
    deadline: str | None,
    language: str,
    test: bool,
) -> SignaturePages:
    """Return the pages that R1 adds to one document."""
    lang = known_language(language)
    names = field_names(envelope, signatory_ids(len(invitees)))
    places = tuple(
        SignaturePlace(field=field, role=_capital(_invited_as(invitee, lang)), order=invitee.order)
        for field, invitee in zip(names.signatories.values(), invitees, strict=True)
    )
    day = swedish_day(datetime.fromisoformat(deadline)).isoformat() if deadline else ""
    outcome = (text("page.deadline", lang, deadline=day),) if day else ()
    description = SignaturePageDescription(
        organisation=organisation,
        title=title,
        document_name=document_name,
        page_count=page_count,
        size_bytes=size,
        digest=digest,
        envelope=envelope,
        places=places,
        kind=_capital(_words(f"kind.{kind}", kind, lang)),
        meta=tuple((_capital(_words(f"meta.{key}", key, lang)), _value(key, value)) for key, value in metadata.items()),
        outcome=outcome,
        language=lang,
        test=test,
    )
    style = title_tag(source)
    return layout_signature_page(description, tagged=style is not None, title_tag=style or "H1")


def _words(code: str, otherwise: str, lang: str) -> str:
    known = text(code, lang)
    return otherwise if known == code else known


def _value(key: str, value: str) -> str:
    """Return metadata as print has it: paragraphs from–to."""
    return value.replace("-", "\u2013") if key == "paragraph" else value


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
