"""Mail that came back: reports are read from a folder, and nothing else in it is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit_providers._dsn import parse_report, read_bounces, settle_bounce

ID = "0123456789abcdef.s1.invited-2"
REPORT = """\
From: MAILER-DAEMON@mail.example
To: noreply@bjorkvik.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

The mail system says no.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
Original-Envelope-Id: {envid}

Final-Recipient: rfc822; asa@example.se
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--B
Content-Type: text/rfc822-headers

Message-ID: <{id}@bjorkvik.example>
Subject: x

--B--
"""


def report(*, action: Any = "failed", status: Any = "5.1.1", ident: Any = ID, envid: Any = ID) -> bytes:
    """Return a report as a mail server writes them."""
    return REPORT.format(action=action, status=status, id=ident, envid=envid).encode()


def test_a_failure_names_the_message_and_its_status():
    """A report of a failure tells which message failed and whether for ever."""
    bounce = parse_report(report(), source="x")
    assert bounce is not None
    assert (bounce.message, bounce.code, bounce.permanent) == (ID, "5.1.1", True)
    later = parse_report(report(status="4.4.7"), source="x")
    assert later is not None
    assert not later.permanent
    by_envelope = parse_report(report(ident="not one of ours"), source="x")
    assert by_envelope is not None
    assert by_envelope.message == ID


@pytest.mark.parametrize(
    "data",
    [
        report(action="delayed"),
        report(action="delivered"),
        report(ident="??", envid=""),
        b"Subject: holiday\n\nI am away.",
        b"",
        b"Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\n\n--B--",
    ],
)
def test_what_is_no_failure_of_ours_is_left_alone(data: Any):
    """Delays, successes, holiday greetings and rubbish say nothing."""
    assert parse_report(data, source="x") is None


@given(st.integers(0, 900), st.binary(max_size=40))
def test_a_damaged_report_never_raises(position: Any, junk: Any):
    """Whatever stands in the folder is read without an error."""
    whole = report()
    parse_report(whole[:position] + junk + whole[position + len(junk) :], source="x")


def test_a_report_is_read_until_it_is_settled(tmp_path: Path):
    """A folder is read whole, flat or as a Maildir; what was written down is moved aside, once."""
    (tmp_path / "1.eml").write_bytes(report())
    (tmp_path / "2.eml").write_bytes(b"Subject: hello\n\n")
    (bounce,) = read_bounces(tmp_path)
    settle_bounce(tmp_path, bounce)
    settle_bounce(tmp_path, bounce)
    assert read_bounces(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.eml", "settled"]
    for name in ("new", "cur"):
        (tmp_path / "mail" / name).mkdir(parents=True)
        (tmp_path / "mail" / name / "a").write_bytes(report())
    assert len(read_bounces(tmp_path / "mail")) == 2
