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
