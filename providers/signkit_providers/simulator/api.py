"""The relying party's side of the server: paths, methods, headers, error bodies. No sockets here."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from signkit_providers.simulator.orders import OrderBook
from signkit_providers.simulator.validation import ApiError, Kind, order_request

__all__ = ["PREFIX", "Fault", "Faults", "RelyingPartyApi", "Response"]

PREFIX: Final = "/rp/v6.0/"
_FORBIDDEN: Final = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n"
    "<hr><center>signkit simulator</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
        """Return ``value`` as a JSON answer."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode("utf-8"), headers=headers or {})


@dataclass(slots=True)
class Fault:
    """Something that the server does instead of answering."""

    endpoint: str = "*"
    """``sign``, ``collect``…, or ``*`` for all."""
    status: int = 503
    code: str | None = "Maintenance"
    """``errorCode``; None: an HTML page, as a front server sends it."""
    details: str = "Maintenance"
    times: int = 1
    """How many requests it strikes."""
    delay_seconds: float = 0.0
    """Wait before answering; with status 200 the answer is genuine, only late."""


class Faults:
    """The faults that wait to happen; safe to use from several threads."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let ``fault`` strike from now on."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()

    def strike(self, endpoint: str) -> Response | None:
        """Return the answer of the fault that strikes this request, None for none."""
        with self._lock:
            fault = next((item for item in self._waiting if item.endpoint in ("*", endpoint)), None)
            if fault is None:
                return None
            fault.times -= 1
            if fault.times <= 0:
                self._waiting.remove(fault)
        time.sleep(fault.delay_seconds)
        if fault.status == 200:
            return None
        if fault.code is None:
            return Response(fault.status, _FORBIDDEN.encode(), "text/html")
        headers = {"RateLimit-Limit": "5", "RateLimit-Remaining": "0", "RateLimit-Reset": "1"}
        return Response.json(
            fault.status, {"errorCode": fault.code, "details": fault.details}, headers if fault.status == 429 else None
        )


class RelyingPartyApi:
    """Answers requests under ``/rp/v6.0/``."""

    def __init__(self, book: OrderBook, faults: Faults) -> None:
        self._book, self._faults = book, faults

    def handle(
        self, method: str, path: str, *, content_type: str | None, body: bytes | None, peer: bytes | None
    ) -> Response:
        """Return the answer to one request.

        Args:
            method: HTTP method.
            path: path without query.
            content_type: the header as it was sent.
            body: the whole body; None if it did not arrive in time.
            peer: DER of the client's certificate, None if it showed none.
        """
        if peer is None:
            return Response(403, _FORBIDDEN.encode(), "text/html")
        try:
            return self._answer(
                method, path.removeprefix(PREFIX) if path.startswith(PREFIX) else "", content_type, body, peer
            )
        except ApiError as exc:
            return Response.json(exc.status, {"errorCode": exc.code, "details": exc.details})

    def _answer(
        self, method: str, endpoint: str, content_type: str | None, body: bytes | None, peer: bytes
    ) -> Response:
        kinds = {str(kind): kind for kind in Kind}
        if endpoint not in kinds and endpoint not in ("collect", "cancel"):
            raise ApiError(404, "notFound", "Not found")
        if method != "POST":
            raise ApiError(405, "methodNotAllowed", "Method not allowed")
        if content_type != "application/json":
            raise ApiError(415, "unsupportedMediaType", "Unsupported media type")
        if body is None:
            raise ApiError(408, "requestTimeout", "Request timeout")
        fault = self._faults.strike(endpoint)
        if fault is not None:
            return fault
        value = _object(body)
        certificate = x509.load_der_x509_certificate(peer)
        if endpoint in kinds:
            kind = kinds[endpoint]
            return Response.json(200, self._book.create(kind, order_request(kind, value), certificate))
        ref = value.get("orderRef")
        if not isinstance(ref, str):
            raise ApiError(400, "invalidParameters", "No such order")
        owner = certificate.fingerprint(SHA256())
        if endpoint == "collect":
            return Response.json(200, self._book.collect(ref, owner))
        self._book.cancel(ref, owner)
        return Response.json(200, {})


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as exc:
        raise ApiError(400, "invalidParameters", "Invalid request") from exc
    if not isinstance(value, dict):
        raise ApiError(400, "invalidParameters", "Invalid request")
    return value
