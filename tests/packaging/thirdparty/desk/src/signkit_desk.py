"""An example of a signing provider in a distribution of its own: the clerk vouches for a person who stands at the desk.

It binds nothing, so what it returns is evidence of what the clerk said and of no more; ``verify`` says so (claim C3b is
not decided). Settings, in the table ``[providers.desk]`` of the home's configuration: ``clerk``, who vouches.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta

from signkit.errors import ConfigError, ProviderRejectedError
from signkit.model.person import Identity
from signkit.ports.clock import Clock
from signkit.ports.provider import (
    Binding,
    CeremonyState,
    Evidence,
    Limits,
    PollResult,
    Prompt,
    ProviderContext,
    ProviderFacts,
    Signed,
    SigningRequest,
    Started,
)

__all__ = ["DeskProvider"]

LIMITS = Limits(text_bytes=10_000, data_bytes=100_000, poll_seconds=0.0, lifetime_seconds=600.0)
PROMPT = Prompt(message="at the desk")
ENDS = {"decline": CeremonyState.DECLINED, "expire": CeremonyState.EXPIRED, "fail": CeremonyState.FAILED}


class DeskProvider:
    """Completes at the first poll, in the clerk's name."""

    def __init__(self, *, clock: Clock, clerk: str, environment: str) -> None:
        self._clock = clock
        self._clerk = clerk
        self._environment = environment

    @classmethod
    def create(cls, context: ProviderContext) -> DeskProvider:
        """Return a provider made from the home's configuration."""
        unknown = set(context.settings) - {"clerk"}
        if unknown:
            raise ConfigError(f"providers.desk: unknown key {min(unknown)!r}", hint="known here: clerk")
        clerk = context.settings.get("clerk", "the clerk")
        return cls(clock=context.clock, clerk=str(clerk), environment=context.environment)

    def facts(self) -> ProviderFacts:
        """Return what this provider is and takes."""
        return ProviderFacts(
            name="desk",
            environment=self._environment,
            binds=Binding.NOTHING,
            limits=LIMITS,
            schemes=("se.personnummer",),
            evidence_format="example.desk/1",
        )

    def start(self, request: SigningRequest) -> Started:
        """Start a ceremony; everything that a poll needs travels in ``state``."""
        if len(request.text.encode()) > LIMITS.text_bytes or len(request.data) > LIMITS.data_bytes:
            raise ProviderRejectedError("more than the desk takes", code="provider.rejected.size")
        return Started(
            reference=secrets.token_hex(16),
            prompt=PROMPT,
            expires_at=self._clock.now() + timedelta(seconds=LIMITS.lifetime_seconds),
            state={
                "name": request.name or "",
                "value": request.value or "",
                "end": request.options.get("end", "success"),
            },
        )

    def poll(self, started: Started) -> PollResult:
        """Return the outcome."""
        end = started.state["end"]
        if end != "success":
            return PollResult(ENDS[end], PROMPT, reason=end)
        name, value = started.state["name"], started.state["value"]
        identity = Identity(scheme="se.personnummer", value=value, name=name, level="desk")
        said = json.dumps({"clerk": self._clerk, "name": name}, ensure_ascii=False).encode()
        evidence = Evidence("desk", self._environment, "example.desk/1", {"note": said})
        return PollResult(CeremonyState.COMPLETE, PROMPT, signed=Signed(identity, evidence, self._clock.now()))

    def prompt(self, started: Started) -> Prompt:
        """Return what to show; the same all the time."""
        del started
        return PROMPT

    def cancel(self, started: Started) -> None:
        """End a ceremony; there is nothing to take back."""
