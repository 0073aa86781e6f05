"""HTTP with BankID: one request, one JSON object back, or one of three kinds of failure.

Every request has a deadline for the whole of it, however slowly the server drips, and an answer has a largest size.
Redirects are not followed, proxies of the environment not used, and nothing of a body ever reaches a message.
"""

from __future__ import annotations

import json
import queue
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from signkit.errors import ProviderError, ProviderRejectedError, ProviderResponseError, ProviderUnavailableError, Retry
from signkit_providers.bankid import hints

__all__ = ["PRODUCTION_URL", "TEST_URL", "BankIdClient"]

PRODUCTION_URL: Final = "https://appapi2.bankid.com/rp/v6.0/"
TEST_URL: Final = "https://appapi2.test.bankid.com/rp/v6.0/"
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Ours: a completed order is some 400 kB at most."""


class BankIdClient:
    """Speaks to one BankID server.

    Args:
        url: base address, with ``/rp/v6.0/``.
        context: mutual TLS; None only with ``transport``.
        timeout_seconds: for connecting and for each read.
        deadline_seconds: for a whole request.
        proxy: address of a proxy, or None.
        transport: replaces the network, for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        context: ssl.SSLContext | None,
        timeout_seconds: float = 10.0,
        deadline_seconds: float = 20.0,
        proxy: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._deadline = deadline_seconds
        self._http = httpx.Client(
            base_url=url if url.endswith("/") else url + "/",
            verify=context if context is not None else True,
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            proxy=proxy,
            transport=transport,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "signkit"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def post(self, endpoint: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON object that the server answers with.

        Raises:
            ProviderUnavailableError: no answer, too late an answer, or the server says later.
            ProviderRejectedError: the server refuses, or its certificate is not one of BankID's.
            ProviderResponseError: the answer is no JSON object, too large, or a redirect.
        """
        content = json.dumps(body).encode("ascii")
        try:
            return _within(self._deadline, lambda: self._once(endpoint, content))
        except httpx.TimeoutException as exc:
            raise _unavailable("BankID does not answer in time", "timeout") from exc
        except httpx.HTTPError as exc:
            raise _transport_failure(exc) from exc
        except (httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError, RuntimeError) as exc:
            raise _unavailable("the connection with BankID broke", "connection") from exc

    def check(self) -> None:
        """Return if BankID answers us: it allows no GET, and says so only to those whom it knows (providers.md 1.1).

        Raises:
            ProviderError: as ``post``.
        """
        try:
            status = _within(self._deadline, lambda: {"status": self._http.get("auth").status_code})["status"]
        except httpx.HTTPError as exc:
            raise _transport_failure(exc) from exc
        if status != 405:
            raise hints.failure(status, None)

    def _once(self, endpoint: str, content: bytes) -> dict[str, Any]:
        started = time.monotonic()
        data = bytearray()
        with self._http.stream(
            "POST", endpoint, content=content, headers={"Content-Type": "application/json"}
        ) as answer:
            for chunk in answer.iter_bytes(65_536):
                data += chunk
                if len(data) > MAX_ANSWER_BYTES:
                    raise _broken("BankID's answer is too large")
                if time.monotonic() - started > self._deadline:
                    raise httpx.ReadTimeout("deadline")
            return _object(answer.status_code, bytes(data))


def _object(status: int, data: bytes) -> dict[str, Any]:
    if 300 <= status < 400:
        raise _broken("BankID answers with a redirect, which its API never does")
    value = _json(data)
    if status != 200:
        code = value.get("errorCode") if isinstance(value, dict) else None
        if status < 400:
            raise _broken(f"BankID answers with HTTP status {status}")
        raise hints.failure(status, code if isinstance(code, str) else None)
    if not isinstance(value, dict):
        raise _broken("BankID's answer is not a JSON object")
    return value


def _json(data: bytes) -> Any:
    """Return the JSON value, None for anything else (an HTML page of a front server)."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _within(seconds: float, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``call`` returns, or raise what it raises, but wait at most ``seconds``.

    NOTE: HTTP timeouts count from byte to byte, so a server that drips holds a request for ever. The thread left
    behind is a daemon and ends with its connection.
    """
    outcome: queue.SimpleQueue[tuple[dict[str, Any] | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((call(), None))
        except Exception as exc:  # noqa: BLE001 - handed to the caller's thread
            outcome.put((None, exc))

    threading.Thread(target=run, daemon=True, name="bankid-request").start()
    try:
        value, error = outcome.get(timeout=seconds)
    except queue.Empty as exc:
        raise _unavailable("BankID does not answer in time", "timeout") from exc
    if error is not None:
        raise error
    return value or {}


def _transport_failure(error: httpx.HTTPError) -> ProviderError:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return ProviderRejectedError(
            "the server's certificate is not one of BankID's",
            code="provider.bankid.server_certificate",
            hint="check the configured root certificate and address",
        )
    if "ALERT" in text.upper() and ("CERTIFICATE" in text.upper() or "UNKNOWN_CA" in text.upper()):
        return ProviderRejectedError(
            "BankID does not accept our client certificate",
            code="provider.bankid.client_certificate",
            hint="check that it is valid and belongs to this environment",
        )
    if isinstance(error, httpx.DecodingError | httpx.UnsupportedProtocol):
        return _broken("BankID's answer cannot be read")
    return _unavailable("BankID cannot be reached", "connection")


def _unavailable(message: str, code: str) -> ProviderUnavailableError:
    return ProviderUnavailableError(message, code=f"provider.bankid.{code}", retry=Retry.AUTO)


def _broken(message: str) -> ProviderResponseError:
    return ProviderResponseError(message, code="provider.bankid.response")
