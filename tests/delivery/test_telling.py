"""Who is told what, from the command line over a real mail server: sent, refused, late, returned."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signkit.testing.clock import MovableClock

ANNA = "Anna Ek <anna@bjorkvik.example>; role=chair"
BO = "Bo Ås <bo@bjorkvik.example>; role=adjuster; order=2"
TORA = "Tora Vy <tora@bjorkvik.example>; capacity=viewer"
KIM = "Kim Kopia <kim@bjorkvik.example>; capacity=copy"
SECRET = "Avskedande av rektor"


@pytest.fixture
def home(signkit: Any, clock: MovableClock) -> Any:
    """Return the command line over a test home with that clock."""
    return signkit


@pytest.fixture
def by_mail(home: Any, mail_server: Any) -> Callable[..., Any]:
    """Return what configures the home for a mail server on this machine, and returns the server's box."""

    def configure(*, port: int | None = None, notify: str = "", more: str = "") -> Any:
        server: Any = None if port else mail_server(security="none")
        text = (home.home / "config.toml").read_text(encoding="utf-8").partition("\n[delivery]")[0]
        text += (
            f'\n[delivery]\nmethod = "smtp"\nsender = "noreply@bjorkvik.example"\ntimeout_seconds = 2\n'
            f'[delivery.smtp]\nhost = "127.0.0.1"\nsecurity = "none"\nport = {port or server.port}\n{more}\n'
            f'[notify]\nclerk = "registrator@bjorkvik.example"\n{notify}\n'
        )
        (home.home / "config.toml").write_text(text, encoding="utf-8")
        return server.box if server else None

    return configure


def made(home: Any, document: Path, *people: str, more: tuple[object, ...] = ()) -> str:
    """Make and send an envelope."""
    envelope = str(home.create(document, people=people, more=("--title", SECRET, *more)))
    home("envelope", "send", envelope)
    return envelope


def notified(home: Any, envelope: str) -> list[tuple[str, str, str, str]]:
    """Return what the journal says of letters: to, event, outcome, code."""
    entries = home("journal", "show", envelope, "--json").json["entries"]
    data = [item["data"] for item in entries if item["type"] == "notified"]
    return [(item["to"], item["event"], item["outcome"], item["code"]) for item in data]


def arrived(box: Any) -> list[tuple[str, str]]:
    """Return who got a mail about what, by its Message-ID."""
    found = []
    for mail, (_, recipients) in zip(box.mails, box.envelopes, strict=True):
        event = re.search(r"\.([a-z]+)-[0-9]+@", mail["Message-ID"])
        found.append((recipients[0].partition("@")[0], event[1] if event else ""))
    return found


def test_everybody_is_told_in_turn_and_the_copy_gets_the_file(home: Any, by_mail: Any, protokoll: Path) -> None:
    """The next in order is invited when it is their turn; when all is done everybody hears, and the proof holds."""
    box = by_mail()
    envelope = made(home, protokoll, ANNA, BO, TORA, KIM, more=("--deadline", "2099-01-05"))
    assert arrived(box) == [("tora", "sent"), ("anna", "invited")]
    invitation = box.mails[1]
    assert SECRET in invitation.get_body(("plain",)).get_content()
    assert f"signkit sign {envelope} --as s1" in invitation.get_body(("plain",)).get_content()
    (calendar,) = invitation.iter_attachments()
    assert b"DTSTART;VALUE=DATE:20990105\r\n" in calendar.get_content().encode().replace(b"\n", b"\r\n").replace(
        b"\r\r", b"\r"
    )
    home("sign", envelope, "--as", "s1", "--provider", "rehearsal")
    assert arrived(box)[2:] == [("bo", "invited")]
    home("sign", envelope, "--as", "s2", "--provider", "rehearsal")
    assert sorted(arrived(box)[3:]) == [(name, "completed") for name in ("anna", "bo", "kim", "registrator", "tora")]
    files = {arrived(box)[n][0]: [a.get_filename() for a in box.mails[n].iter_attachments()] for n in range(3, 8)}
    assert files == {"kim": ["protokoll.pdf"], "anna": [], "bo": [], "registrator": [], "tora": []}
    assert all(SECRET not in mail["Subject"] and "Ek" not in mail["Subject"] for mail in box.mails)
    home("tick")
    assert len(box.mails) == 8
    assert home("doctor", "--json").json["sound"]
    assert {item[2:] for item in notified(home, envelope)} == {("sent", "250-2.0.0")}


def test_one_bad_address_hinders_nobody(home: Any, by_mail: Any, protokoll: Path) -> None:
    """Who is refused is an entry, the clerk is told, the others get theirs, and no address is in entries."""
    box = by_mail()
    box.on_rcpt.append("550 5.1.1 no such user")
    envelope = made(home, protokoll, ANNA, "Bo Ås <bo@bjorkvik.example>")
    assert arrived(box) == [("bo", "invited"), ("registrator", "undelivered")]
    assert "Anna Ek" in box.mails[1].get_body(("plain",)).get_content()
    assert notified(home, envelope) == [
        ("s1", "invited", "refused", "smtp.550-5.1.1"),
        ("s2", "invited", "sent", "250-2.0.0"),
        ("clerk", "undelivered", "sent", "250-2.0.0"),
    ]
    assert "@" not in home("journal", "show", envelope, "--json").out.replace("+", "")
    home("sign", envelope, "--as", "all", "--provider", "rehearsal")
    assert home.show(envelope)["state"] == "completed"


def test_a_server_that_is_away_is_tried_again(
    home: Any, by_mail: Any, protokoll: Path, clock: MovableClock, closed_port: int
) -> None:
    """The envelope is sent all the same; the letters wait, with longer pauses, and arrive with the id they had."""
    by_mail(port=closed_port)
    envelope = made(home, protokoll, ANNA, "Bo Ås <bo@bjorkvik.example>")
    assert home.show(envelope)["state"] == "sent"
    assert notified(home, envelope) == [("s1", "invited", "deferred", "delivery.unreachable")]
    box = by_mail()
    home("tick")
    assert arrived(box) == [("bo", "invited")]
    clock.move(minutes=6)
    ticked = home("tick", "--json").json
    assert ticked["done"] == [{"envelope": envelope, "action": "notified_sent", "signatory": "s1"}]
    assert arrived(box) == [("bo", "invited"), ("anna", "invited")]
    home("tick")
    assert len(box.mails) == 2


def test_after_enough_attempts_the_clerk_is_asked(
    home: Any, by_mail: Any, protokoll: Path, clock: MovableClock
) -> None:
    """A mailbox that stays full is given up, once, and the clerk is told."""
    box = by_mail(notify="attempts = 3")
    box.on_rcpt += ["452 4.2.2 mailbox full"] * 3
    envelope = made(home, protokoll, ANNA)
    for _ in range(4):
        clock.move(hours=2)
        home("tick")
    outcomes = [item[2] for item in notified(home, envelope)]
    assert outcomes == ["deferred", "deferred", "given_up", "sent"]
    assert ("registrator", "undelivered") in arrived(box)


def test_who_signed_hears_that_another_declined(home: Any, by_mail: Any, protokoll: Path) -> None:
    """A refusal ends the envelope; those who signed and those still asked are told, the one who declined is not."""
    box = by_mail()
    envelope = made(
        home, protokoll, ANNA.replace("; role=chair", ""), BO.replace("order=2", "order=1"), "Cia Ny <c@x.se>"
    )
    home("sign", envelope, "--as", "s1", "--provider", "rehearsal")
    home("decline", envelope, "--as", "s2", "--reason", "Fel bilaga", "--yes")
    told = [item for item in arrived(box) if item[1] == "declined"]
    assert sorted(told) == [("anna", "declined"), ("c", "declined"), ("registrator", "declined")]
    last = box.mails[-1].get_body(("plain",)).get_content()
    assert "Bo Ås" in last
    assert "Fel bilaga" not in last


def test_a_letter_that_comes_back_is_written_down(
    home: Any, by_mail: Any, protokoll: Path, clock: MovableClock
) -> None:
    """A report in the folder for returned mail becomes an entry, once, and the clerk is told."""
    box = by_mail(more='bounces = "returned"')
    envelope = made(home, protokoll, ANNA)
    folder = home.home / "returned"
    folder.mkdir()
    ident = str(box.mails[0]["Message-ID"])
    report = (
        'Content-Type: multipart/report; boundary="B"\n\n--B\nContent-Type: message/delivery-status\n\n'
        "Reporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1\n\n--B\nContent-Type: text/rfc822-headers\n\n"
        f"Message-ID: {ident}\n\n--B--\n"
    )
    for name in ("1", "2"):
        (folder / name).write_text(report)
    home("tick")
    home("tick")
    assert notified(home, envelope)[1:] == [
        ("s1", "invited", "returned", "5.1.1"),
        ("clerk", "undelivered", "sent", "250-2.0.0"),
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["settled"]


def test_a_wrong_configuration_stops_no_signing(home: Any, protokoll: Path) -> None:
    """A delivery that cannot be made is told of; people can sign, and the letters wait."""
    with (home.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write('\n[delivery]\nmethod = "smtp"\n')
    envelope = home.create(protokoll, people=(ANNA,))
    sent = home("envelope", "send", envelope)
    assert "delivery.smtp.host" in sent.err
    assert not home("doctor", "--json", code=None).json["sound"]
    home("sign", envelope, "--as", "all", "--provider", "rehearsal")
    assert home.show(envelope)["state"] == "completed"
    assert notified(home, envelope) == []


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ('[delivery]\nmetod = "smtp"', "delivery.metod"),
        ('[notify]\ncomplete = ["clerk"]', "notify.complete"),
        ('[notify]\ncompleted = ["clerks"]', "notify.completed"),
        ('[notify]\nclerk = "Registrator"', "notify.clerk"),
        ('[notify]\nlink = "https://x.example/{id}"', "notify.link"),
        ('[notify]\nlink = "https://x.example/"', "notify.link"),
        ("[notify]\nattempts = 99", "notify.attempts"),
    ],
)
def test_a_wrong_setting_names_its_key(home: Any, lines: str, field: str) -> None:
    """An unknown key or a value that does not fit is an error of the configuration, with a hint."""
    with (home.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{lines}\n")
    error = home("envelope", "list", "--json", code=12).error
    assert error["subject"]["field"] == field


def test_a_link_and_a_meeting_are_told(home: Any, by_mail: Any, protokoll: Path) -> None:
    """Where people sign on a page or in a room, the letter says so, in Swedish, and a contract's title stays out."""
    text = (home.home / "config.toml").read_text(encoding="utf-8")
    (home.home / "config.toml").write_text(text.replace('language = "en"', 'language = "sv"'), encoding="utf-8")
    box = by_mail(
        notify='link = "https://sign.example/{envelope}/{signatory}"\nmeeting = "stadshuset, rum 214"\n'
        'contact = "Registrator, 0123-45 60 00"'
    )
    envelope = made(home, protokoll, "Anna Ek <anna@x.se>", more=("--kind", "employment-contract"))
    words = box.mails[0].get_body(("plain",)).get_content()
    page = box.mails[0].get_body(("html",)).get_content()
    assert f"https://sign.example/{envelope}/s1" in words
    assert "stadshuset, rum 214" in words
    assert "0123-45 60 00" in words
    assert "anställningsavtal" in words
    assert '<html lang="sv">' in page
    assert SECRET not in words + page
    assert "protokoll.pdf" not in words + page
