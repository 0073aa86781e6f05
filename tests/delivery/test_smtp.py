"""Mail by SMTP against a real server: what it says, and what it fails to say."""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from signkit.errors import ConfigError, DeliveryRejectedError, DeliveryUnavailableError
from signkit.ports.delivery import DeliveryService
from signkit.testing.delivery import DeliveryConformance, example_message
from signkit_providers.smtp import SmtpDelivery

PASSWORD = "hemlig åäö"


@pytest.fixture
def smtp(mail_server: Any, context: Any, tls: Any, tmp_path: Path):
    """Return what starts a mail server and a delivery to it."""
    made = []

    def make(
        *, security: Any = "starttls", login: Any = False, password: Any = PASSWORD, box: Any = None, **more: Any
    ) -> Any:
        server = mail_server(security=security, login=login)
        settings = {"host": "127.0.0.1", "port": server.port, "security": security, "ca_file": str(tls[1])}
        if login:
            (tmp_path / "password").write_text(password + "\n", encoding="utf-8")
            settings |= {"username": "signkit", "password_file": "password"}
        timeout = more.pop("timeout_seconds", 2.0)
        delivery = SmtpDelivery.create(context(settings=settings | more, timeout_seconds=timeout))
        made.append(delivery)
        return delivery, server.box

    yield make
    for delivery in made:
        delivery.close()


class TestSmtpConformance(DeliveryConformance):
    """The mail delivery does what every delivery must."""

    @pytest.fixture(autouse=True)
    def _server(self, smtp: Any) -> None:
        self._delivery, self._box = smtp()

    def open_service(self, folder: Path) -> DeliveryService:  # noqa: ARG002
        """Return the service."""
        delivery: DeliveryService = self._delivery
        return delivery

    def handed_over(self) -> list[str]:
        """Return what arrived."""
        ids = [parseaddr(mail["Message-ID"])[1].partition("@")[0] for mail in self._box.mails]
        assert all(recipients == ["asa@example.se"] for _, recipients in self._box.envelopes)
        return list(dict.fromkeys(ids))


def test_a_mail_arrives_as_it_was_written(smtp: Any):
    """Text, HTML, calendar and document arrive whole, with one recipient, over one connection."""
    delivery, box = smtp()
    message = example_message()
    assert delivery.deliver(message).code == "250-2.0.0"
    delivery.deliver(example_message(2))
    mail = box.mails[0]
    assert mail["Subject"] == message.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"].addresses[0].addr_spec == "noreply@bjorkvik.example"
    assert [item.addr_spec for item in mail["To"].addresses] == ["asa@example.se"]
    assert mail.get_body(("plain",)).get_content().splitlines() == message.text.splitlines()
    assert "En handling väntar" in mail.get_body(("html",)).get_content()
    calendar, document = mail.iter_attachments()
    assert (calendar.get_content_type(), calendar["Content-Type"].params["method"]) == ("text/calendar", "PUBLISH")
    assert (document.get_filename(), document.get_content()) == ("protokoll åäö.pdf", message.attachments[1].data)
    assert len(box.sessions) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the server does not know TLS from the first byte for TLS
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_login_goes_over_an_encrypted_line_only(smtp: Any, security: Any):
    """With the password from a file the server lets us in; a wrong one is told apart from a refused mail."""
    delivery, box = smtp(security=security, login=True)
    delivery.deliver(example_message())
    assert len(box.mails) == 1
    delivery, _ = smtp(security=security, login=True, password="fel")
    with pytest.raises(DeliveryUnavailableError) as raised:
        delivery.deliver(example_message())
    assert raised.value.code == "smtp.535"
    assert "fel" not in raised.value.message


def test_a_server_that_cannot_be_trusted_gets_nothing(mail_server: Any, context: Any, tls: Any):
    """A certificate from nowhere, and a server without encryption: no mail, no password."""
    stranger, plain = mail_server(), mail_server(security="none")
    settings = {"host": "127.0.0.1", "port": stranger.port}
    for port, more in ((stranger.port, {}), (plain.port, {"ca_file": str(tls[1])})):
        delivery = SmtpDelivery.create(context(settings=settings | {"port": port} | more))
        with pytest.raises(DeliveryUnavailableError) as raised:
            delivery.deliver(example_message())
        assert raised.value.code == "delivery.tls"
        delivery.close()
    assert stranger.box.mails == plain.box.mails == []


@pytest.mark.parametrize(
    ("where", "answer", "error", "code"),
    [
        ("on_rcpt", "450 4.2.1 mailbox busy", DeliveryUnavailableError, "smtp.450-4.2.1"),
        ("on_rcpt", "550 5.1.1 no such user", DeliveryRejectedError, "smtp.550-5.1.1"),
        ("on_mail", "550 5.7.1 sender not allowed", DeliveryUnavailableError, "smtp.550-5.7.1"),
        ("on_mail", "552 too big", DeliveryRejectedError, "smtp.552"),
        ("on_data", "451 4.3.0 try again", DeliveryUnavailableError, "smtp.451-4.3.0"),
        ("on_data", "554 5.6.0 spam", DeliveryRejectedError, "smtp.554-5.6.0"),
        ("on_rcpt", "421 4.3.2 closing", DeliveryUnavailableError, "smtp.421-4.3.2"),
    ],
)
def test_what_the_server_says_decides_whether_to_try_again(smtp: Any, where: Any, answer: Any, error: Any, code: Any):
    """4xx is later, 5xx about the message is never; the next message goes through on its own."""
    delivery, box = smtp()
    getattr(box, where).append(answer)
    with pytest.raises(error) as raised:
        delivery.deliver(example_message())
    assert raised.value.code == code
    assert "asa@" not in str(raised.value) + str(raised.value.hint)
    delivery.deliver(example_message(2))
    assert len(box.mails) == 1


def test_a_server_that_hangs_up_is_called_again(smtp: Any):
    """A line cut in the middle of a first mail is *later*; one that was left open too long is opened anew at once."""
    delivery, box = smtp()
    box.hang_up = 1
    with pytest.raises(DeliveryUnavailableError) as raised:
        delivery.deliver(example_message())
    assert raised.value.code == "delivery.unreachable"
    delivery.deliver(example_message())
    box.hang_up = 1
    delivery.deliver(example_message(2))
    assert len(box.mails) == 2


def test_a_slow_server_is_left_after_the_time_allowed(smtp: Any, context: Any, closed_port: Any):
    """Who waits for ever is left; where nobody listens it is told at once."""
    delivery, box = smtp(timeout_seconds=0.3)
    box.on_data.append(1.0)
    with pytest.raises(DeliveryUnavailableError) as raised:
        delivery.deliver(example_message())
    assert raised.value.code == "delivery.unreachable"
    nobody = SmtpDelivery.create(context(settings={"host": "127.0.0.1", "port": closed_port}))
    with pytest.raises(DeliveryUnavailableError):
        nobody.deliver(example_message())


def test_addresses_beyond_ascii(smtp: Any):
    """A domain with Swedish letters is written as DNS knows it; a local part needs a server that knows how."""
    delivery, box = smtp()
    delivery.deliver(example_message(to="asa@björkvik.example"))
    assert box.envelopes[0][1] == ["asa@xn--bjrkvik-b1a.example"]
    with pytest.raises(DeliveryRejectedError) as raised:
        delivery.deliver(example_message(2, to="åsa@example.se"))
    assert raised.value.code == "delivery.smtputf8"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({}, "host"),
        ({"host": "mail.example", "prot": 25}, "prot"),
        ({"host": "mail.example", "port": 0}, "port"),
        ({"host": "mail.example", "security": "ssl"}, "security"),
        ({"host": "mail.example", "security": "none"}, "security"),
        ({"host": "mail.example", "username": "me"}, "password_file"),
        ({"host": "mail.example", "username": "me", "password_file": "nowhere"}, "password_file"),
        ({"host": "mail.example", "ca_file": "nowhere"}, "ca_file"),
        ({"host": "mail.example", "bounce_address": "not one"}, "bounce_address"),
    ],
)
def test_a_wrong_setting_is_told_of_before_anything_is_sent(context: Any, settings: Any, field: Any):
    """Each mistake names its key."""
    with pytest.raises(ConfigError) as raised:
        SmtpDelivery.create(context(settings=settings))
    assert raised.value.subject["field"] == f"delivery.smtp.{field}"


def test_a_sender_is_needed(context: Any):
    """Mail from nobody goes nowhere."""
    with pytest.raises(ConfigError, match="sender"):
        SmtpDelivery.create(context(settings={"host": "mail.example"}, sender=None))
