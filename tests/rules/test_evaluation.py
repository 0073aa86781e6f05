"""The evaluator: order, quorums, roles, paragraphs, refusals and deadlines, for clerk and archivist alike."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit import canonical
from signkit.model.rules import (
    Capacity,
    DeadlinePolicy,
    Place,
    Quorum,
    Rules,
    Terms,
    all_must_sign,
    evaluate,
    may_sign,
    possible,
)

CHAIR, FIRST, SECOND = Place("s1", "chair", 1), Place("s2", "adjuster", 2), Place("s3", "adjuster", 2)
PLACES = (CHAIR, FIRST, SECOND)
ONE_OF_TWO = Rules((Quorum(("s1",), 1), Quorum(("s2", "s3"), 1)))


def test_everybody_must_sign_unless_said_otherwise():
    """Without a quorum of its own, every place is needed, lower orders first."""
    rules = all_must_sign(PLACES)
    assert evaluate(rules, PLACES, ["s1", "s2", "s3"]).met
    assert evaluate(rules, PLACES, ["s1", "s2"]).missing == 1
    assert evaluate(rules, PLACES, ["s2", "s1", "s3"]).out_of_order == ("s2",)
    assert evaluate(rules, PLACES, ["s1", "s9"]).unknown == ("s9",)


def test_one_of_two_is_enough_and_the_other_may_be_left_out():
    """Any-of: the first of two completes it."""
    assert not evaluate(ONE_OF_TWO, PLACES, ["s1"]).met
    assert evaluate(ONE_OF_TWO, PLACES, ["s1", "s3"]).met


def test_a_place_that_nobody_needs_any_more_holds_up_nobody():
    """Order: what the quorum has without a place does not stand in the way of later ones."""
    last = Place("s4", "secretary", 3)
    rules = replace(ONE_OF_TWO, quorums=(*ONE_OF_TWO.quorums, Quorum(("s4",), 1)))
    places = (*PLACES, last)
    assert not may_sign(last, places, ["s1"], rules=rules)
    assert may_sign(last, places, ["s1", "s2"], rules=rules)
    assert evaluate(rules, places, ["s1", "s2", "s4"]).met


def test_a_required_role_is_required_whatever_the_quorum_says():
    """Two of three, and the chair among them."""
    rules = Rules((Quorum(("s1", "s2", "s3"), 2),), roles={"chair": 1})
    places = tuple(replace(place, order=1) for place in PLACES)
    assert evaluate(rules, places, ["s2", "s3"]).roles == {"chair": 1}
    assert not evaluate(rules, places, ["s2", "s3"]).met
    assert evaluate(rules, places, ["s2", "s1"]).met
    assert not possible(rules, places, ["s1"])


def test_paragraphs_that_nobody_adjusted_are_missing():
    """Adjusters who divide the paragraphs among themselves are all needed, any-of or not."""
    terms = {"s2": Terms(paragraphs="41-45"), "s3": Terms(paragraphs="46-48")}
    rules = replace(ONE_OF_TWO, terms=terms)
    assert evaluate(rules, PLACES, ["s1", "s2"]).paragraphs == "46-48"
    assert evaluate(rules, PLACES, ["s1", "s2", "s3"]).met
    both = replace(rules, terms={"s2": Terms(paragraphs="41-48"), "s3": Terms(paragraphs="41-48")})
    assert evaluate(both, PLACES, ["s1", "s3"]).met


def test_a_paragraph_adjusted_at_once_must_be_somebody_s():
    """Omedelbar justering: the paragraph is among those that somebody who signed adjusts."""
    terms = {name: Terms(paragraphs="41-43") for name in ("s1", "s2", "s3")}
    rules = replace(all_must_sign(PLACES), terms=terms, immediate="44")
    assert evaluate(rules, PLACES, ["s1", "s2", "s3"]).paragraphs == "44"
    assert evaluate(replace(rules, immediate="42"), PLACES, ["s1", "s2", "s3"]).met


def test_a_deadline_stands_in_for_the_quorum_only_where_the_rules_say_so():
    """Completes: with one signature at least, and every required role."""
    rules = replace(all_must_sign(PLACES), deadline=DeadlinePolicy.COMPLETES, roles={"chair": 1})
    result = evaluate(rules, PLACES, ["s1"], closed=True)
    assert result.met
    assert result.deadline
    assert result.missing == 2
    assert not evaluate(rules, PLACES, [], closed=True).met
    assert not evaluate(rules, PLACES, ["s1"]).met
    assert not evaluate(all_must_sign(PLACES), PLACES, ["s1"], closed=True).met


def test_a_refusal_lets_the_next_ones_go_on():
    """Who declined stands in nobody's way, from then on and not before."""
    rules = Rules((Quorum(("s1", "s2", "s3"), 2),))
    assert may_sign(FIRST, PLACES, [], rules=rules, declined=["s1"])
    assert evaluate(rules, PLACES, ["s2", "s3"], declined={"s1": 0}).met
    assert evaluate(rules, PLACES, ["s2", "s3"], declined={"s1": 1}).out_of_order == ("s2",)


def test_the_old_form_is_read_and_written_as_it_was():
    """Rules before signkit.rules/1 keep their form: their bytes are in manifests."""
    old = {"quorums": [{"of": ["s1"], "needed": 1}], "decline": "ends"}
    assert Rules.from_json(old).to_json() == old


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "signkit.rules/2"},
        {"weekday": "monday"},
        {"decline": "shrugs"},
        {"deadline": None},
        {"level": "loa9"},
        {"roles": {"chair": -1}},
        {"roles": {"chair": True}},
        {"providers": []},
        {"places": {"s1": {"capacity": "viewer"}}},
        {"places": {"s1": {"paragraphs": "x"}}},
        {"places": {"s1": {"mood": "good"}}},
        {"places": []},
        {"quorums": [{"of": ["s1", "s1"], "needed": 1}]},
        {"quorums": [{"of": ["s1"], "needed": 2}]},
        {"quorums": [{"of": "s1", "needed": 1}]},
        {"quorums": None},
        {"immediate": "-"},
        {"comment_required": 1},
    ],
)
def test_a_rule_that_nobody_knows_is_never_ignored(change: dict[str, object]):
    """Anything beyond the known form is refused: an ignored rule would excuse what it forbids."""
    known = all_must_sign(PLACES).to_json()
    with pytest.raises(ValueError, match=r"."):
        Rules.from_json({**known, **change})


ids = st.sampled_from(["s1", "s2", "s3", "s4", "s5"])
rules_of = st.builds(
    Rules,
    quorums=st.lists(
        st.lists(ids, min_size=1, unique=True).flatmap(
            lambda of: st.integers(0, len(of)).map(lambda needed: Quorum(tuple(of), needed))
        ),
        max_size=3,
    ).map(tuple),
    roles=st.dictionaries(st.sampled_from(["chair", "adjuster"]), st.integers(0, 2), max_size=2),
    deadline=st.sampled_from(DeadlinePolicy),
    terms=st.dictionaries(
        ids,
        st.builds(
            Terms,
            capacity=st.sampled_from([Capacity.SIGNATORY, Capacity.APPROVER]),
            paragraphs=st.sampled_from([None, "41-43", "44", "41, 44"]),
        ),
        max_size=3,
    ),
    immediate=st.sampled_from([None, "all", "44"]),
)
places_of = st.lists(
    st.builds(Place, ids, st.sampled_from(["chair", "adjuster", "secretary"]), st.integers(1, 3)),
    min_size=1,
    unique_by=lambda place: place.id,
).map(tuple)


@given(rules_of)
def test_rules_survive_the_manifest(rules: Rules):
    """What is written as canonical JSON comes back equal."""
    assert Rules.from_json(canonical.decode(canonical.encode(rules.to_json()))) == rules


@given(rules_of, places_of, st.randoms())
def test_whoever_signs_in_turn_is_never_out_of_order(rules: Rules, places: tuple[Place, ...], random: Random):
    """A walk that asks may_sign before each step is in order, and ends met exactly where it can be."""
    signed: list[str] = []
    declined: dict[str, int] = {}
    while True:
        left = [place for place in places if place.id not in signed and place.id not in declined]
        ready = [place for place in left if may_sign(place, places, signed, rules=rules, declined=declined)]
        if not ready:
            break
        place = random.choice(ready)
        if random.random() < 0.2:
            declined[place.id] = len(signed)
        else:
            signed.append(place.id)
    assert not left  # somebody can always go on
    result = evaluate(rules, places, signed, declined=declined)
    assert result.out_of_order == ()
    assert result.met <= possible(rules, places, declined)
    closed = evaluate(rules, places, signed, declined=declined, closed=True)
    assert result.met <= closed.met
    assert closed.met == (possible(rules, places, declined) and (not result.missing or bool(signed)))


@given(rules_of, places_of, st.lists(ids, max_size=8), st.dictionaries(ids, st.integers(0, 4), max_size=3))
def test_evaluation_judges_anything(
    rules: Rules, places: tuple[Place, ...], signed: list[str], declined: dict[str, int]
):
    """No order of names makes it fail, and what is met stays met with fewer complaints."""
    result = evaluate(rules, places, signed, declined=declined)
    canonical.encode(result.to_json())
    assert result.met == (
        not (result.missing or result.out_of_order or result.unknown or result.roles or result.paragraphs)
    )
