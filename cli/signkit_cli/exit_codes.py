"""Exit codes: a promise to scripts (docs/exit-codes.md). Codes are added, never reused; 1 is never used on purpose."""

from __future__ import annotations

import enum

from signkit import errors

__all__ = ["ExitCode", "exit_code_for"]


class ExitCode(enum.IntEnum):
    """What a process says when it ends."""

    OK = 0
    USAGE = 2
    VERDICT_FAILED = 3
    VERDICT_INDETERMINATE = 4
    NOTHING_TO_VERIFY = 5
    ENVELOPE = 10
    STORE = 11
    CONFIG = 12
    DOCUMENT = 13
    DECLINED = 20
    EXPIRED = 21
    PROVIDER_UNAVAILABLE = 22
    PROVIDER_REJECTED = 23
    PLUGIN = 24
    IDENTITY_MISMATCH = 25
    SEAL = 30
    PARTIAL = 40
    ALL_FAILED = 41
    INTERRUPTED = 130
    UNREAD = 141


_CODES: dict[type[errors.SignkitError], ExitCode] = {
    errors.UsageError: ExitCode.USAGE,
    errors.ConfigError: ExitCode.CONFIG,
    errors.DocumentError: ExitCode.DOCUMENT,
    errors.EnvelopeError: ExitCode.ENVELOPE,
    errors.StoreError: ExitCode.STORE,
    errors.JournalError: ExitCode.STORE,
    errors.ProviderUnavailableError: ExitCode.PROVIDER_UNAVAILABLE,
    errors.ProviderRejectedError: ExitCode.PROVIDER_REJECTED,
    errors.ProviderResponseError: ExitCode.PROVIDER_UNAVAILABLE,
    errors.CeremonyDeclinedError: ExitCode.DECLINED,
    errors.CeremonyExpiredError: ExitCode.EXPIRED,
    errors.CeremonyFailedError: ExitCode.PROVIDER_REJECTED,
    errors.IdentityMismatchError: ExitCode.IDENTITY_MISMATCH,
    errors.CeremonyError: ExitCode.PROVIDER_REJECTED,
    errors.ProviderError: ExitCode.PROVIDER_UNAVAILABLE,
    errors.DeliveryUnavailableError: ExitCode.PROVIDER_UNAVAILABLE,
    errors.DeliveryError: ExitCode.PROVIDER_REJECTED,
    errors.PluginError: ExitCode.PLUGIN,
    errors.SealError: ExitCode.SEAL,
    errors.NothingToVerifyError: ExitCode.NOTHING_TO_VERIFY,
    errors.VerdictIndeterminateError: ExitCode.VERDICT_INDETERMINATE,
    errors.VerdictFailedError: ExitCode.VERDICT_FAILED,
    errors.VerdictError: ExitCode.VERDICT_FAILED,
    errors.SignkitError: ExitCode.USAGE,
}


def exit_code_for(error: errors.SignkitError) -> ExitCode:
    """Return the code of the nearest class in the error's family."""
    for kind in type(error).__mro__:
        code = _CODES.get(kind)
        if code is not None:
            return code
    return ExitCode.USAGE
