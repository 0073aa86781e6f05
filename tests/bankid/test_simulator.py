"""The simulated BankID: every state, hint and time of an order, seen through its own API."""

from __future__ import annotations

from typing import Any

import pytest

from signkit_providers.bankid.qr import qr_data
from signkit_providers.simulator.order import Refused

from .conftest import BOUND, CALL, SIGN, TOLVAN


def test_sign_from_code_to_completion(desk: Any) -> None:
    """outstandingTransaction, started, userSign, complete; the outcome is given out once."""
    made = desk.order()
    assert set(made) == {"orderRef", "autoStartToken", "qrStartToken", "qrStartSecret"}
    assert desk.hint(made) == ("pending", "outstandingTransaction")
    desk.clock.move(3)
    app = desk.world.app("Tolvan")
    app.scan(qr_data(made["qrStartToken"], made["qrStartSecret"], seconds=3))
    assert desk.hint(made) == ("pending", "started")
    assert desk.hint(made) == ("pending", "userSign")
    app.approve()
    done = desk.collect(made)
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
    made = desk.order()
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
    assert desk.hint(made) == ("pending", "outstandingTransaction")
    app.scan(qr_data(token, secret, seconds=18))


def test_autostart(desk: Any) -> None:
    """The token of the link starts the app as well."""
    made = desk.order()
    with pytest.raises(Refused):
        desk.world.app("Tolvan").open("bankid:///?autostarttoken=wrong&redirect=null")
    desk.world.app("Tolvan").open(f"bankid:///?autostarttoken={made['autoStartToken']}&redirect=null")
    assert desk.hint(made) == ("pending", "started")


def test_start_failed_after_thirty_seconds(desk: Any) -> None:
    """Nobody connects: startFailed at 30 s, to be had until 190 s after the start."""
    first, second = desk.order(), desk.order()
    desk.clock.move(29.9)
    assert desk.hint(first) == ("pending", "outstandingTransaction")
    desk.clock.move(0.1)
    assert desk.hint(first) == ("failed", "startFailed")
    desk.clock.move(160)
    assert desk.hint(second) == ("failed", "startFailed")
    third = desk.order()
    desk.clock.move(190.1)
    assert desk.post("collect", {"orderRef": third["orderRef"]})[0] == 400


def test_unfinished_order_expires(desk: Any) -> None:
    """Three minutes after pick-up: expiredTransaction."""
    made = desk.order()
    desk.world.app("Tolvan").scan()
    desk.clock.move(179)
    assert desk.hint(made)[0] == "pending"
    desk.clock.move(1)
    assert desk.hint(made) == ("failed", "expiredTransaction")


def test_outcomes_are_kept_for_a_while(desk: Any) -> None:
    """A completed order for three minutes, a failed one for five."""
    app = desk.world.app("Tolvan")
    for act, seconds in (("approve", 180), ("cancel", 300)):
        for late in (0, 1):
            made = desk.order()
            app.scan()
            app.act(act)
            desk.clock.move(seconds + late)
            assert desk.post("collect", {"orderRef": made["orderRef"]})[0] == (400 if late else 200)


def test_cancel(desk: Any) -> None:
    """A cancelled order is gone, and cannot be cancelled twice."""
    made = desk.order()
    assert desk.post("cancel", {"orderRef": made["orderRef"]}) == (200, {})
    for endpoint in ("cancel", "collect"):
        assert desk.post(endpoint, {"orderRef": made["orderRef"]})[1]["details"] == "No such order"


def test_orders_belong_to_the_certificate_that_made_them(desk: Any, pki: Any) -> None:
    """Another relying party's certificate cannot collect or cancel."""
    other = pki.new_client("Another RP", "Another", "5560000001").der
    made = desk.order()
    for endpoint in ("collect", "cancel"):
        assert desk.post(endpoint, {"orderRef": made["orderRef"]}, peer=other)[1]["details"] == "No such order"
    assert desk.hint(made)[0] == "pending"


def test_second_order_for_the_same_person(desk: Any) -> None:
    """Both are gone: the old one is aborted, no new one is created, and the next try succeeds."""
    first = desk.order(body=BOUND)
    assert desk.post("sign", BOUND) == (
        400,
        {"errorCode": "alreadyInProgress", "details": "Order already in progress for pno"},
    )
    assert desk.hint(first) == ("failed", "cancelled")
    desk.order(body=BOUND)


def test_scanning_another_order_replaces_the_first(desk: Any) -> None:
    """One app, one order: picking up a second one cancels the first."""
    first, second = desk.order(), desk.order()
    app = desk.world.app("Tolvan")
    app.take(first["orderRef"])
    app.take(second["orderRef"])
    assert desk.hint(first) == ("failed", "cancelled")
    assert desk.hint(second)[1] == "started"


def test_only_the_person_asked_for_can_complete(desk: Any) -> None:
    """Somebody else's app goes on searching for a BankID that fits."""
    made = desk.order(body=BOUND)
    anna = desk.world.app("Anna")
    anna.take(made["orderRef"])
    assert [desk.hint(made)[1] for _ in range(3)] == ["started"] * 3
    with pytest.raises(Refused):
        anna.approve()


def test_policies_are_matched(desk: Any) -> None:
    """A mobile BankID does not satisfy an order for a card; a wildcard is satisfied."""
    app = desk.world.app("Tolvan")
    for policies, expected in ((["1.2.3.4.10"], "started"), (["1.2.3.4.*"], "userSign"), (["1.2.3.4.25"], "userSign")):
        made = desk.order(body={**SIGN, "requirement": {"certificatePolicies": policies}})
        app.take(made["orderRef"])
        desk.hint(made)
        assert desk.hint(made)[1] == expected


def test_identity_document(desk: Any) -> None:
    """UserMrtd until the passport is read, and stepUp tells how it went."""
    app = desk.world.app("Tolvan")
    for action, passed in (("passport", True), ("passport-false", False)):
        made = desk.order(body={**SIGN, "requirement": {"mrtd": True}})
        app.scan()
        desk.hint(made)
        assert desk.hint(made) == ("pending", "userMrtd")
        with pytest.raises(Refused):
            app.approve()
        app.act(action)
        assert desk.hint(made) == ("pending", "userSign")
        app.approve()
        assert desk.collect(made)["completionData"]["stepUp"] == {"mrtd": passed}


def test_call(desk: Any) -> None:
    """noClient, userCallConfirm, userSign, complete; and userDeclinedCall."""
    app = desk.world.app("Tolvan")
    made = desk.order("phone/sign", CALL)
    assert set(made) == {"orderRef"}
    assert desk.hint(made) == ("pending", "noClient")
    with pytest.raises(Refused):
        desk.world.app("Anna").take(made["orderRef"])
    app.scan()
    assert desk.hint(made) == ("pending", "userCallConfirm")
    app.confirm_call()
    assert desk.hint(made) == ("pending", "userSign")
    app.approve()
    assert desk.collect(made)["status"] == "complete"
    made = desk.order("phone/auth", CALL)
    app.scan()
    app.act("decline-call")
    assert desk.hint(made) == ("failed", "userDeclinedCall")
    made = desk.order("phone/auth", CALL)
    desk.clock.move(180)
    assert desk.hint(made) == ("failed", "expiredTransaction")


def test_failures_that_a_person_can_cause(desk: Any) -> None:
    """userCancel, certificateErr by three wrong codes or a blocked BankID, notSupportedByUserApp."""
    app = desk.world.app("Tolvan")
    made = desk.order()
    app.scan()
    app.cancel()
    assert desk.hint(made) == ("failed", "userCancel")
    made = desk.order()
    app.scan()
    for _ in range(2):
        app.wrong_code()
        assert desk.hint(made)[0] == "pending"
    app.wrong_code()
    assert desk.hint(made) == ("failed", "certificateErr")
    made = desk.order()
    app.scan()
    app.approve()
    assert desk.hint(made) == ("failed", "certificateErr")
    app.act("unblock")
    app.act("old-app")
    made = desk.order()
    app.scan()
    assert desk.hint(made) == ("failed", "notSupportedByUserApp")


def test_risk(desk: Any) -> None:
    """Above the requirement: blocked; below it, or only asked for: told in the completion."""
    app = desk.world.app("Tolvan")
    app.act("risk-moderate")
    made = desk.order(body={**SIGN, "requirement": {"risk": "LOW"}})
    app.scan()
    assert desk.hint(made) == ("failed", "transactionRiskBlocked")
    for extra in ({"requirement": {"risk": "MODERATE"}}, {"returnRisk": True}):
        made = desk.order(body={**SIGN, **extra})
        app.scan()
        app.approve()
        assert desk.collect(made)["completionData"]["risk"] == "moderate"
