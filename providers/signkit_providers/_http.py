"""One bounded HTTP exchange: so many bytes, so many seconds, no redirects, no environment variables."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

__all__ = ["Fetched", "HttpError", "exchange", "new_client", "new_request"]

_GRACE_SECONDS: Final = 0.25


class HttpError(Exception):
    """No usable answer; ``reason`` is lower case and holds no address with credentials and no body."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer."""

    status: int
    content_type: str
    """Media type without parameters, lower case."""
    body: bytes


def new_client(*, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client that follows no redirect and reads no environment variable."""
    return httpx.Client(transport=transport, follow_redirects=False, trust_env=False)


def new_request(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Request:
    """Return a request that asks for the plain body.

    Raises:
        HttpError: the address is no URL.
    """
    try:
        return client.build_request(
            method, url, content=content, headers={"accept-encoding": "identity", **(headers or {})}
        )
    except (httpx.InvalidURL, ValueError, TypeError) as exc:
        raise HttpError("the address is no URL") from exc


def exchange(client: httpx.Client, request: httpx.Request, *, max_bytes: int, timeout_seconds: float) -> Fetched:
    """Return the answer to ``request``, of at most ``max_bytes`` bytes, within ``timeout_seconds`` in all.

    A server that drips its headers byte by byte keeps every single read within its timeout; so the exchange runs in
    a thread of its own, which is left behind when the time is up.

    Raises:
        HttpError: unreachable, too slow, or too much.
    """
    outcome: list[Fetched | Exception] = []

    def work() -> None:
        try:
            outcome.append(_exchange(client, request, max_bytes=max_bytes, timeout_seconds=timeout_seconds))
        except Exception as exc:  # noqa: BLE001 - handed to the caller's thread
            outcome.append(exc)

    thread = threading.Thread(target=work, name="signkit-http", daemon=True)
    thread.start()
    thread.join(timeout_seconds + _GRACE_SECONDS)
    if not outcome:
        raise HttpError(f"no answer within {timeout_seconds:g} s")
    result = outcome[0]
    if isinstance(result, Fetched):
        return result
    if isinstance(result, HttpError):
        raise result
    if isinstance(result, httpx.TimeoutException):
        raise HttpError(f"no answer within {timeout_seconds:g} s") from result
    if isinstance(result, httpx.HTTPError):
        raise HttpError(f"cannot be reached ({type(result).__name__})") from result
    raise HttpError(f"the exchange failed ({type(result).__name__})") from result


def _exchange(client: httpx.Client, request: httpx.Request, *, max_bytes: int, timeout_seconds: float) -> Fetched:
    deadline = time.monotonic() + timeout_seconds
    request.extensions["timeout"] = httpx.Timeout(timeout_seconds).as_dict()
    response = client.send(request, stream=True, follow_redirects=False)
    try:
        body = bytearray()
        for chunk in response.iter_raw():  # never inflated: a small answer cannot become a large one
            body += chunk
            if len(body) > max_bytes:
                raise HttpError(f"the answer is larger than {max_bytes} bytes")
            if time.monotonic() > deadline:
                raise HttpError(f"no whole answer within {timeout_seconds:g} s")
    finally:
        response.close()
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fetched(response.status_code, content_type, bytes(body))
