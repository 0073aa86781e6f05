"""Letters along an envelope's life, as files in the outbox: reminded, delegated, extended, voided, corrected."""

from __future__ import annotations

import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from signkit.errors import DeliveryUnavailableError
from signkit.ports.delivery import Receipt

ANNA, BO = "Anna Ek <anna@x.se>", "Bo Ås <bo@x.se>"


def letters(home: Path) -> dict[str, EmailMessage]:
    """Return the letters in the outbox: place and event → letter; the newest of each."""
    found = {}
    for path in sorted((home / "outbox").glob("*.eml"), key=lambda item: int(item.stem.rpartition("-")[2])):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        found[path.stem.partition(".")[2].rpartition("-")[0]] = mail
    return found


def body(mail: EmailMessage) -> str:
    """Return the plain text of a letter in one line."""
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


@pytest.fixture
def sent(signkit: Any, protokoll: Path) -> str:
    """Return an envelope that was sent to two people."""
    envelope = str(signkit.create(protokoll, people=(ANNA, BO), more=("--deadline", "2099-01-05")))
    signkit("envelope", "send", envelope)
    return envelope


def test_a_reminder_and_more_time(signkit: Any, sent: str) -> None:
    """Who is reminded gets a letter; with a later deadline comes a newer version of the same calendar event."""
    signkit("envelope", "remind", sent)
    signkit("envelope", "remind", sent)
    signkit("envelope", "extend", sent, "--deadline", "2099-02-05")
    found = letters(signkit.home)
    assert sorted(found) == sorted(
        f"{place}.{event}" for place in ("s1", "s2") for event in ("invited", "reminded", "extended")
    )
    events = [next(found[f"s1.{name}"].iter_attachments()).get_content() for name in ("invited", "extended")]
    uids = [[line for line in event.splitlines() if line.startswith("UID")] for event in events]
    numbers = [int(line[9:]) for event in events for line in event.splitlines() if line.startswith("SEQUENCE:")]
    assert uids[0] == uids[1]
    assert numbers[0] < numbers[1]
    assert "Thursday 5 February 2099" in body(found["s1.extended"])
    assert {mail["References"] for name, mail in found.items() if name.startswith("s1")} == {
        found["s1.invited"]["References"]
    }


def test_a_delegate_hears_who_gave_the_mandate(signkit: Any, sent: str) -> None:
    """The letter goes to the delegate and says for whom; the next reminder goes to the delegate as well."""
    signkit("delegate", sent, "--as", "s1", "--to", "Cia Ny <cia@x.se>", "--mandate", "Delegationsordning 4.2")
    found = letters(signkit.home)["s1.delegated"]
    assert found["To"] == "Cia Ny <cia@x.se>"
    assert "Anna Ek has given you a mandate" in body(found)
    assert "4.2" not in body(found)
    signkit("envelope", "remind", sent)
    assert letters(signkit.home)["s1.reminded"]["To"] == "Cia Ny <cia@x.se>"


def test_who_signed_hears_that_it_was_taken_back_and_replaced(signkit: Any, sent: str) -> None:
    """After one signature the envelope is voided, then corrected: the one who signed is told of both."""
    signkit("sign", sent, "--as", "s1", "--provider", "rehearsal")
    signkit("envelope", "void", sent, "--yes")
    new = signkit("envelope", "correct", sent, "--json").json["id"]
    found = letters(signkit.home)
    assert {"s1.voided", "s2.voided", "s1.corrected"} <= set(found)
    assert "s2.corrected" not in found
    signkit("envelope", "send", new)
    assert len([path for path in (signkit.home / "outbox").iterdir() if path.name.startswith(new)]) == 2


def test_a_draft_that_is_voided_tells_nobody(signkit: Any, protokoll: Path) -> None:
    """Nobody hears of what was never sent."""
    envelope = signkit.create(protokoll, people=(ANNA,))
    signkit("envelope", "void", envelope, "--yes")
    assert not (signkit.home / "outbox").exists()


def test_a_crash_between_handing_over_and_writing_down(
    signkit: Any, protokoll: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies after the letter went out sends it again with the same id, and nobody's letter is lost."""
    handed: list[str] = []

    def deliver(self: Any, message: Any) -> Receipt:
        handed.append(message.id)
        if len(handed) == 1:
            raise KeyboardInterrupt
        if len(handed) == 3:
            raise DeliveryUnavailableError("not now", code="test.later")
        return Receipt("ok")

    monkeypatch.setattr("signkit_providers.outbox.OutboxDelivery.deliver", deliver)
    envelope = signkit.create(protokoll, people=(ANNA, BO))
    signkit("envelope", "send", envelope, code=130)
    signkit("tick")
    first, again, other = handed
    assert first == again != other
    signkit("sign", envelope, "--as", "all", "--provider", "rehearsal")
    assert signkit.show(envelope)["state"] == "completed"


def test_two_at_once_carry_each_letter_once(signkit: Any, sent: str) -> None:
    """Two processes that carry letters at the same time write down each letter once."""
    config = signkit.home / "config.toml"
    config.write_text(
        config.read_text(encoding="utf-8") + '\n[notify]\nsigned = ["clerk", "invited"]\nclerk = "c@x.se"\n'
    )
    command = [sys.executable, "-m", "signkit_cli", "--home", str(signkit.home)]
    words = [["sign", sent, "--as", "s1", "--provider", "rehearsal"], ["tick"], ["tick"]]
    running = [subprocess.Popen([*command, *item], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for item in words]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    for process in running:
        if process.stderr:
            process.stderr.close()
    signkit("tick")
    entries = signkit("journal", "show", sent, "--json").json["entries"]
    told = [(item["data"]["event"], item["data"]["to"]) for item in entries if item["type"] == "notified"]
    assert sorted(told) == [("invited", "s1"), ("invited", "s2"), ("signed", "clerk"), ("signed", "s2")]
