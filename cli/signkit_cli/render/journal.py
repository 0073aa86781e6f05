"""A journal as a story for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from signkit.model.entry import format_time
from signkit.model.notices import CLERK
from signkit.texts import text
from signkit_cli.render.text import local_time
from signkit_cli.terminal import printable

if TYPE_CHECKING:
    from signkit.ports.store import StoredEntry
    from signkit.workflows.erase import Erasure
    from signkit.workflows.openings import Openings

__all__ = ["erasure_lines", "story_json", "story_lines"]

_CODES = {"ceremony_ended": "outcome", "completing": "outcome", "notified": "outcome"}
"""Types whose sentence depends on a field of their data."""


def story_lines(entries: Sequence[StoredEntry], openings: Openings, lang: str, *, verbose: bool) -> Iterator[str]:
    """Give one line per entry; with ``verbose`` also number, digest and data."""
    delegates: dict[str, str] = {}
    for stored in entries:
        entry = stored.entry
        yield f"{local_time(format_time(entry.at))}  {_sentence(stored, openings, lang, delegates)}"
        if entry.type == "delegated":
            place = str(entry.data.get("signatory"))
            delegates[place] = openings.text(f"delegate.{entry.seq}.name", place)
        if verbose:
            data = json.dumps(dict(entry.data), ensure_ascii=False)
            yield f"    {entry.seq}  {stored.digest.hex()}  {printable(data)}"


def story_json(envelope: str, entries: Sequence[StoredEntry]) -> dict[str, Any]:
    """Return the entries in full, as they are signed for."""
    return {
        "schema": "signkit.journal/1",
        "envelope": envelope,
        "entries": [json.loads(stored.raw) for stored in entries],
    }


def erasure_lines(erasures: Iterable[Erasure], lang: str) -> Iterator[str]:
    """Give one line per erasure: it is in the home's journal, not in the envelope's."""
    for done in erasures:
        yield f"{local_time(format_time(done.at))}  {text('story.erased', lang, rule=printable(done.rule))}"


def _name(signatory: str, openings: Openings, lang: str, delegates: Mapping[str, str]) -> str:
    """Return who acted; of an envelope whose openings were erased, which place."""
    if signatory == CLERK:
        return text("story.clerk", lang)
    if not openings.values:
        return text("story.erased_name", lang, place=signatory)
    return printable(delegates.get(signatory) or openings.name(signatory))


def _provider(name: str, lang: str) -> str:
    """Return what people call an eID; its own name where we know no other."""
    words = text(f"provider.{name}", lang)
    return printable(name if words.startswith("provider.") else words)


def _sentence(stored: StoredEntry, openings: Openings, lang: str, delegates: Mapping[str, str]) -> str:
    """Return what happened; who was given a mandate acts from then on under their own name."""
    entry = stored.entry
    signatory = entry.data.get("signatory") or entry.data.get("to") or entry.actor.removeprefix("signatory:")
    params = {
        "name": _name(str(signatory), openings, lang, delegates),
        "provider": _provider(str(entry.data.get("provider", "")), lang),
        "count": len(entry.data.get("documents") or entry.data.get("files") or ()),
    }
    code = f"story.{entry.type}"
    variant = f"{code}_{entry.data.get(_CODES.get(entry.type, ''), '')}"
    if entry.type == "completing" and dict(entry.data.get("rules") or {}).get("deadline"):
        variant = "story.completing_by_deadline"
    for name in (variant, code):
        words = text(name, lang, **params)
        if words != name:
            return words
    return text("story.unknown", lang, type=printable(entry.type))
