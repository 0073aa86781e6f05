"""A simulator for all tests of BankID, a clock that stands still, and evidence made by hand."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from signkit import texts
from signkit.evidence import verifier_for
from signkit.ports.evidence import EvidenceFacts
from signkit.ports.provider import Evidence
from signkit_providers.bankid import BankIdClient, BankIdProvider
from signkit_providers.bankid.settings import Settings
from signkit_providers.simulator import Person, Simulator, World
from signkit_providers.simulator.document import Content, ocsp_answer, signature_document
from signkit_providers.simulator.pki import Issued, SimulatorPki

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
FORMAT = "signkit.evidence.bankid/1"
TOLVAN = "191212121212"
TEXT = b64encode(b"Jag skriver under.").decode()
SIGN = {"endUserIp": "192.0.2.10", "userVisibleData": TEXT}
BOUND = {**SIGN, "requirement": {"personalNumber": TOLVAN}}
CALL = {"personalNumber": TOLVAN, "callInitiator": "RP", "userVisibleData": TEXT}


class StillClock:
    """Moves only when told."""

    def __init__(self, now: datetime = NOW) -> None:
        self.instant = now

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant

    def move(self, seconds: float) -> None:
        """Move on."""
        self.instant += timedelta(seconds=seconds)


@dataclass
class Forge:
    """Makes evidence, right or wrong, with the simulator's keys."""

    pki: SimulatorPki
    tolvan: Person = field(default_factory=lambda: Person("Tolvan Tolvansson", "191212121212"))
    anna: Person = field(default_factory=lambda: Person("Anna Andersson", "198507099805"))

    @property
    def content(self) -> Content:
        """What is signed unless told otherwise."""
        return Content(
            function="Signing",
            relying_party=self.pki.client.certificate,
            visible=b64encode(b"Jag skriver under protokollet.").decode(),
            visible_format=None,
            hidden=b64encode(b'{"schema":"signkit.intent/1"}').decode(),
            version="7.50.0",
            platform="ANDROID",
            platform_version="14",
            uhi="gCSsUsVYgZEg96P/l/7QIxWjusqW",
        )

    def xml(self, signer: Issued | None = None, authorities: Any = None, **changes: Any) -> bytes:
        """Return a signed document."""
        signer = signer or self.pki.person(self.tolvan, function="Signing")
        content = dataclasses.replace(self.content, **changes)
        return signature_document(content, signer, authorities or (self.pki.customer, self.pki.bank))

    def evidence(
        self, xml: bytes | None = None, *, environment: str = "test", ocsp: bytes | None = None, **how: Any
    ) -> Evidence:
        """Return a document with its answer."""
        signature = b64encode(xml if xml is not None else self.xml()).decode("ascii")
        answer = ocsp if ocsp is not None else self.answer(signature, **how)
        parts = {"signature": signature.encode(), "ocspResponse": b64encode(answer)}
        return Evidence("bankid", environment, FORMAT, parts)

    def answer(self, signature: str, **how: Any) -> bytes:
        """Return an answer about Tolvan."""
        defaults: dict[str, Any] = {
            "subject": self.pki.person(self.tolvan, function="Signing").certificate,
            "issuer": self.pki.customer,
            "responder": self.pki.responder,
            "at": NOW,
        }
        return ocsp_answer(signature, **(defaults | how))

    @property
    def anchors(self) -> list[bytes]:
        """The simulator's root."""
        return [self.pki.root.der]


@pytest.fixture(scope="session")
def pki() -> SimulatorPki:
    """Return the keys of all tests."""
    return SimulatorPki(NOW)


@pytest.fixture(scope="session")
def forge(pki: SimulatorPki) -> Forge:
    """Return a maker of evidence."""
    return Forge(pki)


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    """Return a running simulator with the machine's clock."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def still() -> StillClock:
    """Return a clock that stands still."""
    return StillClock()


class Desk:
    """A simulated BankID without sockets, a provider that talks to it, and a clock to move."""

    def __init__(self, pki: SimulatorPki, **settings: Any) -> None:
        self.clock = StillClock()
        self.world = World(pki, clock=self.clock)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.client = BankIdClient(
            "https://bankid.invalid/rp/v6.0", context=None, transport=httpx.MockTransport(self._carry)
        )
        values: dict[str, Any] = {"environment": "test", "url": "https://bankid.invalid/", "least_poll_seconds": 0.0}
        self.provider = BankIdProvider(self.client, clock=self.clock, settings=Settings(**(values | settings)))
        self._peer = pki.client.der

    def _carry(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.url.path.removeprefix("/rp/v6.0/"), json.loads(request.content)))
        answer = self.world.answer(
            request.method,
            request.url.path,
            content_type=request.headers.get("Content-Type"),
            body=request.content,
            peer=self._peer,
        )
        headers = {"Content-Type": answer.content_type}
        return httpx.Response(answer.status, content=answer.body, headers=headers)

    def post(self, endpoint: str, body: Any, *, peer: bytes | None = None) -> tuple[int, Any]:
        """Ask the API itself, as another relying party might."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.world.answer(
            "POST", f"/rp/v6.0/{endpoint}", content_type="application/json", body=content, peer=peer or self._peer
        )
        return answer.status, json.loads(answer.body)

    def order(self, endpoint: str = "sign", body: Any = None) -> dict[str, Any]:
        """Make an order."""
        status, value = self.post(endpoint, SIGN if body is None else body)
        assert status == 200, value
        return dict(value)

    def collect(self, made: dict[str, Any]) -> dict[str, Any]:
        """Ask what became of an order."""
        status, value = self.post("collect", {"orderRef": made["orderRef"]})
        assert status == 200, value
        return dict(value)

    def hint(self, made: dict[str, Any]) -> tuple[str, str]:
        """Return an order's status, and the hint where there is one."""
        value = self.collect(made)
        return value["status"], value.get("hintCode", "")


@pytest.fixture
def desk(pki: SimulatorPki) -> Iterator[Desk]:
    """Return a simulated BankID and a provider at it."""
    made = Desk(pki)
    yield made
    made.provider.close()


@pytest.fixture
def new_desk(pki: SimulatorPki) -> Iterator[Callable[..., Desk]]:
    """Return a maker of desks with settings of one's own."""
    made: list[Desk] = []

    def make(**settings: Any) -> Desk:
        made.append(Desk(pki, **settings))
        return made[-1]

    yield make
    for item in made:
        item.provider.close()


def judge(evidence: Evidence, anchors: list[bytes]) -> EvidenceFacts:
    """Return what the verifier says of evidence."""
    verifier = verifier_for(FORMAT)
    assert verifier is not None
    return verifier.verify(evidence, anchors=anchors)


def codes(evidence: Evidence, anchors: list[bytes]) -> set[str]:
    """Return the codes of all findings, without their common beginning."""
    facts = judge(evidence, anchors)
    for finding in facts.findings:
        assert finding.code in texts.codes(), finding.code
        assert "{" not in texts.text(finding.code, "sv", **finding.params)
        assert "19121212" not in str(finding)
    return {finding.code.removeprefix("evidence.bankid.") for finding in facts.findings}


def resigned(forge: Any, change: Any) -> bytes:
    """Return a document whose signed data was changed before it was signed."""
    from signkit_providers.simulator import document

    real = document._signed_data
    try:
        document._signed_data = lambda content: change(real(content))
        return bytes(forge.xml())
    finally:
        document._signed_data = real
