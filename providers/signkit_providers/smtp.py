"""Delivery by mail (SMTP submission): encrypted unless told otherwise, with a password from a file, one connection.

What the server says decides who tries again: a 4xx answer and every failure to get one is *later*, a 5xx about the
message or its recipient is *never* (RFC 5321 section 4.2.1). A 5xx about ourselves (login, sender) is *later* too:
a person mends the configuration, and nothing is lost meanwhile. An answer in doubt counts as *later*; the second
attempt has the same Message-ID.
"""

from __future__ import annotations

import base64
import contextlib
import re
import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from signkit.errors import ConfigError, DeliveryError, DeliveryRejectedError, DeliveryUnavailableError
from signkit.ports.clock import Clock
from signkit.ports.delivery import Bounce, DeliveryContext, Message, Receipt, is_address
from signkit_providers._dsn import read_bounces, settle_bounce
from signkit_providers._mail import Sender, ascii_address, read_sender, to_mail
from signkit_providers._settings import Table

__all__ = ["SmtpDelivery", "SmtpServer"]

KEYS: Final = (
    "host",
    "port",
    "security",
    "username",
    "password_file",
    "ca_file",
    "bounce_address",
    "bounces",
)
STARTTLS, TLS, NONE = "starttls", "tls", "none"
PORTS: Final = {STARTTLS: 587, TLS: 465, NONE: 25}
_ENHANCED: Final = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_EXCHANGES: Final = 3
"""A message is three exchanges: sender, recipient, text."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in."""

    host: str
    port: int
    security: str = STARTTLS
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """The only roots believed; None: those of the system."""
    timeout_seconds: float = 20.0


class SmtpDelivery:
    """Hands messages to a mail server; implements ``signkit.ports.delivery.DeliveryService``."""

    def __init__(
        self,
        server: SmtpServer,
        sender: Sender,
        *,
        clock: Clock,
        bounce_address: str | None = None,
        bounces: Path | None = None,
    ) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._return_path = bounce_address or sender.address
        self._bounces = bounces
        self._connection: smtplib.SMTP | None = None

    @classmethod
    def create(cls, context: DeliveryContext) -> SmtpDelivery:
        """Return a mail delivery as configured; nothing has been connected.

        Raises:
            ConfigError: a setting is missing, unknown or wrong.
        """
        table = Table("delivery.smtp", context.settings, known=KEYS, home=context.home)
        host = table.host("host")
        security = table.one_of("security", (STARTTLS, TLS, NONE)) or STARTTLS
        username, password = table.text("username"), table.secret("password_file")
        if (username is None) != (password is None):
            raise table.wrong("password_file" if username else "username", "is missing", hint="they go together")
        if security == NONE and (username or host not in {"localhost", "127.0.0.1", "::1"}):
            raise table.wrong(
                "security", "is none", hint="without encryption only a mail server on this machine, without password"
            )
        bounce_address = table.text("bounce_address")
        if bounce_address is not None and not is_address(bounce_address):
            raise table.wrong("bounce_address", "is not an address")
        server = SmtpServer(
            host,
            table.port("port") or PORTS[security],
            security,
            username,
            password,
            table.path("ca_file"),
            context.timeout_seconds,
        )
        _tls(server)  # a file that is no certificate is told of now
        return cls(
            server,
            read_sender(context),
            clock=context.clock,
            bounce_address=bounce_address,
            bounces=table.path("bounces"),
        )

    def deliver(self, message: Message) -> Receipt:
        """Hand the message in.

        Raises:
            DeliveryUnavailableError: later (``delivery.unreachable``, ``delivery.tls``, ``smtp.4xx``, login, sender).
            DeliveryRejectedError: never (``smtp.5xx``).
        """
        try:
            mail = to_mail(message, self._sender, at=self._clock.now())
            mail.as_bytes()
        except (ValueError, UnicodeError) as exc:
            raise DeliveryRejectedError("a message cannot be written as mail", code="delivery.message") from exc
        return _within(
            self._server.timeout_seconds * (_EXCHANGES + 2), lambda: self._deliver(message, mail), self._drop
        )

    def bounces(self) -> Sequence[Bounce]:
        """Return what came back into the configured folder; nothing without one.

        Raises:
            DeliveryUnavailableError: the folder cannot be read.
        """
        return [] if self._bounces is None else read_bounces(self._bounces)

    def settle(self, bounce: Bounce) -> None:
        """Move the report aside, into ``settled`` beside it."""
        if self._bounces is not None:
            settle_bounce(self._bounces, bounce)

    def close(self) -> None:
        """Say goodbye to the server."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def _deliver(self, message: Message, mail: EmailMessage) -> Receipt:
        try:
            connection, fresh = self._connected()
            try:
                return self._transaction(connection, message, mail)
            except smtplib.SMTPServerDisconnected:
                if fresh:
                    raise
            self._drop()  # it was left open since the last message, and the server had enough of waiting
            return self._transaction(self._connected()[0], message, mail)
        except DeliveryError:
            raise
        except (OSError, smtplib.SMTPException) as exc:
            self._drop()
            raise _failure(exc, self._server) from exc

    def _connected(self) -> tuple[smtplib.SMTP, bool]:
        if self._connection is not None:
            return self._connection, False
        server, timeout = self._server, self._server.timeout_seconds
        context = _tls(server)
        if server.security == TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=timeout)
        self._connection = connection
        connection.ehlo_or_helo_if_needed()
        if server.security == STARTTLS:
            if not connection.has_extn("starttls"):
                self._drop()
                raise DeliveryUnavailableError(
                    f"{server.host} offers no encryption; nothing was sent",
                    code="delivery.tls",
                    hint='ask its operator, or use another port with security = "tls"',
                )
            connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()  # what was said before counts no more
        if server.username is not None and server.password is not None:
            _login(connection, server.username.encode("utf-8"), server.password)
        return connection, True

    def _transaction(self, connection: smtplib.SMTP, message: Message, mail: EmailMessage) -> Receipt:
        recipient = ascii_address(message.to)
        options = []
        if recipient is None:
            if not connection.has_extn("smtputf8"):
                raise DeliveryRejectedError("the mail server takes only ASCII addresses", code="delivery.smtputf8")
            recipient, options = message.to, ["SMTPUTF8"]
        dsn = connection.has_extn("dsn")  # RFC 3461: what comes back names the message
        if dsn:
            options += ["RET=HDRS", f"ENVID={message.id}"]
        data = mail.as_bytes()
        size = [f"SIZE={len(data)}"] if connection.has_extn("size") else []
        code, said = connection.mail(self._return_path, [*size, *options])
        if code != 250:
            raise self._refused(connection, code, said, ours=code != 552)
        code, said = connection.rcpt(recipient, ["NOTIFY=FAILURE"] if dsn else [])
        if code not in {250, 251}:
            raise self._refused(connection, code, said)
        code, said = connection.data(data)
        if code != 250:
            raise self._refused(connection, code, said)
        return Receipt(_code(code, said).removeprefix("smtp."))

    def _refused(self, connection: smtplib.SMTP, code: int, said: bytes, *, ours: bool = False) -> DeliveryError:
        if code == 421:
            self._drop()
        else:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.rset()
        if code >= 500 and not ours:
            return DeliveryRejectedError(f"the mail server refuses the message ({code})", code=_code(code, said))
        what = "does not take mail from the configured sender" if code >= 500 else "asks to come back later"
        return DeliveryUnavailableError(f"the mail server {what} ({code})", code=_code(code, said))


def _failure(exc: OSError | smtplib.SMTPException, server: SmtpServer) -> DeliveryError:
    """Return what a failure without an answer to this message means."""
    if isinstance(exc, smtplib.SMTPAuthenticationError):
        return DeliveryUnavailableError(
            f"the mail server refuses the login ({exc.smtp_code})",
            code=f"smtp.{exc.smtp_code}",
            hint="check delivery.smtp.username and password_file",
        )
    if isinstance(exc, ssl.SSLError):
        return DeliveryUnavailableError(
            f"{server.host} cannot be spoken to safely: {exc.reason or 'TLS failed'}",
            code="delivery.tls",
            hint="check delivery.smtp.security and port; a root of your own goes into ca_file",
        )
    if isinstance(exc, smtplib.SMTPNotSupportedError):
        return DeliveryUnavailableError("the mail server offers no login that we know", code="delivery.login")
    if isinstance(exc, smtplib.SMTPResponseException) and exc.smtp_code >= 400:
        return DeliveryUnavailableError(
            f"the mail server does not want to talk now ({exc.smtp_code})", code=f"smtp.{exc.smtp_code}"
        )
    return DeliveryUnavailableError(
        f"the mail server gives no answer ({type(exc).__name__})", code="delivery.unreachable"
    )


def _tls(server: SmtpServer) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if server.ca_file is None else str(server.ca_file))
    except OSError as exc:
        raise ConfigError(
            "delivery.smtp.ca_file cannot be used as certificates",
            code="config.value",
            subject={"field": "delivery.smtp.ca_file"},
        ) from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _login(connection: smtplib.SMTP, username: bytes, password: bytes) -> None:
    """Log in with what RFC 4954 servers know; done here because the library's own login takes ASCII only."""
    offered = connection.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        secret = base64.b64encode(b"\0" + username + b"\0" + password).decode("ascii")
        code, said = connection.docmd("AUTH", f"PLAIN {secret}")
    elif "LOGIN" in offered:
        code, said = connection.docmd("AUTH", f"LOGIN {base64.b64encode(username).decode('ascii')}")
        if code == 334:
            code, said = connection.docmd(base64.b64encode(password).decode("ascii"))
    else:
        raise smtplib.SMTPNotSupportedError("no login that we know")
    if code not in {235, 503}:
        raise smtplib.SMTPAuthenticationError(code, said)


def _code(code: int, said: bytes) -> str:
    enhanced = _ENHANCED.match(said or b"")
    return f"smtp.{code}-{enhanced[0].decode('ascii')}" if enhanced else f"smtp.{code}"


def _within(seconds: float, work: Callable[[], Receipt], give_up: Callable[[], None]) -> Receipt:
    """Return what ``work`` returns within ``seconds``: a server that drips keeps every single read in time."""
    outcome: list[Receipt | BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as exc:  # noqa: BLE001 - handed to the caller's thread
            outcome.append(exc)

    thread = threading.Thread(target=run, name="signkit-smtp", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        give_up()
        raise DeliveryUnavailableError(f"no answer within {seconds:g} s", code="delivery.unreachable")
    result = outcome[0]
    if isinstance(result, Receipt):
        return result
    if isinstance(result, (DeliveryError, KeyboardInterrupt)):
        raise result
    raise DeliveryUnavailableError(
        f"the mail could not be handed in ({type(result).__name__})", code="delivery.failed"
    ) from result
