"""Every exception that signkit raises on purpose.

A verdict is a value; an exception means that the job could not be done. The family::

    SignkitError
    ├── UsageError
    ├── ConfigError
    ├── DocumentError
    │   ├── UnreadableDocumentError
    │   ├── EncryptedDocumentError
    │   ├── UnsupportedDocumentError
    │   └── RiskyDocumentError
    ├── EnvelopeError
    │   ├── EnvelopeNotFoundError
    │   ├── TransitionError
    │   └── DocumentChangedError
    ├── StoreError
    │   ├── StoreLockedError
    │   └── StoreCorruptError
    ├── JournalError
    │   ├── JournalCorruptError
    │   └── JournalForkError
    ├── ProviderError
    │   ├── ProviderUnavailableError
    │   ├── ProviderRejectedError
    │   ├── ProviderResponseError
    │   └── CeremonyError
    │       ├── CeremonyDeclinedError
    │       ├── CeremonyExpiredError
    │       ├── CeremonyFailedError
    │       └── IdentityMismatchError
    ├── DeliveryError
    │   ├── DeliveryUnavailableError
    │   └── DeliveryRejectedError
    ├── PluginError
    │   ├── PluginNotFoundError
    │   ├── PluginConflictError
    │   └── PluginLoadError
    ├── SealError
    │   ├── KeyUnavailableError
    │   └── TimestampError
    └── VerdictError
        ├── VerdictFailedError
        ├── VerdictIndeterminateError
        └── NothingToVerifyError

Each carries a stable dotted ``code``, a ``message`` (lower case, no full stop), a ``hint`` (what to do next), ``retry``
and a ``subject``. No message, hint or subject ever holds a personal number, a token, a key or a QR secret.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import ClassVar

__all__ = [
    "CeremonyDeclinedError",
    "CeremonyError",
    "CeremonyExpiredError",
    "CeremonyFailedError",
    "ConfigError",
    "DeliveryError",
    "DeliveryRejectedError",
    "DeliveryUnavailableError",
    "DocumentChangedError",
    "DocumentError",
    "EncryptedDocumentError",
    "EnvelopeError",
    "EnvelopeNotFoundError",
    "IdentityMismatchError",
    "JournalCorruptError",
    "JournalError",
    "JournalForkError",
    "KeyUnavailableError",
    "NothingToVerifyError",
    "PluginConflictError",
    "PluginError",
    "PluginLoadError",
    "PluginNotFoundError",
    "ProviderError",
    "ProviderRejectedError",
    "ProviderResponseError",
    "ProviderUnavailableError",
    "Retry",
    "RiskyDocumentError",
    "SealError",
    "SignkitError",
    "StoreCorruptError",
    "StoreError",
    "StoreLockedError",
    "TimestampError",
    "TransitionError",
    "UnreadableDocumentError",
    "UnsupportedDocumentError",
    "UsageError",
    "VerdictError",
    "VerdictFailedError",
    "VerdictIndeterminateError",
]


class Retry(enum.StrEnum):
    """Whether the same request may be made again."""

    NEVER = "never"
    """Our mistake or theirs: the same request will fail again."""
    ASK = "ask"
    """Only after telling the person."""
    AUTO = "auto"
    """May be repeated quietly, a bounded number of times."""


class SignkitError(Exception):
    """The job could not be done.

    Args:
        message: what is wrong and where; lower case, no full stop, no secrets.
        code: stable dotted code; each class has a default.
        hint: what to do next, or None.
        retry: whether repeating helps; each class has a default.
        subject: what it concerns: ``envelope``, ``document``, ``signatory``, ``provider``, ``field``, ``file``.
        params: more values for the sentence ``error.<code>`` in the texts; not part of ``signkit.error/1``.
    """

    default_code: ClassVar[str] = "signkit"
    default_retry: ClassVar[Retry] = Retry.NEVER

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        retry: Retry | None = None,
        subject: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.retry = retry or self.default_retry
        self.subject = dict(subject or {})
        self.params = dict(params or {})


class UsageError(SignkitError):
    """The arguments contradict each other or cannot be understood."""

    default_code = "usage"


class ConfigError(SignkitError):
    """The configuration or the home is missing, wrong or contradicts itself."""

    default_code = "config"


class DocumentError(SignkitError):
    """A document cannot be used."""

    default_code = "document"


class UnreadableDocumentError(DocumentError):
    """Not a PDF, damaged, or parsers disagree about it."""

    default_code = "document.unreadable"


class EncryptedDocumentError(DocumentError):
    """The PDF is encrypted."""

    default_code = "document.encrypted"


class UnsupportedDocumentError(DocumentError):
    """A PDF that signkit cannot sign without rewriting it."""

    default_code = "document.unsupported"


class RiskyDocumentError(DocumentError):
    """A PDF whose look or content may change without its bytes changing; refused unless each risk is accepted."""

    default_code = "document.risk"


class EnvelopeError(SignkitError):
    """An envelope cannot do that."""

    default_code = "envelope"


class EnvelopeNotFoundError(EnvelopeError):
    """No envelope, or more than one, answers to the identifier."""

    default_code = "envelope.not_found"


class TransitionError(EnvelopeError):
    """The step is not allowed in the envelope's state."""

    default_code = "envelope.transition"


class DocumentChangedError(DocumentError):
    """A stored document no longer has the digest that the journal names."""

    default_code = "document.changed"


class StoreError(SignkitError):
    """The database or the object store failed."""

    default_code = "store"


class StoreLockedError(StoreError):
    """Somebody else holds the database, or moved the envelope meanwhile."""

    default_code = "store.locked"
    default_retry = Retry.AUTO


class StoreCorruptError(StoreError):
    """What is stored contradicts itself."""

    default_code = "store.corrupt"


class JournalError(SignkitError):
    """The journal failed."""

    default_code = "journal"


class JournalCorruptError(JournalError):
    """An entry, a chain or a tree does not add up."""

    default_code = "journal.corrupt"


class JournalForkError(JournalError):
    """Appending would contradict a checkpoint that has been signed."""

    default_code = "journal.fork"


class ProviderError(SignkitError):
    """A provider failed."""

    default_code = "provider"


class ProviderUnavailableError(ProviderError):
    """The service does not answer or is under maintenance: worth trying later."""

    default_code = "provider.unavailable"
    default_retry = Retry.AUTO


class ProviderRejectedError(ProviderError):
    """The service refuses the request: not worth trying again unchanged."""

    default_code = "provider.rejected"


class ProviderResponseError(ProviderError):
    """The service breaks its own API."""

    default_code = "provider.response"


class CeremonyError(ProviderError):
    """A ceremony ended without a signature."""

    default_code = "ceremony"
    default_retry = Retry.ASK


class CeremonyDeclinedError(CeremonyError):
    """The signatory said no, or cancelled."""

    default_code = "ceremony.declined"


class CeremonyExpiredError(CeremonyError):
    """Nobody finished in time."""

    default_code = "ceremony.expired"


class CeremonyFailedError(CeremonyError):
    """The ceremony failed for a reason of the eID."""

    default_code = "ceremony.failed"


class IdentityMismatchError(CeremonyError):
    """Somebody else than the invited person completed the ceremony; nothing was signed."""

    default_code = "ceremony.identity_mismatch"


class DeliveryError(SignkitError):
    """A message to a person could not be handed over."""

    default_code = "delivery"


class DeliveryUnavailableError(DeliveryError):
    """Not now: the other side cannot be reached, or asks to come back later."""

    default_code = "delivery.unavailable"
    default_retry = Retry.AUTO


class DeliveryRejectedError(DeliveryError):
    """Never as it is: the other side refuses the message or its recipient."""

    default_code = "delivery.rejected"


class PluginError(SignkitError):
    """A plug-in cannot be used."""

    default_code = "plugin"


class PluginNotFoundError(PluginError):
    """No plug-in has that name, or it is not allowed here."""

    default_code = "plugin.not_found"


class PluginConflictError(PluginError):
    """Two distributions publish the same name."""

    default_code = "plugin.conflict"


class PluginLoadError(PluginError):
    """The plug-in raised while it was loaded."""

    default_code = "plugin.load"


class SealError(SignkitError):
    """Embedding a signature, a key or a timestamp failed."""

    default_code = "seal"


class KeyUnavailableError(SealError):
    """A key is missing, locked or wrong."""

    default_code = "seal.key"


class TimestampError(SealError):
    """No timestamp service gave a token that holds."""

    default_code = "seal.timestamp"
    default_retry = Retry.AUTO


class VerdictError(SignkitError):
    """Raised only by ``Report.raise_for_verdict``."""

    default_code = "verdict"


class VerdictFailedError(VerdictError):
    """The verdict is FAILED."""

    default_code = "verdict.failed"


class VerdictIndeterminateError(VerdictError):
    """The verdict is INDETERMINATE."""

    default_code = "verdict.indeterminate"


class NothingToVerifyError(VerdictError):
    """There is no signature and no entry: an empty set is never a pass."""

    default_code = "verdict.nothing"
