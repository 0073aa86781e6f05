"""The chain of timestamp services: what is strange is passed over with its reason, and the next one is asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp

from signkit.errors import TimestampError
from signkit.pki.timestamp_chain import TimestampChain, build_request
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName
from signkit.ports.timestamper import TimestampMaterial
from signkit.testing.clock import SteppingClock
from signkit.testing.pki import ThrowawayKeys

from .conftest import imprint_of


@dataclass
class Strange:
    """A service that does something to request or answer."""

    inner: EmbeddedTimestamper
    answer: Callable[[bytes, EmbeddedTimestamper], bytes]
    name: str = "strange"

    def respond(self, request: bytes, *, timeout_seconds: float) -> bytes:
        """Return what ``answer`` makes."""
        assert timeout_seconds > 0
        return self.answer(request, self.inner)

    def material(self, token: bytes, *, now: datetime) -> TimestampMaterial:
        """Return the inner service's material."""
        return self.inner.material(token, now=now)


def _skewed(**units: float) -> Callable[[bytes, EmbeddedTimestamper], bytes]:
    def answer(request: bytes, inner: EmbeddedTimestamper) -> bytes:
        clock = SteppingClock(inner.clock.now() + timedelta(**units))
        return EmbeddedTimestamper(inner.authority, clock).respond(request)

    return answer


def _other_nonce(request: bytes, inner: EmbeddedTimestamper) -> bytes:
    return inner.respond(build_request(imprint_of(), digest="sha256", nonce=secrets.randbits(60)))


def _no_nonce(request: bytes, inner: EmbeddedTimestamper) -> bytes:
    changed = tsp.TimeStampReq.load(request)
    del changed["nonce"]
    return inner.respond(changed.dump(force=True))


def _other_imprint(request: bytes, inner: EmbeddedTimestamper) -> bytes:
    nonce = tsp.TimeStampReq.load(request)["nonce"].native
    return inner.respond(build_request(imprint_of(data=b"other"), digest="sha256", nonce=nonce))


def _no_certificate(request: bytes, inner: EmbeddedTimestamper) -> bytes:
    changed = tsp.TimeStampReq.load(request)
    changed["cert_req"] = False
    return inner.respond(changed.dump(force=True))


def _flipped(request: bytes, inner: EmbeddedTimestamper) -> bytes:
    answer = bytearray(inner.respond(request))
    answer[-5] ^= 1
    return bytes(answer)


def _raises(request: bytes, inner: EmbeddedTimestamper) -> bytes:
    raise TimestampError("down for maintenance", code="seal.timestamp.http")


STRANGE = {
    "ahead": (_skewed(seconds=31), "clock differs"),
    "behind": (_skewed(seconds=-32), "clock differs"),
    "nonce": (_other_nonce, "another request"),
    "no nonce": (_no_nonce, "another request"),
    "imprint": (_other_imprint, "something else"),
    "no certificate": (_no_certificate, "certificate is not there"),
    "flipped": (_flipped, "signature does not match"),
    "raises": (_raises, "down for maintenance"),
    "garbage": (lambda _r, _i: b"garbage", "not a timestamp response"),
    "granted with nothing": (lambda _r, _i: bytes.fromhex("30053003020100"), "not a timestamp token"),
    "rejects": (lambda _r, i: i.respond(b""), "refused"),
    "huge": (lambda _r, _i: b"\x30" * 100_000, "too large"),
    "garbage token": (lambda _r, _i: bytes.fromhex("3009300302010030020500"), "not a timestamp"),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_services_are_passed_over(home: ThrowawayKeys, kind: str) -> None:
    """A misbehaving service alone is a TimestampError that says why; with a good one after it, the good one serves."""
    answer, why = STRANGE[kind]
    strange = Strange(home.tsa, answer)
    with pytest.raises(TimestampError) as caught:
        home.timestamper(services=[strange]).timestamp(imprint_of())
    assert why in caught.value.message
    assert "strange:" in caught.value.message
    assert caught.value.code == ("clock_skew" if kind in {"ahead", "behind"} else "seal.timestamp")
    assert home.timestamper(strange).timestamp(imprint_of()).service == "embedded"


@pytest.mark.parametrize("seconds", [-29, 29])
def test_small_skew_is_accepted(home: ThrowawayKeys, seconds: int) -> None:
    """Half a minute of difference is borne."""
    skewed = Strange(home.tsa, _skewed(seconds=seconds))
    assert home.timestamper(services=[skewed]).timestamp(imprint_of()).token


def test_everybody_is_named(home: ThrowawayKeys) -> None:
    """When all fail, each is named with its own reason."""
    services = [Strange(home.tsa, _raises, "one"), Strange(home.tsa, _other_imprint, "two")]
    with pytest.raises(TimestampError) as caught:
        home.timestamper(services=services).timestamp(imprint_of())
    assert "one: down" in caught.value.message
    assert "two: the token is over something else" in caught.value.message


@pytest.mark.parametrize(("imprint", "digest"), [(b"short", "sha256"), (b"x" * 20, "sha1"), (b"x" * 32, "sha512")])
def test_wrong_requests(home: ThrowawayKeys, imprint: bytes, digest: str) -> None:
    """Only a whole SHA-2 digest is sent anywhere."""
    with pytest.raises(TimestampError) as caught:
        home.timestamper().timestamp(imprint, digest=digest)
    assert caught.value.code == "seal.timestamp.request"


def test_untrusted_authority_is_refused(home: ThrowawayKeys, made_keys: Path) -> None:
    """With anchors given, a token must chain to one of them."""
    wrong = TimestampChain(
        services=[home.tsa], clock=home.clock, anchors=(home.authority.certificate(KeyName.SEAL_CA),)
    )
    with pytest.raises(TimestampError) as caught:
        wrong.timestamp(imprint_of())
    assert "no path to a trust anchor" in caught.value.message
    right = TimestampChain(services=[home.tsa], clock=home.clock, anchors=(home.root,))
    assert right.timestamp(imprint_of()).token


def test_a_production_home_wants_an_independent_service(home: ThrowawayKeys) -> None:
    """A token that chains to a refused root is passed over, whatever the anchors say."""
    own = TimestampChain(services=[home.tsa], clock=home.clock, anchors=(home.root,), refused=(home.root,))
    with pytest.raises(TimestampError) as caught:
        own.timestamp(imprint_of())
    assert "not independent" in caught.value.message


def test_nobody_to_ask(home: ThrowawayKeys) -> None:
    """No service configured, and a token of an unknown service, are told."""
    with pytest.raises(TimestampError):
        TimestampChain(services=[], clock=home.clock).timestamp(imprint_of())
    timestamp = home.timestamper().timestamp(imprint_of())
    with pytest.raises(TimestampError):
        TimestampChain(services=[], clock=home.clock).material(timestamp)
