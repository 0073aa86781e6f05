"""The outbox folder and the webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from signkit.errors import ConfigError, DeliveryRejectedError, DeliveryUnavailableError
from signkit.ports.delivery import DeliveryService
from signkit.testing.delivery import DeliveryConformance, example_message
from signkit_providers.outbox import OutboxDelivery
from signkit_providers.webhook import WebhookDelivery


class TestOutboxConformance(DeliveryConformance):
    """The outbox does what every delivery must."""

    @pytest.fixture(autouse=True)
    def _context(self, context: Any, tmp_path: Path) -> None:
        self._make, self._folder = context, tmp_path / "outbox"

    def open_service(self, folder: Path) -> DeliveryService:  # noqa: ARG002
        """Return the service."""
        return OutboxDelivery.create(self._make(sender=None))

    def handed_over(self) -> list[str]:
        """Return what arrived."""
        found = []
        for path in sorted(self._folder.glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            assert [item.addr_spec for item in mail["To"].addresses] == ["asa@example.se"]
            found.append(path.stem)
        return found


def test_letters_in_the_outbox_are_private_and_whole(context: Any, tmp_path: Path):
    """A letter is readable by its owner only; no half of one lies beside it."""
    OutboxDelivery.create(context()).deliver(example_message())
    (letter,) = (tmp_path / "outbox").iterdir()
    assert letter.stat().st_mode & 0o777 == 0o600
    assert b"\r\n.\r\n" in letter.read_bytes()


def test_an_outbox_that_cannot_be_written_is_tried_later(context: Any, tmp_path: Path):
    """A file where the folder should be is no end of the message."""
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(DeliveryUnavailableError):
        OutboxDelivery.create(context()).deliver(example_message())


@pytest.fixture
def webhook(hook: Any, context: Any, tmp_path: Path):
    """Return a webhook delivery with a secret."""
    (tmp_path / "secret").write_text("s3cret\n")
    return WebhookDelivery.create(context(settings={"url": hook.url, "secret_file": "secret"}, timeout_seconds=0.5))


class TestWebhookConformance(DeliveryConformance):
    """The webhook does what every delivery must."""

    @pytest.fixture(autouse=True)
    def _service(self, hook: Any, webhook: Any) -> None:
        self._hook, self._webhook = hook, webhook

    def open_service(self, folder: Path) -> DeliveryService:  # noqa: ARG002
        """Return the service."""
        service: DeliveryService = self._webhook
        return service

    def handed_over(self) -> list[str]:
        """Return what arrived."""
        return list(dict.fromkeys(headers["idempotency-key"] for headers, _ in self._hook.requests))


def test_a_webhook_is_signed(hook: Any, webhook: Any):
    """Who knows the secret can tell that the body is ours, and how old it is."""
    message = example_message()
    assert webhook.deliver(message).code == "202"
    headers, body = hook.requests[0]
    moment, made = (part.partition("=")[2] for part in headers["signkit-signature"].split(","))
    assert hmac.new(b"s3cret", f"{moment}.".encode() + body, hashlib.sha256).hexdigest() == made
    value = json.loads(body)
    assert (value["schema"], value["id"], value["event"]) == ("signkit.message/1", message.id, "invited")
    assert value["to"]["address"] == "asa@example.se"
    assert [item["name"] for item in value["attachments"]] == ["sista-dag.ics", "protokoll åäö.pdf"]


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (500, DeliveryUnavailableError, "http.500"),
        (429, DeliveryUnavailableError, "http.429"),
        (401, DeliveryUnavailableError, "http.401"),
        (422, DeliveryRejectedError, "http.422"),
        (302, DeliveryRejectedError, "http.302"),
        (1.2, DeliveryUnavailableError, "delivery.unreachable"),
    ],
)
def test_what_a_webhook_answers_decides_whether_to_try_again(
    hook: Any, webhook: Any, answer: Any, error: Any, code: Any
):
    """Its own trouble and ours are *later*, a message it will not have is *never*, silence is *later*."""
    hook.answers.append(answer)
    with pytest.raises(error) as raised:
        webhook.deliver(example_message())
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("settings", "environment"),
    [
        ({}, "test"),
        ({"url": "http://hooks.example/x"}, "test"),
        ({"url": "https://me:pass@hooks.example/x"}, "test"),
        ({"url": "https://hooks.example/x", "secret": "here"}, "test"),
        ({"url": "https://hooks.example/x"}, "production"),
    ],
)
def test_a_webhook_that_would_leak_is_refused(context: Any, settings: Any, environment: Any):
    """In clear, with a password in the address, a secret in the file, or unsigned in production: not like this."""
    with pytest.raises(ConfigError):
        WebhookDelivery.create(context(settings=settings, environment=environment))
