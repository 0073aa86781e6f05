"""The provider against the simulated BankID: every state, code and limit, and no secret in any message."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from signkit import texts
from signkit.errors import ProviderRejectedError, ProviderUnavailableError, Retry
from signkit.evidence import verifier_for
from signkit.ports.provider import CeremonyState, SigningRequest
from signkit.testing.providers import ProviderConformance
from signkit_providers.bankid import hints
from signkit_providers.bankid.qr import qr_data
from signkit_providers.bankid.wire import Requirement
from signkit_providers.simulator.api import Fault

TOLVAN = "191212121212"


def request(**changes: Any) -> SigningRequest:
    made = SigningRequest(
        ceremony="c1",
        text="Jag skriver under protokollet, ärende 17.",
        data=b'{"schema":"signkit.intent/1"}',
        language="sv",
        scheme="se.personnummer",
        value=TOLVAN,
        name="Tolvan Tolvansson",
    )
    return dataclasses.replace(made, **changes)


class TestConformance(ProviderConformance):
    """BankID passes the suite that every provider must pass."""

    @pytest.fixture(autouse=True)
    def _at(self, desk: Any) -> None:
        self.desk = desk
        desk.world.people.add("Anna Testsson", "190001019801")

    def provider(self) -> Any:
        """Return the provider."""
        return self.desk.provider

    def script(self, outcome: str) -> Mapping[str, str]:
        """Arrange who does what while time passes."""
        for item in self.desk.world.book.waiting():
            self.desk.world.book.cancel(item.ref, item.owner)
        who = "Tolvan" if outcome == "wrong-person" else "Anna Testsson"
        app = self.desk.world.app(who)
        acts = {
            "success": [app.scan, lambda: None, app.approve],
            "wrong-person": [lambda: app.take(self.desk.world.book.waiting()[-1].ref)],
            "decline": [app.scan, app.cancel],
            "expire": [],
            "fail": [app.scan, *[app.wrong_code] * 3],
        }
        self.acts = list(acts[outcome])
        return {}

    def anchors(self) -> Sequence[bytes]:
        """Return the simulator's root."""
        return [self.desk.world.pki.root.der]

    def wait(self) -> None:
        """Let two seconds pass and the person act."""
        self.desk.clock.move(2)
        if self.acts:
            self.acts.pop(0)()


def test_what_is_sent(desk: Any) -> None:
    """Text and data in base64, the address, the person's number in the requirement, and nothing else."""
    desk.provider.start(request(client_ip="192.0.2.7"))
    endpoint, body = desk.sent[0]
    assert endpoint == "sign"
    assert b64decode(body.pop("userVisibleData")).decode() == request().text
    assert b64decode(body.pop("userNonVisibleData")) == request().data
    assert body == {"endUserIp": "192.0.2.7", "requirement": {"personalNumber": TOLVAN}}


def test_requirements_are_sent(new_desk: Any) -> None:
    """Passport, code, risk, policies, card reader, format and risk: as configured."""
    wish = Requirement(mrtd=True, pin_code=True, risk="LOW", certificate_policies=("1.2.3.4.25",), card_reader="class2")
    desk = new_desk(requirement=wish, return_risk=True, markdown=True)
    desk.provider.start(request(value=None, scheme=None))
    body = desk.sent[0][1]
    assert body["requirement"] == {
        "mrtd": True,
        "pinCode": True,
        "risk": "LOW",
        "certificatePolicies": ["1.2.3.4.25"],
        "cardReader": "class2",
    }
    assert (body["returnRisk"], body["userVisibleDataFormat"]) == (True, "simpleMarkdownV1")
    desk.provider.start(request(options={"call_initiator": "user"}))
    assert desk.sent[1][0] == "phone/sign"
    assert desk.sent[1][1]["requirement"].keys() == {"pinCode", "certificatePolicies", "cardReader"}


def test_prompt_follows_the_clock_until_the_app_has_the_order(desk: Any) -> None:
    """A new code each second; neither code nor link once an app has fetched the order."""
    started = desk.provider.start(request())
    kept = json.loads(started.state["order"])
    token, secret = kept["qr_token"], kept["qr_secret"]
    assert started.prompt.qr == qr_data(token, secret, seconds=0)
    desk.clock.move(5.7)
    prompt = desk.provider.prompt(started)
    assert prompt.qr == qr_data(token, secret, seconds=5)
    assert prompt.link == f"bankid:///?autostarttoken={kept['auto_token']}&redirect=null"
    assert prompt.hint == "outstandingTransaction"
    assert secret not in repr(started)
    assert secret not in str(prompt)
    desk.world.app("Tolvan").scan(prompt.qr)
    assert desk.provider.poll(started).prompt.hint == "started"
    prompt = desk.provider.prompt(started)
    assert (prompt.qr, prompt.link, prompt.hint) == (None, None, "started")


def test_link_for_a_phone(desk: Any) -> None:
    """On a phone the link is BankID's web address."""
    started = desk.provider.start(request(options={"device": "mobile"}))
    assert started.prompt.link is not None
    assert started.prompt.link.startswith("https://app.bankid.com/?autostarttoken=")


def test_completion_is_kept_byte_for_byte(desk: Any) -> None:
    """Signature and answer are exactly the received text, and our verifier accepts them."""
    started = desk.provider.start(request())
    app = desk.world.app("Tolvan")
    app.scan()
    app.approve()
    result = desk.provider.poll(started)
    assert result.state is CeremonyState.COMPLETE
    signed = result.signed
    assert signed is not None
    assert (signed.identity.value, signed.identity.birthdate) == (TOLVAN, "1912-12-12")
    verifier = verifier_for(signed.evidence.format)
    assert verifier is not None
    facts = verifier.verify(signed.evidence, anchors=[desk.world.pki.root.der])
    assert (facts.findings, facts.text, facts.data) == ((), request().text, request().data)
    assert facts.identity == signed.identity


def test_wrong_person_is_told_as_who_it_was(desk: Any) -> None:
    """Invited by name only, whoever scans completes, and the identity says who."""
    started = desk.provider.start(request(value=None))
    app = desk.world.app("Anna")
    app.scan()
    app.approve()
    signed = desk.provider.poll(started).signed
    assert signed is not None
    assert signed.identity.name == "Anna Andersson"


def test_start_failed_is_renewed_for_three_minutes(desk: Any) -> None:
    """A new order each thirty seconds, quietly; after three minutes expired, with the reason."""
    started = desk.provider.start(request())
    references, result = {started.reference}, None
    for _ in range(120):
        desk.clock.move(2)
        result = desk.provider.poll(started)
        if result.state is not CeremonyState.PENDING:
            break
        started = result.restarted or started
        references.add(started.reference)
    assert result is not None
    assert (result.state, result.reason) == (CeremonyState.EXPIRED, "startFailed")
    assert len(references) == 6
    bodies = [body for endpoint, body in desk.sent if endpoint == "sign"]
    assert all(body == bodies[0] for body in bodies)


def test_renewed_order_can_be_completed(desk: Any) -> None:
    """The code of the new order works, the old one's does not."""
    started = desk.provider.start(request())
    desk.clock.move(31)
    result = desk.provider.poll(started)
    assert result.restarted is not None
    assert result.prompt.qr == result.restarted.prompt.qr
    assert result.restarted.expires_at == started.expires_at
    app = desk.world.app("Tolvan")
    app.scan(result.prompt.qr)
    app.approve()
    assert desk.provider.poll(result.restarted).state is CeremonyState.COMPLETE


@pytest.mark.parametrize(
    ("acts", "state", "reason"),
    [
        (["scan", "cancel"], CeremonyState.DECLINED, "userCancel"),
        (["block", "scan", "approve"], CeremonyState.FAILED, "certificateErr"),
        (["old-app", "scan"], CeremonyState.FAILED, "notSupportedByUserApp"),
    ],
)
def test_failed_orders(desk: Any, acts: list[str], state: CeremonyState, reason: str) -> None:
    """Each failed hint ends the ceremony in the state that it means."""
    started = desk.provider.start(request())
    for act in acts:
        desk.world.app("Tolvan").act(act)
    result = desk.provider.poll(started)
    assert (result.state, result.reason, result.signed) == (state, reason, None)
    assert result.prompt.message == hints.user_message(reason, "sv")


def test_expired_after_pick_up(desk: Any) -> None:
    """An order that was fetched and left alone expires and is not renewed."""
    started = desk.provider.start(request())
    desk.world.app("Tolvan").scan()
    desk.clock.move(181)
    assert desk.provider.poll(started).reason == "expiredTransaction"


def test_call(desk: Any) -> None:
    """A phone order has neither code nor link; declined calls end declined; who called whom is sent."""
    options = {"call_initiator": "RP"}
    started = desk.provider.start(request(options=options))
    assert desk.sent[0][0] == "phone/sign"
    assert desk.sent[0][1]["callInitiator"] == "RP"
    assert (started.prompt.qr, started.prompt.link, started.prompt.hint) == (None, None, "noClient")
    desk.world.app("Tolvan").scan()
    assert desk.provider.poll(started).prompt.hint == "userCallConfirm"
    desk.world.app("Tolvan").confirm_call(accept=False)
    result = desk.provider.poll(started)
    assert (result.state, result.reason) == (CeremonyState.DECLINED, "userDeclinedCall")
    for wrong in ({"value": None, "options": options}, {"options": {"call_initiator": "nobody"}}):
        with pytest.raises(ProviderRejectedError):
            desk.provider.start(request(**wrong))


def test_second_order_of_the_same_person(desk: Any) -> None:
    """AlreadyInProgress may be tried again, after telling the person."""
    desk.provider.start(request())
    with pytest.raises(ProviderRejectedError) as caught:
        desk.provider.start(request())
    assert (caught.value.code, caught.value.retry) == ("provider.bankid.alreadyInProgress", Retry.ASK)
    desk.provider.start(request())


def test_cancel_is_harmless_whenever(desk: Any) -> None:
    """Cancelling ends the order; again, or after the end, it does nothing."""
    started = desk.provider.start(request())
    desk.provider.cancel(started)
    desk.provider.cancel(started)
    result = desk.provider.poll(started)
    assert (result.state, result.reason) == (CeremonyState.EXPIRED, "orderGone")


def test_limits_are_checked_before_sending(desk: Any) -> None:
    """Exactly the limit is sent, one byte more is not; nor are other schemes, numbers and addresses."""
    limits = desk.provider.facts().limits
    desk.provider.start(request(text="x" * limits.text_bytes, data=b"x" * limits.data_bytes, value=None))
    assert len(desk.sent) == 1
    wrong = [
        {"text": "x" * (limits.text_bytes + 1)},
        {"text": "å" * limits.text_bytes},
        {"text": ""},
        {"text": "\ud800"},
        {"data": b"x" * (limits.data_bytes + 1)},
        {"value": "1212121212"},
        {"value": "１９１２１２１２１２１２"},
        {"scheme": "dk.mitid.uuid"},
        {"client_ip": "localhost"},
    ]
    for change in wrong:
        with pytest.raises(ProviderRejectedError) as caught:
            desk.provider.start(request(**change))
        assert TOLVAN not in str(caught.value)
    assert len(desk.sent) == 1


def test_passing_failures_of_collect_are_nothing_new(desk: Any) -> None:
    """Four failed polls in a row are pending; the fifth is told; one answer in between starts the count again."""
    started = desk.provider.start(request())
    for _ in range(2):
        desk.world.faults.add(Fault(endpoint="collect", times=4))
        assert [desk.provider.poll(started).state for _ in range(5)] == [CeremonyState.PENDING] * 5
    desk.world.faults.add(Fault(endpoint="collect", times=5))
    for _ in range(4):
        assert desk.provider.poll(started).prompt.qr is not None
    with pytest.raises(ProviderUnavailableError) as caught:
        desk.provider.poll(started)
    assert caught.value.retry is Retry.AUTO


@pytest.mark.parametrize(
    ("status", "code", "kind", "retry"),
    [
        (400, "invalidParameters", ProviderRejectedError, Retry.NEVER),
        (401, "unauthorized", ProviderRejectedError, Retry.NEVER),
        (403, None, ProviderRejectedError, Retry.NEVER),
        (404, "notFound", ProviderRejectedError, Retry.NEVER),
        (405, "methodNotAllowed", ProviderRejectedError, Retry.NEVER),
        (408, "requestTimeout", ProviderUnavailableError, Retry.ASK),
        (415, "unsupportedMediaType", ProviderRejectedError, Retry.NEVER),
        (418, "teapot", ProviderRejectedError, Retry.NEVER),
        (429, "tooManyRequests", ProviderUnavailableError, Retry.AUTO),
        (500, "internalError", ProviderUnavailableError, Retry.ASK),
        (502, None, ProviderUnavailableError, Retry.AUTO),
        (503, "Maintenance", ProviderUnavailableError, Retry.AUTO),
        (503, "maintenance", ProviderUnavailableError, Retry.AUTO),
        (503, None, ProviderUnavailableError, Retry.AUTO),
    ],
)
def test_errors_of_start(desk: Any, status: int, code: str | None, kind: type[Exception], retry: Retry) -> None:
    """Each error is of the right class and says whether repeating helps; details never show."""
    desk.world.faults.add(Fault(endpoint="sign", status=status, code=code, details="secret 191212121212"))
    with pytest.raises(kind) as caught:
        desk.provider.start(request())
    error = caught.value
    assert isinstance(error, ProviderRejectedError | ProviderUnavailableError)
    assert error.retry is retry
    assert "secret" not in f"{error} {error.hint} {error.subject}"


def test_collect_is_asked_at_most_once_a_second(new_desk: Any) -> None:
    """However often the caller polls, the server hears one question a second."""
    desk = new_desk(least_poll_seconds=1.0)
    seconds = [0.0]
    desk.provider._monotonic = lambda: seconds[0]
    started = desk.provider.start(request())
    for _ in range(40):
        desk.provider.poll(started)
        seconds[0] += 0.1
    assert len([1 for endpoint, _ in desk.sent if endpoint == "collect"]) == 4


def test_passport_that_did_not_pass(new_desk: Any) -> None:
    """Where a passport is required, stepUp false is no signature."""
    desk = new_desk(requirement=Requirement(mrtd=True))
    started = desk.provider.start(request())
    app = desk.world.app("Tolvan")
    app.scan()
    desk.provider.poll(started)
    assert desk.provider.poll(started).prompt.hint == "userMrtd"
    app.show_document(genuine=False)
    app.approve()
    result = desk.provider.poll(started)
    assert (result.state, result.reason, result.signed) == (CeremonyState.FAILED, "mrtdFailed", None)


def test_unknown_hints(desk: Any) -> None:
    """An unknown pending code keeps polling, an unknown failed one fails."""
    assert hints.pending_hint("somethingNew") == "unknownPending"
    assert hints.pending_hint(None) == "unknownPending"
    assert hints.failed_state("somethingNew") == (CeremonyState.FAILED, "unknownFailed")
    assert hints.failed_state(None) == (CeremonyState.FAILED, "unknownFailed")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    """Every hint, reason and error that may be repeated has a sentence in every language."""
    codes = {*hints.PENDING, *hints.FAILED, *hints.RFA, "mrtdFailed", "orderGone", "complete"}
    for code in codes:
        name = code.replace(".", "_")
        keys = [key for key in (f"bankid.hint.{name}", f"bankid.error.{name}") if key in texts.codes()]
        assert keys, code
        assert texts.codes()[keys[0]].keys() >= {"sv", "en", "da"}
    assert hints.user_message("userSign", language) == texts.text("bankid.hint.userSign", language)
    assert hints.user_message("startFailed", language, link=True) != hints.user_message("startFailed", language)
    assert hints.user_message("started", language, computer=True) != hints.user_message("started", language)
    assert hints.user_message("alreadyInProgress", language) == texts.text("bankid.error.alreadyInProgress", language)
    assert hints.user_message("???", language) == texts.text("bankid.hint.unknownFailed", language)


def test_state_is_plain_text(desk: Any) -> None:
    """What the caller holds between polls is text and survives a trip through JSON."""
    started = desk.provider.start(request())
    again = dataclasses.replace(started, state=json.loads(json.dumps(dict(started.state))))
    assert desk.provider.prompt(again) == desk.provider.prompt(started)
