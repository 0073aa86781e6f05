"""A message as Internet mail (RFC 5322, MIME): text and HTML side by side, attachments behind them."""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

from signkit.errors import ConfigError
from signkit.ports.delivery import DeliveryContext, Message, is_address

__all__ = ["MESSAGE_ID", "Sender", "ascii_address", "read_sender", "to_mail"]

MESSAGE_ID: Final = re.compile(r"<([A-Za-z0-9._-]{8,200})@[^>\s]{1,255}>")
"""A Message-ID of ours; group 1 is the message's id."""
_SPECIAL: Final = re.compile(r"[\"(),:;<>@\[\\\]]+")
_POLICY: Final = SMTP.clone(max_line_length=78)


class Sender:
    """Who messages come from."""

    def __init__(self, name: str, address: str, reply_to: str | None) -> None:
        self.name = name
        self.address = address
        self.reply_to = reply_to

    @property
    def domain(self) -> str:
        """What stands behind the at sign."""
        return self.address.rpartition("@")[2]


def read_sender(context: DeliveryContext, *, otherwise: str | None = None) -> Sender:
    """Return the sender that the configuration names.

    Raises:
        ConfigError: it is missing, or an address is not one.
    """
    written = context.sender or otherwise
    if written is None:
        raise ConfigError(
            "delivery.sender is missing",
            code="config.delivery.sender",
            hint='write: sender = "Björkviks kommun <underskrift@bjorkvik.example>"',
            subject={"field": "delivery.sender"},
        )
    name, address = parseaddr(written)
    reply_to = None if context.reply_to is None else parseaddr(context.reply_to)[1]
    for key, value in (("sender", address), ("reply_to", reply_to)):
        if value is not None and not is_address(value):
            raise ConfigError(
                f"delivery.{key} is not an address", code="config.delivery.sender", subject={"field": f"delivery.{key}"}
            )
    return Sender(name or context.organisation, address, reply_to)


def to_mail(message: Message, sender: Sender, *, at: datetime) -> EmailMessage:
    """Return the message as mail, ready for the wire: CRLF, ASCII, lines of at most 78 characters in its headers.

    Its Message-ID is made of the message's id alone, so every attempt at one message has the same.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(sender.name, sender.address)
    mail["To"] = _address(message.name, message.to)
    if sender.reply_to:
        mail["Reply-To"] = _address("", sender.reply_to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(at)
    domain = sender.domain.encode("idna").decode("ascii")
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    if message.thread:
        mail["In-Reply-To"] = f"<{message.thread}@{domain}>"
        mail["References"] = f"<{message.thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    mail.set_content(message.text, charset="utf-8", cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", charset="utf-8", cte="quoted-printable")
    mail["Content-Language"] = message.language
    for attachment in message.attachments:
        main, _, rest = attachment.media_type.partition("/")
        sub, *params = (part.strip() for part in rest.split(";"))
        mail.add_attachment(
            attachment.data,
            maintype=main,
            subtype=sub,
            filename=attachment.name,
            params=dict(_pair(item) for item in params),
        )
    return mail


def ascii_address(address: str) -> str | None:
    """Return the address with its domain as DNS knows it; None if its local part needs SMTPUTF8 (RFC 6531)."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}" if local.isascii() else None
    except UnicodeError:
        return None


def _address(name: str, address: str) -> Address:
    # NOTE: the mail library folds names with commas and encoded words into more than one address in some versions,
    # so what has a meaning in an address never stands in a name.
    shown = " ".join(_SPECIAL.sub(" ", name).split())
    local, _, domain = (ascii_address(address) or address).rpartition("@")
    return Address(display_name=shown, username=local, domain=domain)


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip(), value.strip()
