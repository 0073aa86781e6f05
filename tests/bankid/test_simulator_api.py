"""The doors of the simulated BankID: parameters, HTTP, faults told in advance, people, control, and the autopilot."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from signkit_providers.simulator.api import Fault
from signkit_providers.simulator.persons import UnknownPerson

from .conftest import BOUND, CALL, SIGN, TOLVAN


def test_other_endpoints(desk: Any) -> None:
    """auth, payment and other/payment make orders too, with the function that they have."""
    app = desk.world.app("Tolvan")
    payment = {
        "endUserIp": "::1",
        "userVisibleTransaction": {
            "transactionType": "card",
            "recipient": {"name": "Butiken"},
            "money": {"amount": "100,00", "currency": "SEK"},
        },
    }
    for endpoint, body in (("auth", {"endUserIp": "::1"}), ("payment", payment)):
        made = desk.order(endpoint, body)
        app.take(made["orderRef"])
        app.approve()
        assert desk.collect(made)["status"] == "complete"
    assert set(desk.order("other/payment", {**payment, "personalNumber": TOLVAN})) == {"orderRef"}


@pytest.mark.parametrize(
    ("endpoint", "change", "details"),
    [
        ("sign", {"endUserIp": ""}, "Invalid endUserIp"),
        ("sign", {"endUserIp": None}, "Invalid endUserIp"),
        ("sign", {"endUserIp": 5}, "Invalid endUserIp"),
        ("sign", {"userVisibleData": None}, "Invalid userVisibleData"),
        ("sign", {"userVisibleData": ""}, "Invalid userVisibleData"),
        ("sign", {"userVisibleData": "å"}, "Invalid userVisibleData"),
        ("sign", {"userVisibleData": b64encode(b"\xff\xfe").decode()}, "Invalid userVisibleData"),
        ("sign", {"userVisibleData": "QUFB" * 10_001}, "Invalid userVisibleData"),
        ("sign", {"userNonVisibleData": "QUFB" * 50_001}, "Invalid userNonVisibleData"),
        ("auth", {"userVisibleData": "QUFB" * 376}, "Invalid userVisibleData"),
        ("sign", {"userVisibleDataFormat": "html"}, "Invalid userVisibleDataFormat"),
        ("sign", {"requirement": {"personalNumber": "invalid_personal_number"}}, "Incorrect personalNumber"),
        ("sign", {"requirement": {"cardReader": "class9"}}, "Invalid requirement"),
        ("sign", {"requirement": {"tokenStartRequired": True}}, "Invalid requirement"),
        ("sign", {"requirement": {"risk": "high"}}, "Invalid requirement"),
        ("sign", {"requirement": {"certificatePolicies": ["1.2.*"]}}, "Invalid requirement"),
        ("sign", {"requirement": []}, "Invalid requirement"),
        ("sign", {"personalNumber": TOLVAN}, "Invalid request"),
        ("sign", {"returnUrl": ""}, "Invalid returnUrl"),
        ("sign", {"returnRisk": "yes"}, "Invalid request"),
        ("sign", {"web": {}}, "Invalid request"),
        ("sign", {"web": {"userAgent": "x"}, "app": {"deviceOS": "x"}}, "Invalid request"),
        ("phone/sign", {"callInitiator": "bank", "personalNumber": TOLVAN}, "Incorrect callInitiator"),
        ("phone/sign", {"callInitiator": "RP"}, "Incorrect personalNumber"),
        ("payment", {}, "transactionType is not a valid transaction type"),
        ("payment", {"userVisibleTransaction": {"transactionType": "card"}}, "Recipient name is invalid"),
        (
            "payment",
            {
                "userVisibleTransaction": {
                    "transactionType": "card",
                    "recipient": {"name": "B"},
                    "money": {"amount": "1.5", "currency": "SEK"},
                }
            },
            "money has invalid amount or currency",
        ),
        (
            "payment",
            {
                "userVisibleData": None,
                "userNonVisibleData": "QUFB",
                "userVisibleTransaction": {"transactionType": "npa", "recipient": {"name": "B"}},
            },
            "userNonVisible data requires userVisibleData",
        ),
        (
            "sign",
            {"userVisibleDataFormat": "simpleMarkdownV1", "userVisibleData": b64encode(b"# A\n\na\n\n- b").decode()},
            "At (5, 1): Initial token for unordered list items must be '+' and it must be followed by space.",
        ),
    ],
)
def test_invalid_parameters(desk: Any, endpoint: str, change: dict[str, Any], details: str) -> None:
    """Each is refused with the words of the real server."""
    body = {name: value for name, value in {**SIGN, **change}.items() if value is not None}
    assert desk.post(endpoint, body) == (400, {"errorCode": "invalidParameters", "details": details})


def test_largest_values_are_taken(desk: Any) -> None:
    """Exactly the limits: 40 000 and 200 000 characters."""
    desk.order(body={**SIGN, "userVisibleData": "QUFB" * 10_000, "userNonVisibleData": "QUFB" * 50_000})


def test_http_errors(desk: Any, pki: Any) -> None:
    """403 without certificate (a page), 404, 405, 415, 408, and 400 for what is no JSON object."""

    def ask(
        method: str, path: str, content_type: str | None, body: bytes | None, peer: bytes | None
    ) -> tuple[int, str]:
        answer = desk.world.answer(method, path, content_type=content_type, body=body, peer=peer)
        return answer.status, answer.content_type

    peer, json_type, base = pki.client.der, "application/json", "/rp/v6.0/"
    assert ask("POST", base + "sign", json_type, b"{}", None) == (403, "text/html")
    assert ask("POST", base + "nothing", json_type, b"{}", peer)[0] == 404
    assert ask("POST", "/rp/v5.1/sign", json_type, b"{}", peer)[0] == 404
    assert ask("GET", base + "auth", None, b"", peer)[0] == 405
    assert ask("POST", base + "sign", json_type + "; charset=utf-8", b"{}", peer)[0] == 415
    assert ask("POST", base + "sign", None, b"{}", peer)[0] == 415
    assert ask("POST", base + "sign", json_type, None, peer)[0] == 408
    for body in (b"", b"[]", b"{", b"\xff", b"[" * 100_000):
        assert ask("POST", base + "sign", json_type, body, peer)[0] == 400


def test_faults_strike_as_often_as_told(desk: Any) -> None:
    """Maintenance, rate limit, HTML pages: each reachable, each ends."""
    desk.world.faults.add(Fault(endpoint="sign", status=503, code="Maintenance", times=2))
    assert [desk.post("sign", SIGN)[0] for _ in range(3)] == [503, 503, 200]
    desk.world.faults.add(Fault(status=429, code="tooManyRequests"))
    desk.world.faults.clear()
    assert desk.post("sign", SIGN)[0] == 200


def test_people(desk: Any) -> None:
    """Found by number, whole name or beginning; never when it could be two."""
    people = desk.world.people
    assert people.find("tolvan").number == TOLVAN
    assert people.find(TOLVAN).name == "Tolvan Tolvansson"
    people.add("Tolvan Andersson", "191212121220")
    for who in ("Tolvan", "", "Nobody"):
        with pytest.raises(UnknownPerson):
            people.find(who)
    for name, number in (("", TOLVAN), ("A", "123"), ("A", "19121212121x")):
        with pytest.raises(ValueError, match="twelve digits"):
            people.add(name, number)


def test_control_endpoints(desk: Any) -> None:
    """State, actions, people and faults by HTTP; an unknown person takes the number that is asked for."""
    made = desk.order(body={**SIGN, "requirement": {"personalNumber": "198001019802"}})

    def post(path: str, body: bytes, content_type: str = "application/json") -> int:
        answer = desk.world.answer("POST", path, content_type=content_type, body=body, peer=None)
        return int(answer.status)

    assert post("/app/act", b'{"person": "Eva Ek", "action": "scan"}') == 200
    assert desk.world.people.find("Eva Ek").number == "198001019802"
    desk.hint(made)
    assert post("/app/act", b'{"person": "Eva", "action": "approve"}') == 200
    assert desk.collect(made)["completionData"]["user"]["name"] == "Eva Ek"
    assert post("/app/act", b'{"person": "Eva", "action": "approve"}') == 409
    assert post("/app/act", b'{"person": "Eva", "action": "dance"}') == 409
    assert post("/app/act", b'{"person": "Nobody At All", "action": "scan"}') == 409
    assert post("/app/people", b'{"name": "Olle", "number": "198001019810"}') == 200
    assert post("/app/people", b'{"name": "Olle", "number": "1"}') == 400
    assert post("/app/faults", b'{"endpoint": "sign", "status": 503, "code": "Maintenance"}') == 200
    assert desk.post("sign", SIGN)[0] == 503
    assert post("/app/act", b"[]") == 400
    assert post("/app/act", b"{") == 400
    assert post("/app/act", b"{}", "text/plain") == 405
    assert post("/elsewhere", b"{}") == 404
    state = desk.world.answer("GET", "/app/state", content_type=None, body=b"", peer=None)
    assert state.status == 200
    assert made["orderRef"].encode() not in state.body
    page = desk.world.answer("GET", "/", content_type=None, body=b"", peer=None)
    assert (page.status, page.content_type) == (200, "text/html; charset=utf-8")


def test_autopilot(pki: Any, still: Any) -> None:
    """Left alone, people who are asked by number scan and approve."""
    import json

    from signkit_providers.simulator import World

    world = World(pki, clock=still, autopilot=True)

    def post(endpoint: str, body: Any) -> Any:
        path, content = f"/rp/v6.0/{endpoint}", json.dumps(body).encode()
        answer = world.answer("POST", path, content_type="application/json", body=content, peer=pki.client.der)
        return json.loads(answer.body)

    for endpoint, body in (("sign", BOUND), ("phone/sign", CALL)):
        made = post(endpoint, body)
        polls = [post("collect", {"orderRef": made["orderRef"]}) for _ in range(5)]
        assert "complete" in [item.get("status") for item in polls]
    made = post("sign", SIGN)
    assert {post("collect", {"orderRef": made["orderRef"]})["hintCode"] for _ in range(5)} == {"outstandingTransaction"}
