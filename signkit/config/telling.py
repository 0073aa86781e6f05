"""The tables ``[delivery]`` and ``[notify]``: how people are reached, and who is told what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from signkit.config.tree import Tree
from signkit.model.notices import DEFAULT_AUDIENCES, Audience, Event, NotifySettings

__all__ = ["NO_DELIVERY", "DeliverySettings", "read_delivery", "read_notify"]

NO_DELIVERY: Final = "none"
"""Method under which nobody is told anything."""
_DELIVERY: Final = ("method", "sender", "reply_to", "timeout_seconds")
_WORDS: Final = ("clerk", "link", "meeting", "contact", "hide_title", "attach", "attempts")
_ATTEMPTS: Final = 20
_HOLES: Final = re.compile(r"\{[^}]*\}?|\}")


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How people are reached."""

    method: str = "outbox"
    """Name of a delivery service; ``none``: nobody is told anything."""
    sender: str | None = None
    reply_to: str | None = None
    timeout_seconds: float = 20.0
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """Service → its own table ``[delivery.<name>]``, unread."""


def read_delivery(reader: Tree) -> DeliverySettings:
    """Return the table ``[delivery]``.

    Raises:
        ConfigError: an unknown key, or a value that does not fit.
    """
    table, usual = reader.table("delivery"), DeliverySettings()
    own = {name: value for name, value in table.items() if isinstance(value, dict)}
    reader.known("delivery", {name: value for name, value in table.items() if name not in own}, _DELIVERY)
    return DeliverySettings(
        method=reader.text("delivery.method", table.get("method", usual.method)),
        sender=reader.optional("delivery.sender", table.get("sender")),
        reply_to=reader.optional("delivery.reply_to", table.get("reply_to")),
        timeout_seconds=reader.seconds("delivery.timeout_seconds", table.get("timeout_seconds", 20)),
        settings=MappingProxyType(own),
    )


def read_notify(reader: Tree) -> NotifySettings:
    """Return the table ``[notify]``: events with their audiences, and what messages say beside the facts.

    Raises:
        ConfigError: an unknown key, or a value that does not fit.
    """
    table, usual = reader.table("notify"), NotifySettings()
    reader.known("notify", table, (*(event.value for event in Event), *_WORDS))
    audiences = dict(DEFAULT_AUDIENCES)
    for event in Event:
        if event.value in table:
            audiences[event] = _audiences(reader, f"notify.{event.value}", table[event.value])
    hidden = table.get("hide_title")
    return NotifySettings(
        audiences=MappingProxyType(audiences),
        clerk=_address(reader, table.get("clerk")),
        link=_link(reader, table.get("link")),
        meeting=reader.optional("notify.meeting", table.get("meeting")),
        contact=reader.optional("notify.contact", table.get("contact")),
        hide_title=usual.hide_title if hidden is None else frozenset(reader.texts("notify.hide_title", hidden)),
        attach=_audiences(reader, "notify.attach", table["attach"]) if "attach" in table else usual.attach,
        attempts=reader.count("notify.attempts", table.get("attempts", usual.attempts), most=_ATTEMPTS),
    )


def _audiences(reader: Tree, key: str, value: object) -> tuple[Audience, ...]:
    known = tuple(item.value for item in Audience)
    return tuple(Audience(reader.one_of(key, name, known)) for name in reader.texts(key, value))


def _address(reader: Tree, value: object) -> str | None:
    address = reader.optional("notify.clerk", value)
    if address is not None and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
        raise reader.wrong("notify.clerk", "is not an address", hint="write it bare: registrator@bjorkvik.example")
    return address


def _link(reader: Tree, value: object) -> str | None:
    if value is None:
        return None
    url = reader.url("notify.link", value)
    unknown = set(_HOLES.findall(url)) - {"{envelope}", "{signatory}"}
    if unknown or "{envelope}" not in url:
        raise reader.wrong(
            "notify.link",
            f"holds {min(unknown)!r}" if unknown else "does not name the envelope",
            hint="write: https://…/{envelope}/{signatory}",
        )
    return url
