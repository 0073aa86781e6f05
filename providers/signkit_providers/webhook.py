"""Delivery by webhook: each message is one signed POST with JSON, for a system that reaches people in its own way.

The body is ``signkit.message/1``. With a secret, ``Signkit-Signature`` is ``t=<unix time>,v1=<hex>``: HMAC-SHA256 over
``<unix time>.<body>``. ``Idempotency-Key`` is the message's id: the same for every attempt.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx

from signkit.errors import DeliveryRejectedError, DeliveryUnavailableError
from signkit.ports.clock import Clock
from signkit.ports.delivery import Bounce, DeliveryContext, Message, Receipt
from signkit_providers._http import HttpError, exchange, new_client, new_request
from signkit_providers._settings import Table

__all__ = ["WebhookDelivery", "signature", "to_json"]

MAX_ANSWER: Final = 64 * 1024
SCHEMA: Final = "signkit.message/1"
_LATER: Final = frozenset({401, 403, 404, 408, 409, 421, 425, 429})
"""Refusals that a person mends at the other end: the message itself is not at fault."""


class WebhookDelivery:
    """Posts messages to one address; implements ``signkit.ports.delivery.DeliveryService``."""

    def __init__(
        self,
        url: str,
        *,
        secret: bytes | None,
        clock: Clock,
        timeout_seconds: float = 20.0,
        client: httpx.Client | None = None,
    ) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock
        self._timeout = timeout_seconds
        self._client = client

    @classmethod
    def create(cls, context: DeliveryContext) -> WebhookDelivery:
        """Return a webhook as configured.

        Raises:
            ConfigError: a setting is missing, unknown or wrong.
        """
        table = Table("delivery.webhook", context.settings, known=("url", "secret_file"), home=context.home)
        url, secret = table.needed("url"), table.secret("secret_file")
        try:
            parts = urlsplit(url)
            local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        except ValueError as exc:
            raise table.wrong("url", "is no address") from exc
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise table.wrong("url", "is not an http or https address, or holds a password")
        if parts.scheme == "http" and not local:
            raise table.wrong("url", "is not encrypted", hint="use https; http is for this machine only")
        if secret is None and context.environment == "production":
            raise table.wrong("secret_file", "is missing", hint="the receiver must be able to tell who is speaking")
        return cls(url, secret=secret, clock=context.clock, timeout_seconds=context.timeout_seconds)

    def deliver(self, message: Message) -> Receipt:
        """Post the message; any 2xx means that it was taken over.

        Raises:
            DeliveryUnavailableError: no answer, or one that a later attempt may better (5xx, 429, a wrong key …).
            DeliveryRejectedError: any other answer.
        """
        body = json.dumps(to_json(message), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        headers = {"content-type": "application/json", "idempotency-key": message.id}
        if self._secret is not None:
            headers["signkit-signature"] = signature(self._secret, body, at=int(self._clock.now().timestamp()))
        client = self._client or new_client()
        try:
            request = new_request(client, "POST", self._url, content=body, headers=headers)
            answer = exchange(client, request, max_bytes=MAX_ANSWER, timeout_seconds=self._timeout)
        except HttpError as exc:
            raise DeliveryUnavailableError(
                f"the webhook gives no answer: {exc.reason}", code="delivery.unreachable"
            ) from exc
        finally:
            if self._client is None:
                client.close()
        if 200 <= answer.status < 300:
            return Receipt(str(answer.status))
        code, words = f"http.{answer.status}", f"the webhook answers {answer.status}"
        if answer.status in _LATER or answer.status >= 500:
            raise DeliveryUnavailableError(words, code=code)
        raise DeliveryRejectedError(words, code=code)

    def bounces(self) -> Sequence[Bounce]:
        """Return nothing: the receiver keeps what comes back."""
        return ()

    def settle(self, bounce: Bounce) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: each message has a connection of its own."""


def signature(secret: bytes, body: bytes, *, at: int) -> str:
    """Return the value of ``Signkit-Signature`` for a body posted at the Unix time ``at``."""
    made = hmac.new(secret, f"{at}.".encode("ascii") + body, hashlib.sha256)
    return f"t={at},v1={made.hexdigest()}"


def to_json(message: Message) -> dict[str, object]:
    """Return ``signkit.message/1``."""
    return {
        "schema": SCHEMA,
        "id": message.id,
        "thread": message.thread,
        "event": message.event,
        "envelope": message.envelope,
        "recipient": message.recipient,
        "to": {"name": message.name, "address": message.to},
        "language": message.language,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "attachments": [
            {
                "name": item.name,
                "media_type": item.media_type,
                "data": base64.b64encode(item.data).decode("ascii"),
            }
            for item in message.attachments
        ],
    }
