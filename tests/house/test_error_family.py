"""Callers catch a family by its head: each head covers its kin, and says its default code."""

from __future__ import annotations

import pytest

from signkit import errors
from signkit.errors import Retry, SignkitError

HEADS: dict[type[SignkitError], tuple[str, Retry, set[type[SignkitError]]]] = {
    errors.VerdictError: (
        "verdict",
        Retry.NEVER,
        {errors.VerdictFailedError, errors.VerdictIndeterminateError, errors.NothingToVerifyError},
    ),
    errors.CeremonyError: (
        "ceremony",
        Retry.ASK,
        {
            errors.CeremonyDeclinedError,
            errors.CeremonyExpiredError,
            errors.CeremonyFailedError,
            errors.IdentityMismatchError,
        },
    ),
    errors.EnvelopeError: ("envelope", Retry.NEVER, {errors.EnvelopeNotFoundError, errors.TransitionError}),
    errors.PluginError: (
        "plugin",
        Retry.NEVER,
        {errors.PluginNotFoundError, errors.PluginConflictError, errors.PluginLoadError},
    ),
    errors.DeliveryError: (
        "delivery",
        Retry.NEVER,
        {errors.DeliveryUnavailableError, errors.DeliveryRejectedError},
    ),
    errors.SealError: ("seal", Retry.NEVER, {errors.KeyUnavailableError, errors.TimestampError}),
}


DEFAULTS = {
    "CeremonyDeclinedError": "ceremony.declined",
    "CeremonyError": "ceremony",
    "CeremonyExpiredError": "ceremony.expired",
    "CeremonyFailedError": "ceremony.failed",
    "ConfigError": "config",
    "DeliveryError": "delivery",
    "DeliveryRejectedError": "delivery.rejected",
    "DeliveryUnavailableError": "delivery.unavailable",
    "DocumentChangedError": "document.changed",
    "DocumentError": "document",
    "EncryptedDocumentError": "document.encrypted",
    "EnvelopeError": "envelope",
    "EnvelopeNotFoundError": "envelope.not_found",
    "IdentityMismatchError": "ceremony.identity_mismatch",
    "JournalCorruptError": "journal.corrupt",
    "JournalError": "journal",
    "JournalForkError": "journal.fork",
    "KeyUnavailableError": "seal.key",
    "NothingToVerifyError": "verdict.nothing",
    "PluginConflictError": "plugin.conflict",
    "PluginError": "plugin",
    "PluginLoadError": "plugin.load",
    "PluginNotFoundError": "plugin.not_found",
    "ProviderError": "provider",
    "ProviderRejectedError": "provider.rejected",
    "ProviderResponseError": "provider.response",
    "ProviderUnavailableError": "provider.unavailable",
    "RiskyDocumentError": "document.risk",
    "SealError": "seal",
    "StoreCorruptError": "store.corrupt",
    "StoreError": "store",
    "StoreLockedError": "store.locked",
    "TimestampError": "seal.timestamp",
    "TransitionError": "envelope.transition",
    "UnreadableDocumentError": "document.unreadable",
    "UnsupportedDocumentError": "document.unsupported",
    "UsageError": "usage",
    "VerdictError": "verdict",
    "VerdictFailedError": "verdict.failed",
    "VerdictIndeterminateError": "verdict.indeterminate",
}
"""What an error says where its raiser says nothing more: part of the interface, as the numbers are."""


def test_each_class_has_its_own_default_code():
    """Scripts may read the code alone: each class says its family's, or its own."""
    public = {
        name: getattr(errors, name) for name in errors.__all__ if name.endswith("Error") and name != "SignkitError"
    }
    assert {name: kind("x").code for name, kind in public.items()} == DEFAULTS


@pytest.mark.parametrize("head", sorted(HEADS, key=str))
def test_a_family_is_caught_by_its_head(head: type[SignkitError]):
    """The head and each of its kin are caught by the head; a code of its own goes before the class's."""
    code, retry, kin = HEADS[head]
    assert set(head.__subclasses__()) == kin
    assert (head("x").code, head("x").retry) == (code, retry)
    for kind in kin:
        with pytest.raises(head) as caught:
            raise kind("what is wrong", hint="what to do")
        assert caught.value.code.startswith(f"{code}.")
        assert kind("x", code="its.own").code == "its.own"
