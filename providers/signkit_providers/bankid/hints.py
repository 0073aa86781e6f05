"""What ``hintCode`` and ``errorCode`` mean: where the ceremony stands, which words, and what may be repeated.

Codes may come that nobody has written down: an unknown pending one means *keep polling*, an unknown failed one *failed*
(providers.md 1.6). The words are in the texts under ``bankid.hint.<code>`` and ``bankid.error.<code>``; RFA numbers are
BankID's own of its recommended user messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signkit import texts
from signkit.errors import ProviderError, ProviderRejectedError, ProviderUnavailableError, Retry
from signkit.ports.provider import CeremonyState

__all__ = ["ERRORS", "FAILED", "PENDING", "RFA", "Failure", "failed_state", "failure", "pending_hint", "user_message"]

PENDING: Final = frozenset({"outstandingTransaction", "noClient", "started", "userMrtd", "userCallConfirm", "userSign"})
UNKNOWN_PENDING: Final = "unknownPending"
UNKNOWN_FAILED: Final = "unknownFailed"

FAILED: Final = {
    "expiredTransaction": CeremonyState.EXPIRED,
    "startFailed": CeremonyState.EXPIRED,
    "userCancel": CeremonyState.DECLINED,
    "userDeclinedCall": CeremonyState.DECLINED,
    "certificateErr": CeremonyState.FAILED,
    "cancelled": CeremonyState.FAILED,
    "notSupportedByUserApp": CeremonyState.FAILED,
    "transactionRiskBlocked": CeremonyState.FAILED,
}

RFA: Final = {
    "outstandingTransaction": "RFA1",
    "outstandingTransaction.link": "RFA13",
    "noClient": "RFA1",
    "started": "RFA15B",
    "started.computer": "RFA15A",
    "userMrtd": "RFA23",
    "userSign": "RFA9",
    UNKNOWN_PENDING: "RFA21",
    "expiredTransaction": "RFA8",
    "certificateErr": "RFA16",
    "userCancel": "RFA6",
    "cancelled": "RFA3",
    "startFailed": "RFA17B",
    "startFailed.link": "RFA17A",
    UNKNOWN_FAILED: "RFA22",
    "alreadyInProgress": "RFA4",
    "requestTimeout": "RFA5",
    "internalError": "RFA5",
    "maintenance": "RFA5",
    "tooManyRequests": "RFA5",
}
"""Code → recommended message. None was published for userCallConfirm, userDeclinedCall, notSupportedByUserApp and
transactionRiskBlocked; our own words are in the texts."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What an ``errorCode`` is to the caller."""

    kind: type[ProviderError]
    retry: Retry
    message: str
    hint: str | None = None


ERRORS: Final = {
    "alreadyinprogress": Failure(
        ProviderRejectedError,
        Retry.ASK,
        "the person already had an order in progress; both are gone",
        "let the person close what is open in the app, then try again",
    ),
    "invalidparameters": Failure(ProviderRejectedError, Retry.NEVER, "BankID refuses a parameter of the request"),
    "unauthorized": Failure(
        ProviderRejectedError,
        Retry.NEVER,
        "BankID gives no access",
        "check the client certificate, its validity and the address",
    ),
    "notfound": Failure(ProviderRejectedError, Retry.NEVER, "BankID does not know this path", "check the address"),
    "methodnotallowed": Failure(ProviderRejectedError, Retry.NEVER, "BankID does not allow the method"),
    "unsupportedmediatype": Failure(ProviderRejectedError, Retry.NEVER, "BankID does not take the content type"),
    "requesttimeout": Failure(ProviderUnavailableError, Retry.ASK, "the request took BankID too long"),
    "internalerror": Failure(ProviderUnavailableError, Retry.ASK, "BankID has an internal error"),
    "toomanyrequests": Failure(ProviderUnavailableError, Retry.AUTO, "BankID limits the number of requests"),
    "maintenance": Failure(ProviderUnavailableError, Retry.AUTO, "BankID is under maintenance"),
}
"""``errorCode`` in lower case → what it is (providers.md 1.7)."""

_BY_STATUS: Final = {
    401: "unauthorized",
    403: "unauthorized",
    404: "notfound",
    405: "methodnotallowed",
    408: "requesttimeout",
    415: "unsupportedmediatype",
    429: "toomanyrequests",
    500: "internalerror",
    503: "maintenance",
}


def pending_hint(code: object) -> str:
    """Return the code if it is a known pending one, else ``unknownPending``."""
    return code if isinstance(code, str) and code in PENDING else UNKNOWN_PENDING


def failed_state(code: object) -> tuple[CeremonyState, str]:
    """Return state and reason for a failed order's hint."""
    if isinstance(code, str) and code in FAILED:
        return FAILED[code], code
    return CeremonyState.FAILED, UNKNOWN_FAILED


def failure(status: int, code: str | None) -> ProviderError:
    """Return the exception for an HTTP answer that is not 200; ``code`` is its ``errorCode``, if it had one."""
    key = (code or "").lower()
    if key not in ERRORS:
        key = _BY_STATUS.get(status, "")
    found = ERRORS.get(key)
    if found is None and status >= 500:
        found = Failure(ProviderUnavailableError, Retry.AUTO, f"BankID answers with HTTP status {status}")
    if found is None:
        found = Failure(ProviderRejectedError, Retry.NEVER, f"BankID refuses with HTTP status {status}")
    return found.kind(
        found.message, code=f"provider.bankid.{_camel(key) or status}", hint=found.hint, retry=found.retry
    )


def user_message(code: str, language: str, *, link: bool = False, computer: bool = False) -> str:
    """Return the recommended words for a hint or error code; ``link``: started by link, not by QR code."""
    for name in ((f"{code}.link",) if link else ()) + ((f"{code}.computer",) if computer else ()) + (code,):
        for kind in ("hint", "error"):
            key = f"bankid.{kind}.{name.replace('.', '_')}"
            if key in texts.codes():
                return texts.text(key, language)
    return texts.text(f"bankid.hint.{UNKNOWN_FAILED}", language)


_SPELLED: Final = {
    name.lower(): name
    for name in (
        "alreadyInProgress", "invalidParameters", "unauthorized", "notFound", "methodNotAllowed",
        "unsupportedMediaType", "requestTimeout", "internalError", "tooManyRequests", "maintenance",
    )
}  # fmt: skip


def _camel(key: str) -> str:
    return _SPELLED.get(key, "")
