"""Forged histories, and completions that do not fit them: each is FAILED with a code of its own."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signkit import canonical
from signkit.journal.checkpoint import log_vkey, sign_checkpoint
from signkit.model.report import Verdict
from signkit.model.statement import Completion
from signkit.ports.keys import KeyName
from signkit.testing.forging import ORIGIN
from signkit.testing.journal import MemoryKey
from signkit.testing.proved import GUESTS, Forgery, Life, ProvedFile
from signkit.x509.anchors import LOG, TrustAnchor, TrustAnchors
from signkit.x509.certificates import Certificate

from .conftest import assert_failed, assert_open, verify, wrong
from .lies import (
    OTHER,
    ZERO,
    Maker,
    at,
    changed,
    later,
    on,
    only,
    silently,
    told,
)


def by_clerk(data: Any, name: str, life: Life) -> Any:
    """Let the clerk write that the first person signed."""
    if name != "signed" or any(item.type == "signed" for item in life.entries):
        return data
    silently(life, name, data, "clerk")
    return None


def other_log(completion: Any, life: Life) -> Any:
    note = completion.checkpoint.encode()
    size, root = note.split(b"\n")[1:3]
    forged = sign_checkpoint(note.split(b"\n")[0].decode(), int(size), base64.b64decode(root), MemoryKey(9))
    return replace(completion, checkpoint=forged.decode())


def other_token(completion: Any, life: Life) -> Any:
    token = life.trusted.authority.stamps.stamp(bytes(32), digest="sha256").token
    return replace(completion, token=base64.b64encode(token).decode())


def without(kind: str, which: int = 0) -> Callable[[Any, str, Life], Any]:
    """Return a hook that leaves out the entry of a kind, of the person with that number."""

    def hook(data: Any, name: str, life: Life) -> Any:
        mine = data.get("ceremony") in {None, f"ceremony{which + 1}"} or kind in {"sent", "sending"}
        return None if name == kind and mine else data

    return hook


def _stray(data: Any, life: Life) -> Any:
    """Write an entry about a certificate that nobody uses; the one it comes before stays as it is."""
    if len(life.entries) < 5:
        life.write("certified", {"ceremony": "stray", "signatory": "s1", "certificate": OTHER})
    return data


def certified_last() -> Callable[[dict[str, Any], str, Life], Any]:
    """Return a hook that writes of the certificate after it was used."""
    kept: list[dict[str, Any]] = []

    def hook(data: dict[str, Any], name: str, life: Life) -> Any:
        if name == "certified" and not kept:
            kept.append(data)
            return None
        if name == "signed" and len(kept) == 1:
            silently(life, name, data, "signatory:s1")
            silently(life, "certified", kept[0])
            kept.append({})
            return None
        return data

    return hook


def afterwards(data: dict[str, Any], life: Life) -> None:
    """Write the entry, and another one behind it."""
    silently(life, "completing", data)
    silently(life, "exported", {}, "clerk")


def too_early(data: dict[str, Any], life: Life) -> None:
    """Write the entry by a clock that is behind."""
    life.clock.advance(seconds=-40)
    silently(life, "signed", data, "signatory:s1")
    life.clock.advance(seconds=60)


def second_signed(data: dict[str, Any], life: Life) -> dict[str, Any]:
    """Write that the second signed too, who did not."""
    state = life.state(life.newest.stem).sha256
    record = {"before": state, "after": ZERO, "size": 1}
    silently(life, "ceremony_started", {"ceremony": "c9", "signatory": "s2"}, "signatory:s2")
    silently(
        life,
        "signed",
        {"ceremony": "c9", "signatory": "s2", "person": "ab" * 16, "documents": [record]},
        "signatory:s2",
    )
    return data


def stamped(seconds: int) -> Callable[[Completion, Life], Completion]:
    """Return a hook that dates the checkpoint so much after its completion."""

    def hook(completion: Completion, life: Life) -> Completion:
        note = completion.checkpoint.encode()
        imprint = canonical.digest(note[: note.index(b"\n\n") + 1])
        life.clock.advance(seconds=seconds)
        token = life.trusted.authority.stamps.stamp(imprint, digest="sha256").token
        life.clock.advance(seconds=-seconds)
        return replace(completion, token=base64.b64encode(token).decode())

    return hook


HISTORIES: dict[str, tuple[Forgery, str]] = {
    "a ceremony with another eID": (Forgery(entry=told("ceremony_started", provider="bankid")), "journal.other_start"),
    "a ceremony over another intent": (Forgery(entry=told("ceremony_started", intent=ZERO)), "journal.other_start"),
    "a signature that the clerk gave": (Forgery(entry=by_clerk), "journal.other_actor"),
    "rules that came of something else in the journal": (
        Forgery(entry=told("completing", rules={})),
        "journal.other_completion",
    ),
    "a certificate without its entry": (Forgery(entry=without("certified", 1)), "journal.certificate_missing"),
    "a certificate that nobody used": (
        Forgery(entry=only("ceremony_started", _stray)),
        "journal.certificate_unused",
    ),
    "a signature without its entry": (Forgery(entry=without("signed", 1)), "journal.entry_missing"),
    "a file that was never sent": (Forgery(entry=without("sent")), "journal.story"),
    "an entry with another file": (
        Forgery(entry=only("sent", lambda d, _: {"documents": [d["documents"][0] | {"size": 1}]})),
        "journal.other_certification",
    ),
    "an entry with another ceremony": (Forgery(entry=told("certified", ceremony="c9")), "journal.other_ceremony"),
    "an entry with other evidence": (Forgery(entry=told("evidence_received", evidence=ZERO)), "journal.other_evidence"),
    "another outcome in the journal": (Forgery(entry=told("completing", outcome="voided")), "journal.other_completion"),
    "an entry without data": (Forgery(entry=only("certified", lambda _d, _l: {})), "journal.story_unreadable"),
    "completion of another version": (Forgery(completion=changed(documents=(ZERO,))), "completion.version"),
    "completion of another envelope": (Forgery(completion=changed(envelope="x")), "completion.other_envelope"),
    "completion that counts other documents": (
        Forgery(completion=changed(documents=(ZERO, ZERO))),
        "completion.documents",
    ),
    "completion that forgets a person": (
        Forgery(completion=lambda c, _: replace(c, signatories={"s1": "signed"})),
        "completion.signatories",
    ),
    "completion that calls a signature unsigned": (
        Forgery(completion=lambda c, _: replace(c, signatories={**c.signatories, "s2": "not_needed"})),
        "completion.outcome",
    ),
    "completion with rules of its own": (Forgery(completion=changed(rules={})), "rules.evaluation_differs"),
    "completion with an entry left out": (
        Forgery(completion=lambda c, _: replace(c, entries=(*c.entries[:3], *c.entries[4:]))),
        "journal.chain_previous",
    ),
    "completion with a changed entry": (
        Forgery(completion=lambda c, _: replace(c, entries=(c.entries[0] | {"actor": "eve"}, *c.entries[1:]))),
        "journal.chain_previous",
    ),
    "completion without history": (Forgery(completion=changed(entries=())), "journal.chain_empty"),
    "completion with the end of its history cut off": (
        Forgery(completion=lambda c, _: replace(c, entries=c.entries[:-1])),
        "journal.not_included",
    ),
    "a proof of another place": (
        Forgery(completion=lambda c, _: replace(c, proof={**c.proof, "index": 0})),
        "journal.not_included",
    ),
    "a proof that is none": (Forgery(completion=changed(proof=[])), "journal.proof_unreadable"),
    "a checkpoint of another key": (Forgery(completion=other_log), "journal.checkpoint_signature"),
    "a checkpoint that is none": (Forgery(completion=changed(checkpoint="?")), "journal.note"),
    "a checkpoint's token over something else": (Forgery(completion=other_token), "journal.anchor"),
    "a checkpoint's token that is none": (Forgery(completion=changed(token="?")), "journal.anchor_unreadable"),
    "a checkpoint dated after its completion": (Forgery(completion=stamped(40)), "journal.anchor_late"),
    "a certificate told after it was used": (Forgery(entry=certified_last()), "journal.certificate_late"),
    "an entry after the last": (Forgery(entry=at("completing", afterwards)), "journal.not_completing"),
    "a journal in which nothing was sent": (Forgery(entry=at("sent", lambda _d, _l: None)), "journal.not_sent"),
    "an entry with another signature": (
        Forgery(entry=at("signed", lambda d, _: {**d, "documents": [{**d["documents"][0], "size": 7}]})),
        "journal.other_signature",
    ),
    "an entry before what it tells": (
        Forgery(statement=on(0, later(40)), entry=at("signed", too_early)),
        "journal.time",
    ),
}


@pytest.mark.parametrize("name", sorted(HISTORIES))
def test_forged_histories_fail_with_their_own_code(name: str, make: Maker):
    """Each lie, with everything after it made honestly, is FAILED with its code."""
    forgery, code = HISTORIES[name]
    assert_failed(verify(make(forgery=forgery, guests=GUESTS[:2])), code)


def test_a_signature_in_the_journal_that_the_file_lacks(make: Maker):
    """Who signed according to the entries has signed in the file."""
    report = verify(make(sign=(0,), guests=GUESTS[:2], forgery=Forgery(entry=at("completing", second_signed))))
    assert "journal.signature_missing" in wrong(report)


def test_a_log_that_the_reader_does_not_know(honest: ProvedFile):
    """Another log key among the anchors leaves the history open."""
    root = Certificate(honest.trusted.authority.keys.certificates(KeyName.ROOT)[0])
    other = TrustAnchor(frozenset({LOG}), key=log_vkey(ORIGIN, MemoryKey(9).spki))
    report = verify(honest, anchors=TrustAnchors.of([root]).merged([other]))
    assert "journal.log_unknown" in wrong(report, Verdict.INDETERMINATE)


def test_an_anchor_that_comes_later_than_any_clock_differs_is_open(make: Maker):
    """Who dated the checkpoint an hour too late is not to be trusted about it."""
    file = make(forgery=Forgery(completion=stamped(3600)), guests=GUESTS[:2])
    assert_open(verify(file), "journal.anchor_untrusted")
