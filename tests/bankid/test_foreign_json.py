"""Any JSON whatever, at both ends: an error of the right kind, and nothing else."""

from __future__ import annotations

import contextlib
from base64 import b64encode
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit.errors import ProviderResponseError
from signkit.evidence.bankid import BankIdVerifier
from signkit.ports.provider import Evidence
from signkit_providers.bankid import wire
from signkit_providers.simulator.validation import ApiError, Kind, order_request

NAMES = [
    "orderRef",
    "status",
    "hintCode",
    "completionData",
    "user",
    "personalNumber",
    "name",
    "givenName",
    "surname",
    "signature",
    "ocspResponse",
    "stepUp",
    "mrtd",
    "risk",
    "autoStartToken",
    "qrStartToken",
    "qrStartSecret",
    "endUserIp",
    "userVisibleData",
    "userNonVisibleData",
    "userVisibleDataFormat",
    "requirement",
    "pinCode",
    "cardReader",
    "certificatePolicies",
    "returnUrl",
    "returnRisk",
    "web",
    "app",
    "callInitiator",
    "userVisibleTransaction",
    "transactionType",
    "recipient",
    "money",
    "amount",
    "currency",
    "riskFlags",
    "referringDomain",
    "userAgent",
    "deviceIdentifier",
]
WORDS = [
    "",
    "pending",
    "failed",
    "complete",
    "191212121212",
    "RP",
    "user",
    "127.0.0.1",
    "QUFB",
    "card",
    "LOW",
    "1.2.3.4.5",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=30,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)
CASES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@CASES
@given(value=OBJECTS, phone=st.booleans())
def test_answers_of_a_server(value: dict[str, Any], phone: bool) -> None:  # noqa: FBT001 - drawn
    """The client takes an answer or says that BankID breaks its API."""
    with contextlib.suppress(ProviderResponseError):
        wire.order(value, phone=phone)
    with contextlib.suppress(ProviderResponseError):
        wire.collected(value, reference="x")


@CASES
@given(kind=st.sampled_from(list(Kind)), value=OBJECTS)
def test_requests_of_a_client(kind: Kind, value: dict[str, Any]) -> None:
    """The simulator takes a request or refuses it as invalid."""
    with contextlib.suppress(ApiError):
        order_request(kind, value)


@CASES
@given(path=st.sampled_from(["sign", "collect", "cancel", "phone/sign", "payment"]), value=OBJECTS)
def test_requests_end_to_end(desk: Any, path: str, value: dict[str, Any]) -> None:
    """Whatever is posted, the answer is 200 or 400, and JSON."""
    assert desk.post(path, value)[0] in (200, 400)


def test_certificate_that_cannot_be_read_is_a_finding(forge: Any) -> None:
    """A certificate with one extension twice, which the library refuses in its own way, is a finding."""
    signer = forge.pki.person(forge.tolvan, function="Signing")
    usage = signer.der.find(bytes.fromhex("0603551d0f"))
    policies = signer.der.find(bytes.fromhex("0603551d20"))
    doubled = bytearray(signer.der)
    doubled[policies : policies + 5] = signer.der[usage : usage + 5]
    xml = forge.xml().replace(b64encode(signer.der), b64encode(bytes(doubled)))
    evidence = forge.evidence(xml)
    facts = BankIdVerifier().verify(Evidence("bankid", "test", evidence.format, evidence.parts), anchors=forge.anchors)
    assert "evidence.bankid.certificate" in {item.code for item in facts.findings}
