"""The evidence bundle: made, checked elsewhere by us, by others, and by hand; and what is left of it once erased."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signkit.model.report import Report, Verdict, Voucher
from signkit.testing.containers import pack, unpack
from signkit.testing.pages import commands_of, follow
from signkit.workflows.bundle_journal import journal_part

Files = dict[str, bytes]
DOCUMENT = "documents/protokoll-signed.pdf"


def codes(report: Report, verdict: Verdict = Verdict.FAILED) -> set[str]:
    """Return the codes of the findings with that verdict."""
    return {item.code for item in report.findings if item.verdict is verdict}


def test_it_decides_every_claim_elsewhere(made: Any, signkit_at: Any, tmp_path: Path) -> None:
    """On a machine without a home, with what the organisation published: C1 to C6, and one report per document."""
    other = signkit_at(tmp_path / "no-home")
    shutil.copy(made.bundle, tmp_path / "named-anything")
    words = ("--trust", made.trust, "--require", "C3b,C5", "--json")
    report = other("verify", tmp_path / "named-anything", *words).json
    assert {name: claim["verdict"] for name, claim in report["claims"].items()} == dict.fromkeys(
        ("C1", "C2", "C3a", "C3b", "C4", "C5", "C6"), "PASSED"
    )
    assert (report["verdict"], report["envelope"], report["completion"]) == ("PASSED", made.envelope, "finished")
    assert [item["input"]["path"] for item in report["contents"]] == [DOCUMENT]
    assert {"bundle.sealed", "bundle.history"} <= {item["code"] for item in report["findings"]}
    assert report["signatures"][-2]["level"] == "B-LTA"
    told = other("verify", made.bundle, "--trust", made.trust, lang="sv").out
    assert "bundle." not in told
    (tmp_path / "folder").mkdir()
    shutil.copy(made.bundle, tmp_path / "folder")
    assert other("verify", tmp_path / "folder", "--recursive", "--trust", made.trust, "--json").json["contents"]


def test_what_is_not_trusted_is_not_decided(made: Any, signkit_at: Any, tmp_path: Path) -> None:
    """With the root alone the eID and the log stay open; with nothing the whole does. It vouches not for itself."""
    other = signkit_at(tmp_path / "no-home")
    root = tmp_path / "root.pem"
    block = re.search(r"-----BEGIN CERT.*?END CERTIFICATE-----\n", made.trust.read_text(), re.DOTALL)
    assert block
    root.write_text(block[0])
    report = other("verify", made.bundle, "--trust", root, "--json").json
    assert (report["verdict"], report["claims"]["C3b"]["verdict"]) == ("PASSED", "NOT_DECIDED")
    assert other("verify", made.bundle, "--trust", root, "--require", "C5", code=4)
    assert other("verify", made.bundle, "--json", code=4).json["verdict"] == "INDETERMINATE"


def test_an_outside_judge_accepts_seal_and_timestamps(made: Any, shared: Path) -> None:
    """EU DSS: TOTAL_PASSED, level LTA, every file covered, both timestamps passed."""
    command = [str(shared / "judges" / "run"), "asice", "--trust", str(made.trust), str(made.bundle)]
    judged = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    (signature,) = judged["signatures"]
    assert (signature["indication"], signature["format"]) == ("TOTAL_PASSED", "CAdES_BASELINE_LTA")
    assert judged["coversFile"]
    assert [stamp["indication"] for stamp in judged["timestamps"]] == ["PASSED", "PASSED"]
    covered = {scope["name"] for scope in signature["scopes"]}
    assert covered >= {name for name in unpack(made.bundle) if name != "mimetype" and not name.startswith("META-INF/")}


@pytest.mark.parametrize("heading", ["Bevispaket", "Evidence bundle"])
def test_its_readme_can_be_followed_by_hand(made: Any, tmp_path: Path, heading: str) -> None:
    """Every command of the page succeeds on an unpacked bundle, and the first ones fail once something is changed."""
    shutil.unpack_archive(made.bundle, tmp_path, "zip")
    pages = (tmp_path / "README.txt").read_text().split("=" * 78)
    (commands,) = [commands_of(page) for page in pages if heading in page]
    assert len(commands) == 7

    def run() -> int:
        return follow(commands, tmp_path).returncode

    assert follow(commands, tmp_path).stdout.endswith(b"yes\n")
    entry = tmp_path / "journal" / "entries" / "0003.json"
    entry.write_bytes(entry.read_bytes().replace(b"2", b"3", 1))
    assert run() != 0
    sums = tmp_path / "SHA256SUMS"  # a forger who changes the list too is found by the seal
    text, digest = sums.read_text(), hashlib.sha256(entry.read_bytes()).hexdigest()
    changed = re.sub(r"[0-9a-f]{64}(?=  journal/entries/0003.json)", digest, text)
    assert changed != text
    sums.write_text(changed)
    assert run() != 0


def test_its_readme_is_in_the_homes_language_too(at: Any, made: Any, tmp_path: Path) -> None:
    """A Danish home's bundle tells in Danish first what there is and how to check it; what it says there succeeds."""
    config = at.home / "config.toml"
    config.write_text(re.sub(r'(?m)^language = "\w+"', 'language = "da"', config.read_text()))
    told = at("envelope", "export", made.envelope, "--bundle", "--output", tmp_path / "new", "--json").json
    shutil.unpack_archive(told["files"][0]["path"], tmp_path, "zip")
    pages = (tmp_path / "README.txt").read_text().split("=" * 78)
    assert [page.split()[0] for page in pages] == ["Bevispakke", "Bevispaket", "Evidence"]
    assert len(list((tmp_path / "report").glob("*.da.txt"))) == 1
    assert follow(commands_of(pages[0]), tmp_path).stdout.endswith(b"yes\n")


def test_evidence_is_taken_from_a_bundle(made: Any, files: Files, signkit_at: Any, tmp_path: Path) -> None:
    """``--evidence`` takes the bundle itself; one without evidence, or none at all, is said to be that."""
    document = tmp_path / "d.pdf"
    document.write_bytes(files[DOCUMENT])
    other = signkit_at(tmp_path / "no-home")
    report = other("verify", document, "--trust", made.trust, "--evidence", made.bundle, "--require", "C3b", "--json")
    assert report.json["claims"]["C3b"]["verdict"] == "PASSED"
    broken = pack(
        tmp_path / "x.asice", {key: files[key] for key in files if key != "evidence/evidence.json"}, like=made.bundle
    )
    assert other("verify", document, "--trust", made.trust, "--evidence", broken, code=13)


def test_what_was_erased_is_said_never_failed(made: Any, at: Any, tmp_path: Path) -> None:
    """After erasure: the bundle and the evidence file say when and why, C3b is not decided, all else holds."""
    at("journal", "erase", made.envelope, "--yes", "--rule", "10 år efter beslut")
    shown = at.show(made.envelope)
    assert [item["name"] for item in shown["signatories"]] == [None, None]
    assert shown["erased"]["rule"] == "10 år efter beslut"
    told = at("envelope", "show", made.envelope, lang="sv").out
    assert "(namnet är gallrat)" in told
    assert "s1" not in told
    assert "gallrat" in at("envelope", "list", lang="sv").out + at("journal", "show", made.envelope, lang="sv").out
    files = at("envelope", "export", made.envelope, "--output", tmp_path, "--json").json["files"]
    bundle = at("envelope", "export", made.envelope, "--bundle", "--output", tmp_path, "--json").json["files"][0]
    signed, evidence = (item["path"] for item in files)
    for words in ((signed, "--evidence", evidence), (bundle["path"],), (signed, "--evidence", bundle["path"])):
        report = at("verify", *words, "--trust", made.trust, "--json").json
        verdicts = {name: claim["verdict"] for name, claim in report["claims"].items()}
        assert verdicts == {**dict.fromkeys(("C1", "C2", "C3a", "C4", "C5", "C6"), "PASSED"), "C3b": "NOT_DECIDED"}
        assert report["claims"]["C3b"]["code"] == "claim.c3b.erased"
        assert "evidence.erased" in {item["code"] for item in report["not_checked"]}
        assert "10 år efter beslut" in report["claims"]["C3b"]["message"]
    assert at("verify", bundle["path"], "--trust", made.trust, "--require", "C3b", code=4)
    left = b"".join(unpack(Path(bundle["path"])).values())
    assert not any(word in left for word in (b"anna@example.se", b"19800101"))


def test_several_documents_and_unfinished_envelopes(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """All documents of an envelope go into one bundle; what is not finished is said to be that; names are made safe."""
    odd = tmp_path / "a: b?.pdf"
    shutil.copy(protokoll, odd)
    envelope = signkit.create(protokoll, odd, people=("Bo Ek",))
    assert signkit("envelope", "export", envelope, "--bundle", "--output", tmp_path, code=10)
    signkit("envelope", "send", envelope)
    words = ("envelope", "export", envelope, "--bundle", "--output", tmp_path, "--json")
    path = Path(signkit(*words).json["files"][0]["path"])
    report = signkit("verify", path, "--json", code=4).json
    assert (report["completion"], report["claims"]["C4"]["verdict"]) == ("unfinished", "NOT_DECIDED")
    signkit(*words)  # a bundle of the same version: finishes what a crash cut off
    signkit("sign", envelope, "--as", "all", "--provider", "rehearsal")
    assert signkit(*words, code=2).error["code"] == "usage.exists"
    path.unlink()
    path = Path(signkit(*words).json["files"][0]["path"])
    report = signkit("verify", path, "--json").json
    assert len(report["contents"]) == 2
    assert [name for name in unpack(path) if name.startswith("originals/")] == [
        "originals/1-protokoll.pdf",
        "originals/2-a_ b_.pdf",
    ]
    assert path.stat().st_mode & 0o077 == 0 or sys.platform == "win32"


def test_a_witness_is_named_among_those_who_vouch(made: Any) -> None:
    """Without one, C5 says that nobody else vouches."""
    report = made.verify()
    assert Voucher.WITNESS not in report.claims["C5"].vouched_by
    assert "journal.no_witnesses" in {item.reason for item in report.not_checked}


def test_a_bundle_of_an_envelope_that_moves_starts_over(
    signkit: Any, protokoll: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody exports the same envelope between the look at it and the signed log: the bundle is made all the same."""
    envelope = signkit.create(protokoll)
    signkit("envelope", "send", envelope)
    real = journal_part
    told: list[Any] = []

    def meanwhile(desk: Any, seen: Any) -> Any:
        if not told:
            told.append(signkit("envelope", "export", envelope, "--output", tmp_path / "other"))
        return real(desk, seen)

    monkeypatch.setattr("signkit.workflows.bundle.journal_part", meanwhile)
    made = signkit("envelope", "export", envelope, "--bundle", "--output", tmp_path, "--json").json["files"]
    assert told
    assert signkit("verify", made[0]["path"], "--json", code=4).json["completion"] == "unfinished"
