"""The bodies: what is sent, checked before it is sent; what comes back, believed only where it has the right shape.

Unknown members are ignored, as the API demands; wrong types, missing members and over-long values are not (a
``ProviderResponseError``). No value from a body ever stands in an error's message.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signkit.errors import ProviderRejectedError, ProviderResponseError

__all__ = [
    "LIMIT_HIDDEN",
    "LIMIT_VISIBLE",
    "MAX_DATA_BYTES",
    "MAX_TEXT_BYTES",
    "Collected",
    "Completion",
    "Order",
    "Requirement",
    "collected",
    "order",
    "phone_sign_body",
    "sign_body",
]

LIMIT_VISIBLE: Final = 40_000
"""Characters of base64 that ``sign`` takes as visible text (providers.md 1.3)."""
LIMIT_HIDDEN: Final = 200_000
MAX_TEXT_BYTES: Final = LIMIT_VISIBLE // 4 * 3
MAX_DATA_BYTES: Final = LIMIT_HIDDEN // 4 * 3

_UUIDISH: Final = re.compile(r"[0-9A-Za-z-]{8,100}")
_BASE64: Final = re.compile(r"[0-9A-Za-z+/]+={0,2}")
_NUMBER: Final = re.compile(r"[0-9]{12}")
_MAX_NAME: Final = 500


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the person and the BankID must be like (providers.md 1.4)."""

    mrtd: bool = False
    pin_code: bool = False
    risk: str | None = None
    """``LOW`` or ``MODERATE``: the highest that may complete."""
    certificate_policies: tuple[str, ...] = ()
    card_reader: str | None = None

    def body(self, number: str | None, *, phone: bool = False) -> dict[str, Any]:
        """Return the member ``requirement``; phone orders know neither MRTD nor risk, and carry the number outside."""
        value: dict[str, Any] = {}
        if number is not None and not phone:
            value["personalNumber"] = number
        if self.pin_code:
            value["pinCode"] = True
        if self.mrtd and not phone:
            value["mrtd"] = True
        if self.card_reader is not None:
            value["cardReader"] = self.card_reader
        if self.certificate_policies:
            value["certificatePolicies"] = list(self.certificate_policies)
        if self.risk is not None and not phone:
            value["risk"] = self.risk
        return value


@dataclass(frozen=True, slots=True)
class Order:
    """The answer to ``sign``; a phone order has the reference only."""

    reference: str = field(repr=False)
    auto_start_token: str | None = field(default=None, repr=False)
    qr_start_token: str | None = field(default=None, repr=False)
    qr_start_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Completion:
    """``completionData``, as far as it is used: who, and the evidence as text."""

    number: str = field(repr=False)
    name: str
    given_name: str
    surname: str
    signature: str = field(repr=False)
    ocsp_response: str = field(repr=False)
    mrtd: bool | None = None
    """Whether the identity document passed; None where none was asked for."""
    risk: str | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """The answer to ``collect``."""

    status: str
    hint: str | None = None
    completion: Completion | None = None


def sign_body(
    *,
    text: str,
    data: bytes,
    end_user_ip: str,
    requirement: Mapping[str, Any],
    markdown: bool = False,
    return_risk: bool = False,
) -> dict[str, Any]:
    """Return the body of ``sign``.

    Raises:
        ProviderRejectedError: no text, or more text or data than BankID takes.
    """
    body: dict[str, Any] = {"endUserIp": end_user_ip, **_content(text, data, markdown=markdown)}
    if requirement:
        body["requirement"] = dict(requirement)
    if return_risk:
        body["returnRisk"] = True
    return body


def phone_sign_body(
    *, text: str, data: bytes, number: str, call_initiator: str, requirement: Mapping[str, Any], markdown: bool = False
) -> dict[str, Any]:
    """Return the body of ``phone/sign``; ``call_initiator`` is ``user`` or ``RP``: who called whom.

    Raises:
        ProviderRejectedError: no text, or more text or data than BankID takes.
    """
    body: dict[str, Any] = {"personalNumber": number, "callInitiator": call_initiator}
    body |= _content(text, data, markdown=markdown)
    if requirement:
        body["requirement"] = dict(requirement)
    return body


def order(value: Mapping[str, Any], *, phone: bool) -> Order:
    """Return the order in an answer to ``sign`` or ``phone/sign``.

    Raises:
        ProviderResponseError: a member is missing or has the wrong type.
    """
    reference = _token(value, "orderRef")
    if phone:
        return Order(reference)
    return Order(reference, *(_token(value, name) for name in ("autoStartToken", "qrStartToken", "qrStartSecret")))


def collected(value: Mapping[str, Any], *, reference: str) -> Collected:
    """Return what an answer to ``collect`` says.

    Raises:
        ProviderResponseError: it is about another order, or a member is missing or has the wrong type.
    """
    if value.get("orderRef", reference) != reference:
        raise _broken("orderRef")
    status = value.get("status")
    if status not in ("pending", "failed", "complete"):
        raise _broken("status")
    hint = value.get("hintCode")
    if hint is not None and not isinstance(hint, str):
        raise _broken("hintCode")
    if status != "complete":
        return Collected(status, hint)
    data = value.get("completionData")
    if not isinstance(data, dict):
        raise _broken("completionData")
    return Collected(status, hint, _completion(data))


def _completion(data: Mapping[str, Any]) -> Completion:
    user = data.get("user")
    if not isinstance(user, dict):
        raise _broken("completionData.user")
    number = user.get("personalNumber")
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise _broken("completionData.user.personalNumber")
    step_up = data.get("stepUp")
    mrtd = step_up.get("mrtd") if isinstance(step_up, dict) else None
    risk = data.get("risk")
    return Completion(
        number=number,
        name=_name(user, "name"),
        given_name=_name(user, "givenName"),
        surname=_name(user, "surname"),
        signature=_base64(data, "signature", 4_000_000),
        ocsp_response=_base64(data, "ocspResponse", 200_000),
        mrtd=mrtd if isinstance(mrtd, bool) else None,
        risk=risk.lower() if isinstance(risk, str) else None,
    )


def _content(text: str, data: bytes, *, markdown: bool) -> dict[str, Any]:
    try:
        visible = base64.b64encode(text.encode("utf-8")).decode("ascii")
    except UnicodeEncodeError as exc:
        raise ProviderRejectedError("the text is not Unicode text", code="provider.rejected.text") from exc
    hidden = base64.b64encode(data).decode("ascii")
    if not 1 <= len(visible) <= LIMIT_VISIBLE or len(hidden) > LIMIT_HIDDEN:
        raise ProviderRejectedError(
            f"BankID shows 1 to {MAX_TEXT_BYTES} bytes of text and takes at most {MAX_DATA_BYTES} bytes of data",
            code="provider.rejected.size",
            hint="sign fewer documents in one ceremony",
        )
    body = {"userVisibleData": visible}
    if markdown:
        body["userVisibleDataFormat"] = "simpleMarkdownV1"
    if hidden:
        body["userNonVisibleData"] = hidden
    return body


def _token(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not _UUIDISH.fullmatch(found):
        raise _broken(name)
    return found


def _name(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not 1 <= len(found) <= _MAX_NAME:
        raise _broken(f"completionData.user.{name}")
    return found


def _base64(value: Mapping[str, Any], name: str, most: int) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not 1 <= len(found) <= most or not _BASE64.fullmatch(found):
        raise _broken(f"completionData.{name}")
    return found


def _broken(member: str) -> ProviderResponseError:
    return ProviderResponseError(
        f"BankID's answer lacks {member}, or it has the wrong form", code="provider.bankid.response"
    )
