"""The simulated BankID: every endpoint, state, hint, error and time of it, seen through its own API."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from signkit_providers.bankid.qr import qr_data
from signkit_providers.simulator.api import Fault
from signkit_providers.simulator.order import Refused
from signkit_providers.simulator.persons import UnknownPerson

TEXT = b64encode(b"Jag skriver under.").decode()
TOLVAN = "191212121212"
SIGN = {"endUserIp": "192.0.2.10", "userVisibleData": TEXT}
BOUND = {**SIGN, "requirement": {"personalNumber": TOLVAN}}
CALL = {"personalNumber": TOLVAN, "callInitiator": "RP", "userVisibleData": TEXT}


def order(desk: Any, endpoint: str = "sign", body: Any = None) -> dict[str, Any]:
    status, value = desk.post(endpoint, SIGN if body is None else body)
    assert status == 200, value
    return dict(value)


def collect(desk: Any, made: dict[str, Any]) -> dict[str, Any]:
    status, value = desk.post("collect", {"orderRef": made["orderRef"]})
    assert status == 200, value
    return dict(value)


def hint(desk: Any, made: dict[str, Any]) -> tuple[str, str]:
    value = collect(desk, made)
    return value["status"], value.get("hintCode", "")


def test_sign_from_code_to_completion(desk: Any) -> None:
    """outstandingTransaction, started, userSign, complete; the outcome is given out once."""
    made = order(desk)
    assert set(made) == {"orderRef", "autoStartToken", "qrStartToken", "qrStartSecret"}
    assert hint(desk, made) == ("pending", "outstandingTransaction")
    desk.clock.move(3)
    app = desk.world.app("Tolvan")
    app.scan(qr_data(made["qrStartToken"], made["qrStartSecret"], seconds=3))
    assert hint(desk, made) == ("pending", "started")
    assert hint(desk, made) == ("pending", "userSign")
    app.approve()
    done = collect(desk, made)
    data = done["completionData"]
    assert done["status"] == "complete"
    assert "hintCode" not in done
    assert data["user"] == {
        "personalNumber": TOLVAN,
        "name": "Tolvan Tolvansson",
        "givenName": "Tolvan",
        "surname": "Tolvansson",
    }
    assert set(data) == {"user", "device", "bankIdIssueDate", "signature", "ocspResponse"}
    assert desk.post("collect", {"orderRef": made["orderRef"]}) == (
        400,
        {"errorCode": "invalidParameters", "details": "No such order"},
    )


def test_qr_code_must_be_genuine_and_of_this_moment(desk: Any) -> None:
    """A stale, early, forged or foreign code is not accepted."""
    made = order(desk)
    desk.clock.move(20)
    app = desk.world.app("Tolvan")
    token, secret = made["qrStartToken"], made["qrStartSecret"]
    wrong = [
        qr_data(token, secret, seconds=2),
        qr_data(token, secret, seconds=25),
        qr_data(token, "00000000-0000-0000-0000-000000000000", seconds=20),
        qr_data("00000000-0000-0000-0000-000000000000", secret, seconds=20),
        "https://example.org",
        f"bankid.{token}.x.y",
        "",
    ]
    for text in wrong:
        with pytest.raises(Refused):
            app.scan(text)
    assert hint(desk, made) == ("pending", "outstandingTransaction")
    app.scan(qr_data(token, secret, seconds=18))


def test_autostart(desk: Any) -> None:
    """The token of the link starts the app as well."""
    made = order(desk)
    with pytest.raises(Refused):
        desk.world.app("Tolvan").open("bankid:///?autostarttoken=wrong&redirect=null")
    desk.world.app("Tolvan").open(f"bankid:///?autostarttoken={made['autoStartToken']}&redirect=null")
    assert hint(desk, made) == ("pending", "started")


def test_start_failed_after_thirty_seconds(desk: Any) -> None:
    """Nobody connects: startFailed at 30 s, to be had until 190 s after the start."""
    first, second = order(desk), order(desk)
    desk.clock.move(29.9)
    assert hint(desk, first) == ("pending", "outstandingTransaction")
    desk.clock.move(0.1)
    assert hint(desk, first) == ("failed", "startFailed")
    desk.clock.move(160)
    assert hint(desk, second) == ("failed", "startFailed")
    third = order(desk)
    desk.clock.move(190.1)
    assert desk.post("collect", {"orderRef": third["orderRef"]})[0] == 400


def test_unfinished_order_expires(desk: Any) -> None:
    """Three minutes after pick-up: expiredTransaction."""
    made = order(desk)
    desk.world.app("Tolvan").scan()
    desk.clock.move(179)
    assert hint(desk, made)[0] == "pending"
    desk.clock.move(1)
    assert hint(desk, made) == ("failed", "expiredTransaction")


def test_outcomes_are_kept_for_a_while(desk: Any) -> None:
    """A completed order for three minutes, a failed one for five."""
    app = desk.world.app("Tolvan")
    for act, seconds in (("approve", 180), ("cancel", 300)):
        for late in (0, 1):
            made = order(desk)
            app.scan()
            app.act(act)
            desk.clock.move(seconds + late)
            assert desk.post("collect", {"orderRef": made["orderRef"]})[0] == (400 if late else 200)


def test_cancel(desk: Any) -> None:
    """A cancelled order is gone, and cannot be cancelled twice."""
    made = order(desk)
    assert desk.post("cancel", {"orderRef": made["orderRef"]}) == (200, {})
    for endpoint in ("cancel", "collect"):
        assert desk.post(endpoint, {"orderRef": made["orderRef"]})[1]["details"] == "No such order"


def test_orders_belong_to_the_certificate_that_made_them(desk: Any, pki: Any) -> None:
    """Another relying party's certificate cannot collect or cancel."""
    other = pki.new_client("Another RP", "Another", "5560000001").der
    made = order(desk)
    for endpoint in ("collect", "cancel"):
        assert desk.post(endpoint, {"orderRef": made["orderRef"]}, peer=other)[1]["details"] == "No such order"
    assert hint(desk, made)[0] == "pending"


def test_second_order_for_the_same_person(desk: Any) -> None:
    """Both are gone: the old one is aborted, no new one is created, and the next try succeeds."""
    first = order(desk, body=BOUND)
    assert desk.post("sign", BOUND) == (
        400,
        {"errorCode": "alreadyInProgress", "details": "Order already in progress for pno"},
    )
    assert hint(desk, first) == ("failed", "cancelled")
    order(desk, body=BOUND)


def test_scanning_another_order_replaces_the_first(desk: Any) -> None:
    """One app, one order: picking up a second one cancels the first."""
    first, second = order(desk), order(desk)
    app = desk.world.app("Tolvan")
    app.take(first["orderRef"])
    app.take(second["orderRef"])
    assert hint(desk, first) == ("failed", "cancelled")
    assert hint(desk, second)[1] == "started"


def test_only_the_person_asked_for_can_complete(desk: Any) -> None:
    """Somebody else's app goes on searching for a BankID that fits."""
    made = order(desk, body=BOUND)
    anna = desk.world.app("Anna")
    anna.take(made["orderRef"])
    assert [hint(desk, made)[1] for _ in range(3)] == ["started"] * 3
    with pytest.raises(Refused):
        anna.approve()


def test_policies_are_matched(desk: Any) -> None:
    """A mobile BankID does not satisfy an order for a card; a wildcard is satisfied."""
    app = desk.world.app("Tolvan")
    for policies, expected in ((["1.2.3.4.10"], "started"), (["1.2.3.4.*"], "userSign"), (["1.2.3.4.25"], "userSign")):
        made = order(desk, body={**SIGN, "requirement": {"certificatePolicies": policies}})
        app.take(made["orderRef"])
        hint(desk, made)
        assert hint(desk, made)[1] == expected


def test_identity_document(desk: Any) -> None:
    """UserMrtd until the passport is read, and stepUp tells how it went."""
    app = desk.world.app("Tolvan")
    for action, passed in (("passport", True), ("passport-false", False)):
        made = order(desk, body={**SIGN, "requirement": {"mrtd": True}})
        app.scan()
        hint(desk, made)
        assert hint(desk, made) == ("pending", "userMrtd")
        with pytest.raises(Refused):
            app.approve()
        app.act(action)
        assert hint(desk, made) == ("pending", "userSign")
        app.approve()
        assert collect(desk, made)["completionData"]["stepUp"] == {"mrtd": passed}


def test_call(desk: Any) -> None:
    """noClient, userCallConfirm, userSign, complete; and userDeclinedCall."""
    app = desk.world.app("Tolvan")
    made = order(desk, "phone/sign", CALL)
    assert set(made) == {"orderRef"}
    assert hint(desk, made) == ("pending", "noClient")
    with pytest.raises(Refused):
        desk.world.app("Anna").take(made["orderRef"])
    app.scan()
    assert hint(desk, made) == ("pending", "userCallConfirm")
    app.confirm_call()
    assert hint(desk, made) == ("pending", "userSign")
    app.approve()
    assert collect(desk, made)["status"] == "complete"
    made = order(desk, "phone/auth", CALL)
    app.scan()
    app.act("decline-call")
    assert hint(desk, made) == ("failed", "userDeclinedCall")
    made = order(desk, "phone/auth", CALL)
    desk.clock.move(180)
    assert hint(desk, made) == ("failed", "expiredTransaction")


def test_failures_that_a_person_can_cause(desk: Any) -> None:
    """userCancel, certificateErr by three wrong codes or a blocked BankID, notSupportedByUserApp."""
    app = desk.world.app("Tolvan")
    made = order(desk)
    app.scan()
    app.cancel()
    assert hint(desk, made) == ("failed", "userCancel")
    made = order(desk)
    app.scan()
    for _ in range(2):
        app.wrong_code()
        assert hint(desk, made)[0] == "pending"
    app.wrong_code()
    assert hint(desk, made) == ("failed", "certificateErr")
    made = order(desk)
    app.scan()
    app.approve()
    assert hint(desk, made) == ("failed", "certificateErr")
    app.act("unblock")
    app.act("old-app")
    made = order(desk)
    app.scan()
    assert hint(desk, made) == ("failed", "notSupportedByUserApp")


def test_risk(desk: Any) -> None:
    """Above the requirement: blocked; below it, or only asked for: told in the completion."""
    app = desk.world.app("Tolvan")
    app.act("risk-moderate")
    made = order(desk, body={**SIGN, "requirement": {"risk": "LOW"}})
    app.scan()
    assert hint(desk, made) == ("failed", "transactionRiskBlocked")
    for extra in ({"requirement": {"risk": "MODERATE"}}, {"returnRisk": True}):
        made = order(desk, body={**SIGN, **extra})
        app.scan()
        app.approve()
        assert collect(desk, made)["completionData"]["risk"] == "moderate"


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
        made = order(desk, endpoint, body)
        app.take(made["orderRef"])
        app.approve()
        assert collect(desk, made)["status"] == "complete"
    assert set(order(desk, "other/payment", {**payment, "personalNumber": TOLVAN})) == {"orderRef"}


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
    order(desk, body={**SIGN, "userVisibleData": "QUFB" * 10_000, "userNonVisibleData": "QUFB" * 50_000})


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
    made = order(desk, body={**SIGN, "requirement": {"personalNumber": "198001019802"}})

    def post(path: str, body: bytes, content_type: str = "application/json") -> int:
        answer = desk.world.answer("POST", path, content_type=content_type, body=body, peer=None)
        return int(answer.status)

    assert post("/app/act", b'{"person": "Eva Ek", "action": "scan"}') == 200
    assert desk.world.people.find("Eva Ek").number == "198001019802"
    hint(desk, made)
    assert post("/app/act", b'{"person": "Eva", "action": "approve"}') == 200
    assert collect(desk, made)["completionData"]["user"]["name"] == "Eva Ek"
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
