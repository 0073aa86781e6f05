"""Reports of mail that came back (RFC 3464), read from a folder that a mail program fills: flat, or a Maildir.

A report is believed as far as it goes: anyone can write one, and all it does is to have a message sent again or a
clerk told. Only reports that name a Message-ID or an envelope id of ours count.
"""

from __future__ import annotations

import contextlib
import email
import re
from collections.abc import Iterator
from email.message import Message as Mail
from email.policy import compat32
from pathlib import Path
from typing import Final

from signkit.errors import DeliveryUnavailableError
from signkit.ports.delivery import Bounce
from signkit_providers._mail import MESSAGE_ID

__all__ = ["parse_report", "read_bounces", "settle_bounce"]

MAX_REPORTS: Final = 1000
MAX_BYTES: Final = 1 << 20
_SETTLED: Final = "settled"
_STATUS: Final = re.compile(r"\b([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
_ENVELOPE_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,200}")


def read_bounces(folder: Path) -> list[Bounce]:
    """Return what came back and is not settled, at most ``MAX_REPORTS``; what is no report of ours is left alone.

    Raises:
        DeliveryUnavailableError: the folder cannot be read.
    """
    found: list[Bounce] = []
    try:
        places = [folder / "new", folder / "cur"] if (folder / "new").is_dir() else [folder]
        paths = sorted(path for place in places if place.is_dir() for path in place.iterdir() if path.is_file())
        for path in paths[:MAX_REPORTS]:
            with path.open("rb") as stream:
                report = parse_report(stream.read(MAX_BYTES), source=str(path.relative_to(folder)))
            found += [report] if report else []
    except OSError as exc:
        raise DeliveryUnavailableError(
            f"the folder of returned mail cannot be read: {exc.strerror}",
            code="delivery.bounces",
            subject={"file": str(folder)},
        ) from exc
    return found


def settle_bounce(folder: Path, bounce: Bounce) -> None:
    """Move a report into the folder ``settled``; one that is gone already is no error.

    Raises:
        DeliveryUnavailableError: it cannot be moved.
    """
    path, target = folder / bounce.source, folder / _SETTLED
    try:
        target.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.replace(target / path.name)
    except OSError as exc:
        raise DeliveryUnavailableError(
            f"a report of returned mail cannot be put aside: {exc.strerror}",
            code="delivery.bounces",
            subject={"file": str(path)},
        ) from exc


def parse_report(data: bytes, *, source: str) -> Bounce | None:
    """Return the failure that a delivery report tells of; None for anything else, whatever it is."""
    try:
        mail = email.message_from_bytes(data, policy=compat32)
        if mail.get_content_type() != "multipart/report":
            return None
        fields = _fields(mail)
        message = _message(mail, fields)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if message is None or fields.get("action", "").strip().lower() != "failed":
        return None
    status = _STATUS.search(fields.get("status", "")) or _STATUS.search(fields.get("diagnostic-code", ""))
    code = status[1] if status else "5.0.0"
    return Bounce(message, code, code.startswith("5"), source)


def _parts(mail: Mail, kind: str) -> Iterator[Mail]:
    for part in mail.walk():
        if part.get_content_type() == kind:
            yield part


def _fields(mail: Mail) -> dict[str, str]:
    """Return the fields about the message and its (only) recipient."""
    fields: dict[str, str] = {}
    for part in _parts(mail, "message/delivery-status"):
        payload = part.get_payload()
        for block in payload if isinstance(payload, list) else []:
            for key, value in block.items() if isinstance(block, Mail) else ():
                fields.setdefault(str(key).lower(), str(value))
    return fields


def _message(mail: Mail, fields: dict[str, str]) -> str | None:
    for kind in ("message/rfc822", "text/rfc822-headers"):
        for part in _parts(mail, kind):
            payload = part.get_payload()
            head = payload[0] if isinstance(payload, list) and payload else email.message_from_string(str(payload))
            match = MESSAGE_ID.fullmatch(str(head.get("Message-ID", "")).strip()) if isinstance(head, Mail) else None
            if match:
                return match[1]
    wanted = fields.get("original-envelope-id", "").strip()
    return wanted if _ENVELOPE_ID.fullmatch(wanted) else None
