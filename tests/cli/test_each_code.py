"""Each way to go wrong at the command line, and the code that says so: scripts read them."""

from __future__ import annotations

from typing import Any

import pytest

from signkit.testing.throwaway import plain_document

ANNA = "Anna Testsson; id=198001011009"
SAID = [
    (2, "usage.documents", "envelope create {pdf} {pdf} --signatory {anna}"),
    (2, "usage.deadline", "envelope create {pdf} --signatory {anna} --deadline 2020-01-01"),
    (2, "usage.disclosure", "envelope create {pdf} --signatory {anna} --disclosure all"),
    (2, "usage.signatories", "envelope create {pdf}"),
    (2, "usage.signatory", "envelope create {pdf} --signatory A;order=x"),
    (2, "usage.level", "envelope create {pdf} --signatory A;level=loa9"),
    (2, "usage.risk", "envelope create {pdf} --signatory {anna} --accept-risk actve"),
    (2, "usage.paragraphs", "envelope create {pdf} --signatory A;paragraphs=x"),
    (2, "usage.template", "envelope create {pdf} --signatory {anna} --template none"),
    (13, "document.not_a_file", "envelope create {folder} --signatory {anna}"),
    (2, "usage.state", "envelope list --state lost"),
    (10, "envelope.not_found", "envelope show nothing"),
    (2, "usage.no_deadline", "envelope extend {sent} --deadline 2099-01-01"),
    (2, "usage.deadline_earlier", "envelope extend {timed} --deadline 2098-01-01"),
    (10, "envelope.transition", "envelope correct {sent}"),
    (10, "envelope.transition", "envelope export {draft}"),
    (2, "usage.output", "envelope export {done} --output {pdf}"),
    (2, "usage.confirm", "envelope void {sent}"),
    (2, "usage.delegate", "delegate {sent} --as s1 --to Bo --mandate x"),
    (2, "usage.mandate", "delegate {sent} --as s1 --to Cia --mandate {blank}"),
    (10, "envelope.signatory", "delegate {sent} --as s9 --to Cia --mandate x"),
    (10, "envelope.signatory", "sign {sent} --as s9"),
    (10, "envelope.signatory", "decline {sent} --as s9 --yes"),
    (10, "envelope.declined", "sign {going} --as s1"),
    (10, "envelope.already_signed", "decline {going} --as s2 --yes"),
    (10, "envelope.place_closed", "delegate {going} --as s2 --to Cia --mandate x"),
    (2, "usage.reason", "decline {reasoned} --as s1 --yes"),
    (10, "envelope.provider", "sign {bankid} --as s1 --provider rehearsal"),
    (23, "provider.rejected.option", "sign {sent} --as s1 --rehearse nonsense"),
    (25, "ceremony.identity_mismatch", "sign {sent} --as s1 --rehearse wrong-person"),
    (2, "usage.claim", "verify {pdf} --require C9"),
    (2, "usage.at", "verify {pdf} --at yesterday"),
    (2, "usage.folder", "verify {folder}"),
    (2, "usage.original", "verify {pdf} {pdf} --original {pdf}"),
    (12, "trust.unreadable", "verify {pdf} --trust {pdf}"),
    (2, "usage.anchor", "trust remove nonsense --yes"),
    (12, "config.home_exists", "init --organisation X"),
    (2, "usage.erase", "journal erase"),
    (11, "journal.nothing_due", "journal erase --due"),
    (2, "usage.date", "notice {done} --announced x"),
    (2, "usage.batch", "batch {folder}/missing"),
    (2, "usage.rehearse", "sign {reasoned} --as s1 --provider bankid --rehearse fail"),
    (2, "usage.environment", "--home {folder}/new init --environment staging"),
    (2, "usage.organisation", "--home {folder}/new init --organisation {blank}"),
    (12, "config.no_home", "--home {folder}/new envelope list"),
    (2, "usage.file", "verify {pdf} --original {folder}/missing"),
    (2, "usage.paths", "verify {empty} --recursive"),
    (2, "usage.announced", "notice {done} --announced 1999-01-01"),
    (2, "usage.lang", "--lang fr envelope list"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, signkit_at: Any) -> tuple[Any, dict[str, str]]:
    """Return a home in which an envelope stands in each state, and their names."""
    folder = tmp_path_factory.mktemp("codes")
    signkit, pdf = signkit_at(folder / "home"), folder / "protokoll.pdf"
    pdf.write_bytes(plain_document("Protokoll"))
    (folder / "empty").mkdir()
    signkit("init", "--organisation", "Björkviks kommun")

    def sent(*people: str, more: tuple[str, ...] = ()) -> str:
        made: str = signkit.create(pdf, people=people, more=more)
        signkit("envelope", "send", made)
        return made

    names = {
        "pdf": str(pdf),
        "folder": str(folder),
        "anna": ANNA,
        "blank": " ",
        "empty": str(folder / "empty"),
        "draft": signkit.create(pdf, people=[ANNA]),
        "sent": sent(ANNA, "Bo; order=2"),
        "timed": sent(ANNA, "Bo", more=("--deadline", "2099-01-01")),
        "done": sent(ANNA),
        "going": sent(ANNA, "Bo", "Cia", more=("--rule", "2-of=s1,s2,s3", "--rule", "decline=continues")),
        "reasoned": sent("Bo", more=("--rule", "comment=required")),
        "bankid": sent("Bo", more=("--rule", "provider=bankid")),
    }
    signkit("sign", names["done"], "--as", "all")
    signkit("decline", names["going"], "--as", "s1", "--yes")
    signkit("sign", names["going"], "--as", "s2")
    return signkit, names


@pytest.mark.parametrize(("number", "code", "words"), SAID, ids=[words for _, _, words in SAID])
def test_it_says_its_code(number: int, code: str, words: str, world: tuple[Any, dict[str, str]]) -> None:
    """The command ends with the number, and its error with the code."""
    signkit, names = world
    ended = signkit(*(word.format(**names) for word in words.split(" ")), "--json", code=number)
    assert ended.error["code"] == code
