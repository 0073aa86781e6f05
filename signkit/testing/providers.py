"""The conformance suite for signing providers: what every adapter must do, ours and a stranger's.

Subclass :class:`ProviderConformance` in a test module, name the class ``Test…`` and say how ceremonies of each kind
come about. The suite needs no network and no pytest feature but collection; version 1 will not change its meaning::

    class TestMine(ProviderConformance):
        def provider(self): ...
        def script(self, outcome): return {"rehearse": outcome}

What is not here: whether the evidence is true, beyond that our verifier for its format finds it authentic.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC

from signkit.errors import ProviderError
from signkit.evidence import verifier_for
from signkit.model.report import Verdict
from signkit.ports.provider import Binding, CeremonyState, PollResult, Signed, SigningProvider, SigningRequest, Started

__all__ = ["ProviderConformance"]

_MOST_POLLS = 500


class ProviderConformance(abc.ABC):
    """Version 1 of the suite."""

    @abc.abstractmethod
    def provider(self) -> SigningProvider:
        """Return a provider ready to use, with nothing real behind it."""

    @abc.abstractmethod
    def script(self, outcome: str) -> Mapping[str, str]:
        """Return the request options that make a ceremony end so, after arranging whatever that needs.

        ``outcome`` is ``success``, ``decline``, ``expire``, ``fail`` or ``wrong-person``.
        """

    @abc.abstractmethod
    def anchors(self) -> Sequence[bytes]:
        """Return the DER certificates under which the evidence is authentic."""

    def identity(self) -> tuple[str, str, str]:
        """Return scheme, value and name of the person who is invited."""
        return ("se.personnummer", "190001019801", "Anna Testsson")

    def wait(self) -> None:  # noqa: B027 - passing no time is a fair answer
        """Pass the time between two polls; nothing by default."""

    def test_facts_are_complete_and_stable(self) -> None:
        """A provider says what it is, the same each time."""
        facts = self.provider().facts()
        assert facts.name
        assert facts.name == facts.name.lower()
        assert facts.environment in {"test", "production"}
        assert facts.limits.text_bytes > 0
        assert facts.limits.data_bytes > 0
        assert facts.limits.lifetime_seconds > 0
        assert facts.schemes
        assert facts == self.provider().facts()

    def test_start_accepts_and_names_the_ceremony(self) -> None:
        """A started ceremony has a reference, an end in aware UTC, and hides its secrets in repr."""
        started = self.provider().start(self._request("success"))
        assert started.reference
        assert started.expires_at.utcoffset() is not None
        assert started.reference not in repr(started)
        assert all(not value or value not in repr(started) for value in started.state.values())

    def test_two_ceremonies_never_share_a_reference(self) -> None:
        """Each start is a ceremony of its own."""
        provider = self.provider()
        assert provider.start(self._request("success")).reference != provider.start(self._request("success")).reference

    def test_success_names_the_invited_person(self) -> None:
        """A completed ceremony returns the invited identity and evidence of the stated format."""
        signed = self._complete("success")
        scheme, value, name = self.identity()
        assert (signed.identity.scheme, signed.identity.value) == (scheme, value)
        assert signed.identity.name == name
        assert signed.completed_at.astimezone(UTC) == signed.completed_at
        facts = self.provider().facts()
        assert signed.evidence.provider == facts.name
        assert signed.evidence.environment == facts.environment
        assert signed.evidence.format == facts.evidence_format
        assert signed.evidence.parts
        assert all(signed.evidence.parts.values())
        assert all(type(part) is bytes for part in signed.evidence.parts.values())

    def test_identity_value_stays_out_of_repr(self) -> None:
        """No personal number shows when a result is printed or logged."""
        signed = self._complete("success")
        assert self.identity()[1] not in repr(signed)

    def test_evidence_binds_text_data_and_person(self) -> None:
        """Our verifier finds the evidence authentic, over exactly the text and data that were sent."""
        if self.provider().facts().binds is not Binding.CONTENT:
            return
        signed = self._complete("success")
        verifier = verifier_for(signed.evidence.format)
        assert verifier is not None
        facts = verifier.verify(signed.evidence, anchors=self.anchors())
        assert {finding.verdict for finding in facts.findings} <= {Verdict.PASSED}
        request = self._request("success")
        assert (facts.text, facts.data) == (request.text, request.data)
        assert facts.identity is not None
        assert (facts.identity.scheme, facts.identity.value) == (signed.identity.scheme, signed.identity.value)

    def test_evidence_is_nobody_elses(self) -> None:
        """Under a foreign root, or with a flipped byte, the evidence is never authentic."""
        signed = self._complete("success")
        verifier = verifier_for(signed.evidence.format)
        if verifier is None:
            return
        foreign = verifier.verify(signed.evidence, anchors=())
        assert any(finding.verdict is not Verdict.PASSED for finding in foreign.findings)
        for name, part in signed.evidence.parts.items():
            middle = len(part) // 2
            spoiled = part[:middle] + bytes([part[middle] ^ 1]) + part[middle + 1 :]
            evidence = dataclasses.replace(signed.evidence, parts={**signed.evidence.parts, name: spoiled})
            facts = verifier.verify(evidence, anchors=self.anchors())
            assert any(finding.verdict is not Verdict.PASSED for finding in facts.findings)

    def test_decline_ends_declined(self) -> None:
        """A person who says no ends the ceremony, without evidence."""
        self._ends("decline", CeremonyState.DECLINED)

    def test_expire_ends_expired(self) -> None:
        """A ceremony that nobody finishes expires."""
        self._ends("expire", CeremonyState.EXPIRED)

    def test_fail_ends_failed(self) -> None:
        """A failure of the eID ends the ceremony."""
        self._ends("fail", CeremonyState.FAILED)

    def test_wrong_person_is_told_truthfully(self) -> None:
        """When somebody else completes, the provider says who, or refuses; it never says the invited one."""
        result = self._run("wrong-person")
        if result.signed is None:
            assert result.state is not CeremonyState.COMPLETE
            return
        _, value, name = self.identity()
        assert result.signed.identity.value != value
        assert result.signed.identity.name != name

    def test_cancel_is_harmless_twice(self) -> None:
        """Cancelling ends the ceremony, and cancelling again does nothing."""
        provider = self.provider()
        started = provider.start(self._request("success"))
        provider.cancel(started)
        provider.cancel(started)

    def test_prompt_needs_no_answer(self) -> None:
        """A prompt can be had at any instant, with no secret of the reference in it."""
        provider = self.provider()
        started = provider.start(self._request("success"))
        assert provider.prompt(started) is not None

    def test_too_much_text_is_refused_as_a_provider_error(self) -> None:
        """More than the limit never reaches the person."""
        provider = self.provider()
        request = self._request("success")
        request = dataclasses.replace(request, text="x" * (provider.facts().limits.text_bytes + 1))
        try:
            provider.start(request)
        except ProviderError:
            return
        raise AssertionError("the provider took more text than it says it takes")

    def _request(self, outcome: str) -> SigningRequest:
        scheme, value, name = self.identity()
        return SigningRequest(
            ceremony="0123456789abcdefghjk",
            text="Jag skriver under TEST.\nÅtta ark.",
            data=b'{"schema":"signkit.intent/1"}',
            language="sv",
            scheme=scheme,
            value=value,
            name=name,
            options=self.script(outcome),
        )

    def _run(self, outcome: str) -> PollResult:
        provider = self.provider()
        started: Started = provider.start(self._request(outcome))
        for _ in range(_MOST_POLLS):
            result = provider.poll(started)
            assert (result.state is CeremonyState.COMPLETE) is (result.signed is not None)
            if result.state is not CeremonyState.PENDING:
                return result
            started = result.restarted or started
            self.wait()
        raise AssertionError("the ceremony never ended")

    def _complete(self, outcome: str) -> Signed:
        result = self._run(outcome)
        assert result.state is CeremonyState.COMPLETE
        assert result.signed is not None
        return result.signed

    def _ends(self, outcome: str, state: CeremonyState) -> None:
        result = self._run(outcome)
        assert result.state is state
        assert result.signed is None
