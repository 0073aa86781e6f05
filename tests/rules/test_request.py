"""Rules and signatories as a clerk writes them: on the command line, in TOML, JSON and CSV."""

from __future__ import annotations

import json

import pytest

from signkit.errors import UsageError
from signkit.model.paragraphs import format_paragraphs, parse_paragraphs
from signkit.model.rule_request import RuleRequest, parse_rule_options, parse_rule_table, resolve_rules
from signkit.model.rules import Capacity, DeadlinePolicy, Decline, Quorum
from signkit.model.signatory import Invitee, parse_signatories, parse_signatory, parse_signatory_file

PEOPLE = [
    ("s1", Invitee("Anna Ek", role="chair")),
    ("s2", Invitee("Bo Å", "bo@example.org", role="adjuster")),
    ("s3", Invitee("Cia Ö", role="adjuster")),
]


def resolved(*options: str, deadline: bool = False, paragraphs: str | None = None):
    return resolve_rules(parse_rule_options(options), PEOPLE, deadline=deadline, paragraphs=paragraphs)


def test_whoever_is_in_no_quorum_must_sign():
    """Any-of over two leaves the third needed; places answer to id, address and role."""
    for option in ("any-of=s2,s3", "any-of=bo@example.org,s3", "any-of=role:adjuster", "1-of=s2,s3"):
        assert resolved(option).quorums == (Quorum(("s1",), 1), Quorum(("s2", "s3"), 1))
    assert resolved("2-of=s1,s2,s3").quorums == (Quorum(("s1", "s2", "s3"), 2),)


def test_every_rule_has_an_option():
    """Options say what the table says."""
    options: tuple[str, ...] = (
        "role=chair",
        "role=adjuster:2",
        "decline=continues",
        "comment=required",
        "deadline=completes",
    )
    options += ("level=loa3", "provider=bankid,freja", "immediate=44, 46-47", "any-of=s2,s3")
    table = {
        "roles": {"chair": 1, "adjuster": 2},
        "decline": "continues",
        "comment": "required",
        "deadline": "completes",
        "level": "loa3",
        "providers": ["bankid", "freja"],
        "immediate": "44, 46-47",
        "any_of": [["s2", "s3"]],
    }
    assert parse_rule_options(options) == parse_rule_table(table, where="x")
    rules = resolved(*options, deadline=True)
    assert (rules.decline, rules.deadline, rules.comment_required) == (
        Decline.CONTINUES,
        DeadlinePolicy.COMPLETES,
        True,
    )


def test_the_command_line_goes_over_the_file():
    """What is said later and nearer counts; what is not said stays."""
    file = parse_rule_table({"decline": "continues", "level": "loa3"}, where="x")
    assert parse_rule_options(["level=loa4"]).over(file) == RuleRequest(decline=Decline.CONTINUES, level="loa4")


@pytest.mark.parametrize(
    "options",
    [
        ("any-of",),
        ("any-of=",),
        ("any-of=s9",),
        ("any-of=role:nobody",),
        ("4-of=s1,s2,s3",),
        ("role=secretary",),
        ("role=chair:2",),
        ("deadline=completes",),
        ("decline=maybe",),
        ("comment=sometimes",),
        ("level=loa9",),
        ("level=loa3", "level=loa4"),
        ("colour=red",),
        ("immediate=x",),
    ],
)
def test_rules_that_cannot_be_are_refused(options: tuple[str, ...]):
    """Contradictions, nobodies and unknown words are wrong usage, with a hint."""
    with pytest.raises(UsageError) as caught:
        resolved(*options)
    assert caught.value.hint


def test_paragraphs_lie_within_the_document():
    """A range beyond the document's own is a slip of the pen."""
    people = [("s1", Invitee("Anna Ek", paragraphs="41-50"))]
    with pytest.raises(UsageError, match="not all among"):
        resolve_rules(RuleRequest(), people, deadline=False, paragraphs="41-48")
    resolve_rules(RuleRequest(), people, deadline=False, paragraphs="§§ 41–50")


def test_terms_of_a_person_are_read_from_every_form():
    """The same person in an option, CSV, TOML and JSON."""
    option = parse_signatory("Bo Å; role=adjuster; capacity=approver; paragraphs=§§ 41–45")
    csv = parse_signatories(
        "name,role,capacity,paragraphs\nBo Å,adjuster,approver,41-45\n".encode(), suffix=".csv", file="x"
    )
    toml = b'[[signatory]]\nname = "Bo \xc3\x85"\nrole = "adjuster"\ncapacity = "approver"\nparagraphs = "41-45"\n'
    rows = [{"name": "Bo Å", "role": "adjuster", "capacity": "approver", "paragraphs": "41-45"}]
    assert [option] == csv == parse_signatories(toml, suffix=".toml", file="x")
    assert [option] == parse_signatories(json.dumps(rows).encode(), suffix=".json", file="x")
    assert (option.capacity, option.paragraphs) == (Capacity.APPROVER, "41-45")


def test_a_file_holds_rules_beside_people():
    """The table rules comes along; any other table is refused, not ignored."""
    toml = b'[rules]\nany_of = [["s1"]]\n[[signatory]]\nname = "A"\n'
    assert parse_signatory_file(toml, suffix=".toml", file="x").rules == {"any_of": [["s1"]]}
    with pytest.raises(UsageError):
        parse_signatory_file(toml.replace(b"[rules]", b"[ruls]"), suffix=".toml", file="x")
    with pytest.raises(UsageError):
        parse_signatory_file(b'rules = 3\n[[signatory]]\nname = "A"\n', suffix=".toml", file="x")


@pytest.mark.parametrize(
    "text",
    ["A; capacity=boss", "A; level=loa9", "A; paragraphs=x", "A; paragraphs=9-3", "A; capacity=viewer; level=loa3"],
)
def test_terms_that_cannot_be_are_refused(text: str):
    """Each is wrong usage."""
    with pytest.raises(UsageError):
        parse_signatory(text)


def test_paragraphs_have_one_normal_form():
    """Signs, spaces and dashes do not matter; runs are joined."""
    assert format_paragraphs(parse_paragraphs("§§ 45, 41–43,44 och 50")) == "41-45, 50"
