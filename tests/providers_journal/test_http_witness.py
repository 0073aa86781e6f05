"""A witness over HTTP: bytes there and back, and every failure as our own error."""

from __future__ import annotations

import httpx
import pytest

from signkit.errors import JournalError, Retry
from signkit.ports.witness import MAX_ANSWER_BYTES
from signkit_providers.witness import HttpWitness


def witness(handler: httpx.MockTransport) -> HttpWitness:
    """Return a witness behind a mock transport."""
    return HttpWitness(url="https://w.example.se/prefix/", vkey="w+0+x", client=httpx.Client(transport=handler))


def test_it_carries_bytes() -> None:
    """The request goes to the prefix's path; status and body come back unjudged."""

    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/prefix/add-checkpoint")
        return httpx.Response(409, stream=httpx.ByteStream(request.content + b"!"))

    answer = witness(httpx.MockTransport(handler)).add_checkpoint(b"body")
    assert (answer.status, answer.body) == (409, b"body!")


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no", request=request)


def _flood(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(b"x" * (MAX_ANSWER_BYTES + 1)))


@pytest.mark.parametrize("handler", [_refuse, _flood], ids=["unreachable", "flood"])
def test_no_usable_answer_may_be_tried_again(handler: object) -> None:
    """Unreachable or too much is ``witness.unavailable``."""
    with pytest.raises(JournalError) as caught:
        witness(httpx.MockTransport(handler)).add_checkpoint(b"body")  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.retry) == ("witness.unavailable", Retry.AUTO)


@pytest.mark.parametrize("url", ["ftp://x", "https://u:p@x", "nonsense"])
def test_wrong_addresses(url: str) -> None:
    """Only http and https, and no password in it."""
    with pytest.raises(JournalError) as caught:
        HttpWitness(url=url, vkey="x")
    assert caught.value.code == "witness.config"
