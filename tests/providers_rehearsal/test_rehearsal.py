"""The rehearsal provider: it passes the public suite, and follows its script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit.errors import KeyUnavailableError, ProviderRejectedError
from signkit.ports.provider import CeremonyState, Signed, SigningRequest
from signkit.testing.providers import ProviderConformance
from signkit_providers.rehearsal import OUTCOMES, RehearsalProvider, made_up_number
from signkit_providers.rehearsal_keys import load_issuer, make_issuer

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
ISSUER = make_issuer(organisation="Provby kommun", now=NOW)


class StillClock:
    """A clock that stands, until moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        """Return the standing time."""
        return self.at


class TestConformance(ProviderConformance):
    """The public suite on the rehearsal."""

    def provider(self):
        """Return a rehearsal under a fixed root."""
        return RehearsalProvider(clock=StillClock(), issuer=ISSUER)

    def script(self, outcome: str):
        """Return the option that makes the rehearsal end so."""
        return {"rehearse": outcome}

    def anchors(self):
        """Return the fixed root."""
        return [ISSUER.der]


def request(**changes: Any):
    fields: dict[str, Any] = {
        "ceremony": "c",
        "text": "t",
        "data": b"d",
        "language": "sv",
        "name": "Åsa Öberg",
    } | changes
    return SigningRequest(**fields)


def outcome(provider: RehearsalProvider, asked: SigningRequest) -> Signed:
    signed = provider.poll(provider.start(asked)).signed
    assert signed is not None
    return signed


def test_everything_says_test():
    """Facts, certificate and identity level say TEST."""
    provider = RehearsalProvider(clock=StillClock(), issuer=ISSUER)
    assert provider.facts().environment == "test"
    signed = outcome(provider, request())
    assert signed.identity.level == "test"
    assert "TEST" in ISSUER.certificate.subject.rfc4514_string()


def test_without_a_number_the_same_name_gives_the_same_number():
    """A person invited by name alone gets a stable test number."""
    provider = RehearsalProvider(clock=StillClock(), issuer=ISSUER)
    values = {outcome(provider, request(name=name)).identity.value for name in ("Åsa Öberg", "åsa  ÖBERG")}
    assert values == {made_up_number("Åsa Öberg")}


@given(st.text(max_size=40))
def test_made_up_numbers_are_test_numbers(name: str):
    """Every made-up number has a real date, a number kept for tests and a right check digit."""
    number = made_up_number(name)
    assert len(number) == 12
    datetime.strptime(number[:8], "%Y%m%d").replace(tzinfo=UTC)
    assert 980 <= int(number[8:11]) <= 999
    digits = [int(digit) * (2 - index % 2) for index, digit in enumerate(number[2:])]
    assert sum(value // 10 + value % 10 for value in digits) % 10 == 0


def test_a_very_long_name_can_be_rehearsed():
    """A name longer than a common name may be is carried in full."""
    provider = RehearsalProvider(clock=StillClock(), issuer=ISSUER)
    name = "Anna-" * 40 + "Testsson"
    assert outcome(provider, request(name=name)).identity.name == name


def test_the_stranger_is_never_the_invited_one():
    """Even an invited person with the stranger's name meets somebody else."""
    provider = RehearsalProvider(clock=StillClock(), issuer=ISSUER)
    asked = request(name="främling testsson TEST", options={"rehearse": "wrong-person"})
    assert outcome(provider, asked).identity.name == "Någon Annan TEST"


def test_time_runs_out():
    """A ceremony polled after its end has expired."""
    clock = StillClock()
    provider = RehearsalProvider(clock=clock, issuer=ISSUER)
    started = provider.start(request())
    clock.at += timedelta(hours=1)
    assert provider.poll(started).state is CeremonyState.EXPIRED


def test_a_cancelled_ceremony_is_declined():
    """After cancel nobody completes."""
    provider = RehearsalProvider(clock=StillClock(), issuer=ISSUER)
    started = provider.start(request())
    provider.cancel(started)
    assert provider.poll(started).state is CeremonyState.DECLINED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"options": {"rehearse": "explode"}}, "provider.rejected.option"),
        ({"scheme": "xx.unknown", "value": "1"}, "provider.rejected.scheme"),
        ({"data": b"x" * 200_001}, "provider.rejected.size"),
    ],
)
def test_requests_that_cannot_be_rehearsed_are_refused(changes: dict[str, object], code: str):
    """An unknown script, an unknown scheme and too much data are refused before anything starts."""
    with pytest.raises(ProviderRejectedError) as caught:
        RehearsalProvider(clock=StillClock(), issuer=ISSUER).start(request(**changes))
    assert caught.value.code == code


def test_no_key_is_a_named_error():
    """Without issuer or file a completed ceremony is refused, not crashed."""
    provider = RehearsalProvider(clock=StillClock())
    with pytest.raises(ProviderRejectedError):
        provider.poll(provider.start(request()))


def test_root_survives_its_file(tmp_path: Path):
    """PKCS#12 out and in gives the same root, with and without passphrase."""
    for passphrase in (None, b"hemligt"):
        path = tmp_path / "rehearsal.p12"
        path.write_bytes(ISSUER.to_pkcs12(passphrase))
        assert load_issuer(path, passphrase=passphrase).der == ISSUER.der
        provider = RehearsalProvider(clock=StillClock(), key_file=path, passphrase=passphrase)
        assert provider.poll(provider.start(request())).state is CeremonyState.COMPLETE


def test_a_bad_key_file_is_a_named_error(tmp_path: Path):
    """Missing, garbage and locked files are KeyUnavailableError."""
    path = tmp_path / "rehearsal.p12"
    with pytest.raises(KeyUnavailableError):
        load_issuer(path)
    path.write_bytes(b"not a key")
    with pytest.raises(KeyUnavailableError):
        load_issuer(path)
    path.write_bytes(ISSUER.to_pkcs12(b"hemligt"))
    with pytest.raises(KeyUnavailableError):
        load_issuer(path, passphrase=b"fel")


def test_outcomes_are_the_contract():
    """The names of the scripts are those of the command line."""
    assert OUTCOMES == ("success", "decline", "expire", "fail", "wrong-person")
