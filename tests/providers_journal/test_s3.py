"""Publishing to a bucket: the documented signature, what is sent, and every refusal as our own error."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from signkit.errors import JournalError, Retry
from signkit.testing.clock import SteppingClock
from signkit.texts import said
from signkit_providers.s3 import S3Sink, authorization


def _answer(status: int) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(b""))


class Bucket:
    """A bucket in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.requests: list[httpx.Request] = []
        self.status = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the S3 API does."""
        self.requests.append(request)
        if self.status:
            return _answer(self.status)
        if request.method == "PUT":
            self.objects[request.url.path] = request.content
            return _answer(200)
        found = self.objects.get(request.url.path)
        if found is None:
            return _answer(404)
        return httpx.Response(200, stream=httpx.ByteStream(found if request.method == "GET" else b""))


def sink(tmp_path: Path, bucket: Bucket, **changes: Any) -> S3Sink:
    """Return a sink into the bucket."""
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t\nsecond line\n")
    settings: dict[str, Any] = {
        "bucket": "logs",
        "prefix": "journal",
        "endpoint": "https://s3.example.se",
        "region": "se-1",
        "access_key": "KEY",
        "secret_file": secret,
        "clock": SteppingClock(),
        "client": httpx.Client(transport=httpx.MockTransport(bucket)),
    }
    return S3Sink(**{**settings, **changes})


def test_the_documented_example() -> None:
    """The signature that the documentation of Signature Version 4 gives for its first example."""
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    signed = authorization(
        "GET",
        "/test.txt",
        headers,
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
        at=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert signed["authorization"].endswith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")


def test_objects_are_written_and_found(tmp_path: Path) -> None:
    """Tiles may be cached for ever, the checkpoint may not; the secret is never sent."""
    bucket = Bucket()
    target = sink(tmp_path, bucket)
    assert not target.has("checkpoint")
    target.put("tile/0/x001/000.p/7", b"tile")
    target.put("checkpoint", b"note")
    assert target.has("checkpoint")
    assert (target.get("checkpoint"), target.get("2/checkpoint")) == (b"note", None)
    assert bucket.objects == {"/logs/journal/tile/0/x001/000.p/7": b"tile", "/logs/journal/checkpoint": b"note"}
    cached = [request.headers["cache-control"] for request in bucket.requests if request.method == "PUT"]
    assert ["immutable" in value for value in cached] == [True, False]
    assert all("s3cr3t" not in str(request.headers) for request in bucket.requests)
    assert "s3cr3t" not in repr(target)


def test_what_is_text_is_called_text(tmp_path: Path) -> None:
    """A browser shows the checkpoint, the page and the proofs; tiles and the token are bytes; so too below a number."""
    bucket = Bucket()
    target = sink(tmp_path, bucket)
    text, fixed = "text/plain; charset=utf-8", "public, max-age=31536000, immutable"
    for path, kind, cached in (
        ("checkpoint", text, "no-cache"),
        ("2/checkpoint", text, "no-cache"),
        ("checkpoint.tsr", "application/octet-stream", "no-cache"),
        ("HOW-TO-CHECK.txt", text, "no-cache"),
        ("log.pem", text, "no-cache"),
        ("log.vkey", text, "no-cache"),
        ("proof/00.tlog-proof", text, fixed),
        ("tile/0/000.p/8", "application/octet-stream", fixed),
        ("2/tile/entries/000", "application/octet-stream", fixed),
    ):
        target.put(path, b"x")
        sent = bucket.requests[-1].headers
        assert (sent["content-type"], sent["cache-control"]) == (kind, cached), path


@pytest.mark.parametrize("status", [301, 400, 403, 404, 429, 500, 503])
def test_refusals_are_told(tmp_path: Path, status: int) -> None:
    """Whatever the service answers besides yes is an error of ours; what may be a wrong setting is asked about."""
    bucket = Bucket()
    bucket.status = status
    asks: list[Callable[[], object]] = [lambda: sink(tmp_path, bucket).put("x", b"")]
    if status != 404:
        asks.append(lambda: sink(tmp_path, bucket).has("x"))
    for ask in asks:
        with pytest.raises(JournalError) as caught:
            ask()
        assert caught.value.code == "publish.failed"
        assert caught.value.retry is (Retry.AUTO if status in {429, 500, 503} else Retry.NEVER)
        assert bool(caught.value.hint) is (caught.value.retry is Retry.NEVER)
        assert said(caught.value.message, "sv")
        assert not caught.value.hint or said(caught.value.hint, "da")


@pytest.mark.parametrize(
    "endpoint", ["http://s3.example.se", "https://u:p@s3.example.se", "ftp://x", "nonsense", "http://["]
)
def test_only_https_and_no_password_in_the_address(tmp_path: Path, endpoint: str) -> None:
    """A wrong address or secret is a wrong setting."""
    with pytest.raises(JournalError) as caught:
        sink(tmp_path, Bucket(), endpoint=endpoint)
    assert caught.value.code == "publish.config"


def test_a_secret_that_cannot_be_read(tmp_path: Path) -> None:
    """No file and an empty file are told before anything is sent."""
    (tmp_path / "empty").touch()
    for name in ("none", "empty"):
        with pytest.raises(JournalError) as caught:
            sink(tmp_path, Bucket(), secret_file=tmp_path / name)
        assert caught.value.code == "publish.config"
