"""Publish a log to a bucket that speaks the S3 API: HEAD, GET and PUT, signed by AWS Signature Version 4."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx

from signkit.errors import JournalError, Retry
from signkit.ports.clock import Clock
from signkit_providers._http import Fetched, HttpError, exchange, new_client, new_request

__all__ = ["S3Sink", "authorization"]

_MAX_ANSWER: Final = 64 * 1024
_MAX_SECRET_BYTES: Final = 1024
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_MOVING: Final = "no-cache"
_TEXT: Final = (".txt", ".pem", ".vkey", ".tlog-proof", "checkpoint")
_HINTS: Final = {
    301: "is the region the bucket's?",
    400: "are the bucket's name and region right, and the clock?",
    403: "are access_key and secret right, and the clock; may the key list the bucket, read and write?",
    404: "is there such a bucket at this endpoint?",
}
"""What S3 answers when a setting is wrong; without the right to list, 403 for an object that is not there."""


@dataclass(slots=True)
class S3Sink:
    """Where ``s3://bucket/prefix`` is; implements ``signkit.journal.publish.Sink``.

    Args:
        bucket: its name; addressed in the path, which every implementation understands.
        prefix: what stands before every path, without slashes at its ends; may be empty.
        endpoint: https URL of the service.
        region: as the service calls it.
        access_key: the key's identifier.
        secret_file: its first line is the secret.
        clock: tells the time that is signed.
        client: for tests and proxies.

    Raises:
        JournalError: ``publish.config``.
    """

    bucket: str
    prefix: str
    endpoint: str
    region: str
    access_key: str
    secret_file: Path
    clock: Clock
    client: httpx.Client | None = None
    timeout_seconds: float = 30.0
    _secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.endpoint)
            with self.secret_file.open("rb") as stream:
                self._secret = stream.read(_MAX_SECRET_BYTES).split(b"\n", 1)[0].decode("ascii").strip()
        except (httpx.InvalidURL, TypeError, OSError, ValueError) as exc:
            raise JournalError("the bucket's address or secret cannot be used", code="publish.config") from exc
        local = url.host in {"localhost", "127.0.0.1", "::1"}
        if not url.host or url.userinfo or not (url.scheme == "https" or (url.scheme == "http" and local)):
            raise JournalError("a bucket is reached over https only", code="publish.config")
        if not self._secret:
            raise JournalError("the file with the bucket's secret is empty", code="publish.config")

    def has(self, path: str) -> bool:
        """Tell whether the object is there already."""
        return self._ask("HEAD", path, b"", {}, known=(200, 404)).status == 200

    def get(self, path: str) -> bytes | None:
        """Return a small object that is there already.

        Raises:
            JournalError: ``publish.failed``.
        """
        answer = self._ask("GET", path, b"", {}, known=(200, 404))
        return answer.body if answer.status == 200 else None

    def put(self, path: str, data: bytes) -> None:
        """Write an object; the service makes it whole or not at all.

        Raises:
            JournalError: ``publish.failed``.
        """
        fixed = not {"tile", "proof"}.isdisjoint(path.split("/")[:2])  # the second, in a later generation of the log
        kind = "text/plain; charset=utf-8" if path.endswith(_TEXT) else "application/octet-stream"
        headers = {"cache-control": _IMMUTABLE if fixed else _MOVING, "content-type": kind}
        self._ask("PUT", path, data, headers, known=(200, 201, 204))

    def _ask(self, method: str, path: str, data: bytes, extra: Mapping[str, str], *, known: tuple[int, ...]) -> Fetched:
        resource = quote("/".join(part for part in (f"/{self.bucket}", self.prefix, path) if part))
        url = httpx.URL(self.endpoint)
        host = url.host if url.port is None else f"{url.host}:{url.port}"
        headers = {"host": host, "x-amz-content-sha256": hashlib.sha256(data).hexdigest(), **extra}
        signed = authorization(
            method,
            resource,
            headers,
            access_key=self.access_key,
            secret=self._secret,
            region=self.region,
            at=self.clock.now(),
        )
        client = self.client or new_client()
        try:
            request = new_request(
                client, method, f"{self.endpoint.rstrip('/')}{resource}", content=data or None, headers=signed
            )
            answer = exchange(client, request, max_bytes=_MAX_ANSWER, timeout_seconds=self.timeout_seconds)
        except HttpError as exc:
            raise JournalError(
                f"the bucket gives no answer: {exc.reason}", code="publish.failed", retry=Retry.AUTO
            ) from exc
        finally:
            if self.client is None:
                client.close()
        if answer.status not in known:
            raise JournalError(
                f"the bucket refuses with status {answer.status}",
                code="publish.failed",
                hint=_HINTS.get(answer.status),
                retry=Retry.AUTO if answer.status == 429 or answer.status >= 500 else Retry.NEVER,
            )
        return answer


def authorization(
    method: str,
    resource: str,
    headers: Mapping[str, str],
    *,
    access_key: str,
    secret: str,
    region: str,
    at: datetime,
) -> dict[str, str]:
    """Return ``headers`` with date and signature added (AWS Signature Version 4, service ``s3``).

    Args:
        method: the HTTP method.
        resource: the path, percent-encoded; there is no query.
        headers: what is sent and signed, lower case, with ``host`` and ``x-amz-content-sha256``.
        access_key: the key's identifier.
        secret: the key.
        region: the region.
        at: the instant that is signed.
    """
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    full = {**headers, "x-amz-date": moment}
    names = ";".join(sorted(full))
    lines = "".join(f"{name}:{' '.join(full[name].split())}\n" for name in sorted(full))
    canonical = "\n".join([method, resource, "", lines, names, full["x-amz-content-sha256"]])
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    message = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signature = hmac.new(key, message.encode(), "sha256").hexdigest()
    credential = f"Credential={access_key}/{scope},SignedHeaders={names},Signature={signature}"
    return {**full, "authorization": f"AWS4-HMAC-SHA256 {credential}"}
