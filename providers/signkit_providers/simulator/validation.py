"""What the server takes: one request body per endpoint, checked as the real one does, with its own words.

The ``details`` are strings seen from the real test server (providers.md 1.7); clients must not match on them.
"""

from __future__ import annotations

import base64
import binascii
import enum
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signkit_providers.simulator.persons import is_personal_number
from signkit_providers.simulator.pki import POLICIES

__all__ = ["ApiError", "Kind", "OrderRequest", "matches_policy", "order_request"]


class ApiError(Exception):
    """An answer other than 200: HTTP status, ``errorCode`` and ``details``."""

    def __init__(self, status: int, code: str, details: str) -> None:
        super().__init__(details)
        self.status, self.code, self.details = status, code, details


class Kind(enum.StrEnum):
    """An order's endpoint."""

    AUTH = "auth"
    SIGN = "sign"
    PAYMENT = "payment"
    PHONE_AUTH = "phone/auth"
    PHONE_SIGN = "phone/sign"
    OTHER_PAYMENT = "other/payment"

    @property
    def by_phone(self) -> bool:
        """True on a call: the person is known and confirms the call first."""
        return self in {Kind.PHONE_AUTH, Kind.PHONE_SIGN}

    @property
    def on_screen(self) -> bool:
        """True where QR code and autostart begin the order."""
        return self in {Kind.AUTH, Kind.SIGN, Kind.PAYMENT}

    @property
    def function(self) -> str:
        """``funcId`` in the signed document."""
        return "Identification" if self in {Kind.AUTH, Kind.PHONE_AUTH} else "Signing"


_LIMITS: Final = {
    Kind.AUTH: (1_500, 1_500),
    Kind.PHONE_AUTH: (1_500, 1_500),
    Kind.SIGN: (40_000, 200_000),
    Kind.PHONE_SIGN: (40_000, 200_000),
    Kind.PAYMENT: (1_000, 1_000),
    Kind.OTHER_PAYMENT: (1_000, 1_000),
}
"""Characters after base64: visible, hidden (providers.md 1.3)."""
_RISKS: Final = ("low", "moderate", "high")
_RISK_WORDS: Final = (None, "LOW", "MODERATE", "low", "moderate")
"""The official sample sends capitals; which the server demands is not public (providers.md 10), so both are taken."""
_POLICY: Final = re.compile(r"\d+(\.\d+){3,}(\.\*)?|\d+(\.\d+){3}\.\*")
_DOMAIN: Final = re.compile(r"[0-9a-z.-]{3,253}")
_AMOUNT: Final = re.compile(r"\d+(,\d+)?")
_RISK_FLAGS: Final = frozenset(
    {
        "newCard",
        "newCustomer",
        "newRecipient",
        "highRiskRecipient",
        "largeAmount",
        "foreignCurrency",
        "cryptoCurrencyPurchase",
        "moneyTransfer",
        "overseasTransaction",
        "recurringPayment",
        "suspiciousPaymentPattern",
        "other",
    }
)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as asked for; base64 texts untouched."""

    visible: str | None = field(default=None, repr=False)
    visible_format: str | None = None
    hidden: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=False)
    """Only this person may complete the order."""
    policies: tuple[str, ...] = ()
    mrtd: bool = False
    pin_code: bool = False
    risk: str | None = None
    """Highest risk allowed, lower-case."""
    return_risk: bool = False
    end_user_ip: str | None = None
    call_initiator: str | None = None

    def blocks_risk(self, risk: str) -> bool:
        """Tell whether a person of this risk is above what was asked."""
        return self.risk is not None and _RISKS.index(risk) > _RISKS.index(self.risk)


def order_request(kind: Kind, body: Mapping[str, Any]) -> OrderRequest:
    """Return the request in ``body``; unknown members are ignored.

    Raises:
        ApiError: 400 ``invalidParameters`` with the real server's words.
    """
    if "personalNumber" in body and not kind.by_phone and kind is not Kind.OTHER_PAYMENT:
        raise _bad("Invalid request")  # gone since 6.0: orders start by QR code or autostart only
    most_visible, most_hidden = _LIMITS[kind]
    visible = _data(body, "userVisibleData", most_visible, text=True)
    hidden = _data(body, "userNonVisibleData", most_hidden)
    form = body.get("userVisibleDataFormat")
    if form not in (None, "plaintext", "simpleMarkdownV1"):
        raise _bad("Invalid userVisibleDataFormat")
    if kind in {Kind.SIGN, Kind.PHONE_SIGN} and visible is None:
        raise _bad("Invalid userVisibleData")
    if visible is not None and form == "simpleMarkdownV1":
        _check_markdown(base64.b64decode(visible).decode("utf-8"))
    requirement = _requirement(kind, body.get("requirement"))
    number = requirement.get("personalNumber")
    if kind.by_phone or kind is Kind.OTHER_PAYMENT:
        number = _number(body.get("personalNumber", number), required=True)
    if kind in {Kind.PAYMENT, Kind.OTHER_PAYMENT}:
        _check_payment(body, visible=visible, hidden=hidden)
    _check_screen(kind, body)
    risk = requirement.get("risk")
    return OrderRequest(
        visible=visible,
        visible_format=form,
        hidden=hidden,
        number=number,
        policies=tuple(requirement.get("certificatePolicies") or ()),
        mrtd=bool(requirement.get("mrtd")),
        pin_code=bool(requirement.get("pinCode")),
        risk=risk.lower() if risk else None,
        return_risk=_flag(body, "returnRisk") or risk is not None,
        end_user_ip=body.get("endUserIp"),
        call_initiator=body.get("callInitiator"),
    )


def matches_policy(kind: str, asked: tuple[str, ...]) -> bool:
    """Tell whether a BankID of this kind satisfies the policies asked for; none asked: every kind does."""
    own = POLICIES[kind]
    return not asked or any(own == item or (item.endswith("*") and own.startswith(item[:-1])) for item in asked)


def _data(body: Mapping[str, Any], name: str, most: int, *, text: bool = False) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise _bad(f"Invalid {name}")
    try:
        raw = binascii.a2b_base64(value.encode("ascii"), strict_mode=True)
        if text:
            raw.decode("utf-8")
    except ValueError as exc:  # binascii.Error and UnicodeError are both
        raise _bad(f"Invalid {name}") from exc
    return value


def _requirement(kind: Kind, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    known = {"personalNumber", "pinCode", "mrtd", "cardReader", "certificatePolicies", "risk"}
    if kind.by_phone:
        known = {"personalNumber", "pinCode", "cardReader", "certificatePolicies"}
    if not isinstance(value, dict) or not value.keys() <= known:
        raise _bad("Invalid requirement")
    if value.get("personalNumber") is not None:
        _number(value["personalNumber"], required=True)
    if any(value.get(name) not in (None, False, True) for name in ("pinCode", "mrtd")):
        raise _bad("Invalid requirement")
    if value.get("cardReader") not in (None, "class1", "class2") or value.get("risk") not in _RISK_WORDS:
        raise _bad("Invalid requirement")
    policies = value.get("certificatePolicies") or []
    if not isinstance(policies, list) or not all(
        isinstance(item, str) and _POLICY.fullmatch(item) for item in policies
    ):
        raise _bad("Invalid requirement")
    return value


def _number(value: Any, *, required: bool) -> str | None:
    if value is None and not required:
        return None
    if not isinstance(value, str) or not is_personal_number(value):
        raise _bad("Incorrect personalNumber")
    return value


def _check_screen(kind: Kind, body: Mapping[str, Any]) -> None:
    if kind.by_phone:
        if body.get("callInitiator") not in ("user", "RP"):
            raise _bad("Incorrect callInitiator")
        return
    if kind.on_screen:
        try:
            ipaddress.ip_address(body["endUserIp"] if isinstance(body.get("endUserIp"), str) else "")
        except ValueError as exc:
            raise _bad("Invalid endUserIp") from exc
    url = body.get("returnUrl")
    if url is not None and not (isinstance(url, str) and 1 <= len(url) <= 512):
        raise _bad("Invalid returnUrl")
    _check_device(body.get("web"), body.get("app"))


def _check_device(web: Any, app: Any) -> None:
    for value in (web, app):
        if value is not None and (not isinstance(value, dict) or not value):
            raise _bad("Invalid request")
    if web is not None and app is not None:
        raise _bad("Invalid request")
    limits = {"userAgent": 256, "deviceIdentifier": 64}
    for name, most in limits.items() if web else ():
        value = web.get(name)
        if value is not None and not (isinstance(value, str) and 1 <= len(value) <= most):
            raise _bad("Invalid request")
    domain = web.get("referringDomain") if web else None
    if domain is not None and not (isinstance(domain, str) and _DOMAIN.fullmatch(domain)):
        raise _bad("Invalid request")


def _check_payment(body: Mapping[str, Any], *, visible: str | None, hidden: str | None) -> None:
    transaction = body.get("userVisibleTransaction")
    if not isinstance(transaction, dict) or transaction.get("transactionType") not in ("card", "npa"):
        raise _bad("transactionType is not a valid transaction type")
    recipient = transaction.get("recipient")
    name = recipient.get("name") if isinstance(recipient, dict) else None
    if not isinstance(name, str) or not 1 <= len(name) <= 40:
        raise _bad("Recipient name is invalid")
    money = transaction.get("money")
    if money is not None or transaction["transactionType"] == "card":
        amount, currency = (money.get("amount"), money.get("currency")) if isinstance(money, dict) else (None, None)
        right = isinstance(amount, str) and len(amount) <= 48 and _AMOUNT.fullmatch(amount) is not None
        right = right and isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency) is not None
        if not right or transaction["transactionType"] == "npa":
            raise _bad("money has invalid amount or currency")
    if hidden is not None and visible is None:
        raise _bad("userNonVisible data requires userVisibleData")
    flags = body.get("riskFlags") or []
    if not isinstance(flags, list) or not all(isinstance(item, str) and item in _RISK_FLAGS for item in flags):
        raise _bad("Invalid request")


_LIST_RULE: Final = "Initial token for unordered list items must be '+' and it must be followed by space."


def _check_markdown(text: str) -> None:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip() in {"-", "*", "+"} or line.startswith(("- ", "* ")):
            raise _bad(f"At ({number}, 1): {_LIST_RULE}")


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise _bad("Invalid request")
    return bool(value)


def _bad(details: str) -> ApiError:
    return ApiError(400, "invalidParameters", details)
