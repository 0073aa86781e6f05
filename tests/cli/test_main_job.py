"""The main job from the outside: every command's result, streams and shapes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def test_create_send_sign_export(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """The job runs in five commands, each of which prints one document, and the home is sound afterwards."""
    made = signkit("envelope", "create", protokoll, "--signatory", "Åsa Ek <asa@example.se>", "--json")
    assert made.err == ""
    envelope = made.json
    assert (envelope["schema"], envelope["state"], envelope["title"]) == ("signkit.envelope/1", "draft", "protokoll")
    assert set(envelope) >= {"id", "kind", "metadata", "deadline", "created", "documents", "signatories", "head"}
    assert envelope["documents"][0].keys() >= {"name", "size", "sha256", "pages"}
    assert envelope["documents"][0]["size"] == protokoll.stat().st_size
    sent = signkit("envelope", "send", envelope["id"][:6], "--json").json
    assert (sent["state"], sent["signatories"][0]["state"]) == ("sent", "invited")
    signed = signkit("sign", envelope["id"], "--as", "Åsa Ek", "--provider", "rehearsal", "--json").json
    assert (signed["state"], signed["signatories"][0]["state"]) == ("completed", "signed")
    exported = signkit("envelope", "export", envelope["id"], "--output", tmp_path, "--json").json
    assert exported["schema"] == "signkit.export/1"
    assert [item["kind"] for item in exported["files"]] == ["signed", "evidence"]
    assert Path(exported["files"][0]["path"]).read_bytes().startswith(protokoll.read_bytes())
    assert signkit("doctor", "--json").json["findings"] == []


def test_the_same_for_people(signkit: Any, protokoll: Path) -> None:
    """Without --json the result is sentences in the language asked for; without a terminal there is no colour."""
    made = signkit("envelope", "create", protokoll, "--signatory", "Åsa Ek", lang="sv")
    assert "utkast" in made.out
    assert "\x1b" not in made.out + made.err
    assert "2026" in signkit("envelope", "list", lang="da").out
    assert "draft" in signkit("envelope", "list", lang="en").out


def test_global_options_stand_anywhere(sent: Any) -> None:
    """--json, --lang and --home are understood before, between and behind the words of a command."""
    home = str(sent.signkit.home)
    for words in (
        ["--home", home, "--json", "envelope", "list"],
        ["envelope", "--json", "list", f"--home={home}"],
        ["envelope", "list", "--lang", "sv", "--json", "--home", home],
    ):
        done = subprocess.run([sys.executable, "-m", "signkit_cli", *words], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["id"] == sent.id
        assert done.stderr == ""


def test_variables_name_home_and_language(sent: Any) -> None:
    """SIGNKIT_HOME and SIGNKIT_LANG stand for the options."""
    env = {"SIGNKIT_HOME": str(sent.signkit.home), "SIGNKIT_LANG": "sv", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "signkit_cli", "envelope", "list"], capture_output=True, text=True, check=True, env=env
    )
    assert "skickat" in done.stdout


def test_several_inputs_give_a_document_each(signkit: Any, protokoll: Path) -> None:
    """Both print one JSON document per envelope and line."""
    ids = [signkit.create(protokoll) for _ in range(2)]
    shown = [json.loads(line)["id"] for line in signkit("envelope", "show", *ids, "--json").out.splitlines()]
    assert shown == ids
    listed = [json.loads(line)["id"] for line in signkit("envelope", "list", "--json").out.splitlines()]
    assert listed == ids[::-1]
    assert signkit("envelope", "list", "--state", "sent", "--json").out == ""


@pytest.mark.parametrize("who", ["s1", "anna@example.se", "ANNA@example.se", "Anna Öberg", "anna  öberg", "A\u0308"])
def test_a_signatory_answers_to_id_address_and_name(sent: Any, who: str) -> None:
    """--as takes the id, the e-mail address or the name, in any case and composition; not part of a name."""
    if who.startswith("A\u0308"):
        sent.signkit("sign", sent.id, "--as", who, "--provider", "rehearsal", code=10)
        return
    sent.signkit("sign", sent.id, "--as", who, "--provider", "rehearsal")
    assert sent.signkit.show(sent.id)["signatories"][0]["state"] == "signed"


def test_prefixes_name_an_envelope_when_unique(signkit: Any, protokoll: Path) -> None:
    """A prefix that several envelopes share is refused with examples; one that none has, too."""
    ids = [signkit.create(protokoll) for _ in range(2)]
    shared = signkit("envelope", "show", "", "--json", code=10).error
    assert shared["code"] == "envelope.not_found"
    assert signkit("envelope", "show", ids[0][:12].upper(), "--json").json["id"] == ids[0]
    assert signkit("envelope", "show", "%", "--json", code=10).error["code"] == "envelope.not_found"


def test_all_sign_in_their_order(sent: Any) -> None:
    """--as all takes everybody in signing order and completes; again it does nothing and says so."""
    done = sent.signkit("sign", sent.id, "--as", "all", "--provider", "rehearsal")
    assert done.err.index("Anna Öberg") < done.err.index("Bo Ek")
    assert sent.state() == "completed"
    again = sent.signkit("sign", sent.id, "--as", "all", "--provider", "rehearsal", "--json")
    assert again.json["state"] == "completed"
    assert "already" in again.err.lower()


def test_nobody_signs_before_their_turn(sent: Any) -> None:
    """Bo, second in order, is told to wait for Anna; nothing is begun."""
    refused = sent.signkit("sign", sent.id, "--as", "Bo Ek", "--provider", "rehearsal", "--json", code=10)
    assert refused.error["code"] == "envelope.not_your_turn"
    assert "Anna Öberg" in refused.error["hint"]
    assert refused.out == ""


def test_one_ceremony_over_several_envelopes(signkit: Any, protokoll: Path) -> None:
    """A person who awaits two envelopes signs both in one ceremony, also where the order numbers differ."""
    first = signkit.create(protokoll, people=["Anna Ek; id=198001011009"])
    second = signkit.create(protokoll, people=["Bo Å; order=1", "Anna Ek; order=2; id=198001011009"])
    signkit("envelope", "send", first, second)
    signkit("sign", second, "--as", "Bo Å", "--provider", "rehearsal")
    done = signkit("sign", first, second, "--as", "Anna Ek", "--provider", "rehearsal", "--json")
    assert [json.loads(line)["state"] for line in done.out.splitlines()] == ["completed", "completed"]
    assert done.err.count("Anna Ek has signed") == 1
    assert signkit("doctor", "--json").json["findings"] == []


def test_everybody_over_several_envelopes(signkit: Any, protokoll: Path) -> None:
    """--as all gathers each person's places over the envelopes as far as the order allows."""
    first = signkit.create(protokoll, people=["Anna Ek", "Bo Å; order=2"])
    second = signkit.create(protokoll, people=["Bo Å", "Anna Ek; order=2"])
    signkit("envelope", "send", first, second)
    signkit("sign", first, second, "--as", "all", "--provider", "rehearsal")
    assert {signkit.show(item)["state"] for item in (first, second)} == {"completed"}


def test_one_person_in_two_roles(signkit: Any, protokoll: Path) -> None:
    """A person who holds two places of one envelope fills both, each with a signature of its own."""
    envelope = signkit.create(protokoll, people=["Anna Ek; role=chair", "Anna Ek; role=secretary"])
    signkit("envelope", "send", envelope)
    signkit("sign", envelope, "--as", "Anna Ek", "--provider", "rehearsal")
    assert signkit.show(envelope)["state"] == "completed"


def test_decline_and_void(sent: Any, signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """Both end an envelope, ask first, close the files with that outcome, and change nothing when said again."""
    asked = sent.signkit("decline", sent.id, "--as", "Anna Öberg", "--json", code=2)
    assert asked.error["code"] == "usage.confirm"
    declined = sent.signkit("decline", sent.id, "--as", "Anna Öberg", "--reason", "fel bilaga", "--yes", "--json").json
    assert [declined["state"], declined["sealed"]] == ["declined", True]
    assert [item["state"] for item in declined["signatories"]] == ["declined", "not_needed"]
    assert sent.signkit("decline", sent.id, "--as", "s1", "--yes", "--json").json["head"] == declined["head"]
    assert sent.signkit("envelope", "void", sent.id, "--yes", "--json", code=10).error["code"] == "envelope.transition"
    assert sent.signkit("sign", sent.id, "--as", "s2", "--provider", "rehearsal", code=10)
    draft = signkit.create(protokoll)
    assert signkit("envelope", "void", draft, code=2)
    assert signkit("envelope", "void", draft, "--yes", "--json").json["state"] == "voided"
    assert signkit("envelope", "send", draft, "--json", code=10).error["code"] == "envelope.transition"
    assert signkit("envelope", "export", draft, "--output", tmp_path, code=10)


def test_an_unfinished_file_is_exported_on_a_copy(sent: Any, tmp_path: Path) -> None:
    """Exporting before the end gives a dated copy and leaves the envelope as it is; again it replaces its own copy."""
    before = sent.signkit.show(sent.id)["documents"]
    first = sent.signkit("envelope", "export", sent.id, "--output", tmp_path, "--json").json
    again = sent.signkit("envelope", "export", sent.id, "--output", tmp_path, "--json").json
    assert [item["path"] for item in first["files"]] == [item["path"] for item in again["files"]]
    assert sent.signkit.show(sent.id)["documents"] == before
    path = Path(first["files"][0]["path"])
    path.write_bytes(b"somebody else's")
    refused = sent.signkit("envelope", "export", sent.id, "--output", tmp_path, "--json", code=2)
    assert refused.error["code"] == "usage.exists"
    assert path.read_bytes() == b"somebody else's"
    sent.signkit("envelope", "export", sent.id, "--output", tmp_path, "--yes")
    assert path.read_bytes().startswith(b"%PDF")
    sent.signkit("envelope", "export", sent.id, "--output", tmp_path / "new" / "deep")
    assert (tmp_path / "new" / "deep" / path.name).exists()
    assert sent.signkit("envelope", "export", sent.id, "--output", path, code=2)


def test_reading_commands_write_nothing(sent: Any) -> None:
    """show, list, trust list and doctor leave every byte of the home as it was."""

    def snapshot() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(sent.signkit.home.rglob("*")) if path.is_file()}

    before = snapshot()
    sent.signkit("envelope", "show", sent.id)
    sent.signkit("envelope", "list")
    sent.signkit("trust", "list")
    sent.signkit("doctor")
    after = {name: data for name, data in snapshot().items() if not name.endswith(("-shm", "-wal"))}
    assert after == before
