"""An external RFC 3161 timestamping authority, by URL (RFC 3161 section 3.4).

Bytes in, bytes out: whether a token holds is judged by ``signkit.pki.timestamp_chain``. Revocation data for the
authority's certificates comes from the places that they name (CRL distribution points, then OCSP), or from lists
that the configuration names.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

from signkit.errors import Retry, TimestampError
from signkit.ports.timestamper import MAX_RESPONSE_BYTES, TimestampMaterial
from signkit.x509.certificates import Certificate, load_bundle
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken
from signkit_providers._http import Fetched, HttpError, exchange, new_client, new_request
from signkit_providers._revocation import RevocationFetcher

__all__ = ["HttpTimestamper"]

_REPLIES: Final = frozenset({"application/timestamp-reply", "application/timestamp-response"})
"""RFC 3161 section 3.4; the second is what some old services say."""
_MAX_SECRET_BYTES: Final = 1024


@dataclass(slots=True)
class HttpTimestamper:
    """A timestamp service over HTTP.

    Args:
        url: http or https, without credentials.
        name: how reports call it; by default the host.
        username: for basic authentication, together with ``password_file``; https only, but for loopback.
        password_file: its first line is the password.
        anchors: DER certificates trusted for the purpose tsa: no revocation data is sought for them.
        certificates: DER certificates of the authority that its tokens leave out.
        crl_urls: lists to fetch beside those that the certificates name.
        client: for tests and proxies; by default one that follows no redirect and reads no environment variable.

    Raises:
        TimestampError: ``seal.timestamp.config``.
    """

    url: str
    name: str = ""
    username: str | None = None
    password_file: Path | None = None
    anchors: Sequence[bytes] = ()
    certificates: Sequence[bytes] = ()
    crl_urls: Sequence[str] = ()
    client: httpx.Client | None = None
    material_timeout_seconds: float = 10.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _fetcher: RevocationFetcher | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError) as exc:
            raise _config("the address of the timestamp service is no URL") from exc
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise _config("the address of a timestamp service is http or https, without a password in it")
        self.name = self.name or url.host
        if (self.username is None) != (self.password_file is None):
            raise _config(f"{self.name}: a user name needs a password file, and the reverse")
        if self.username is not None and url.scheme != "https" and not _loopback(url.host):
            raise _config(f"{self.name}: a password is sent over https only")

    def respond(self, request: bytes, *, timeout_seconds: float) -> bytes:
        """Return the body of the answer; a redirect, an error status or another media type is a failure.

        Raises:
            TimestampError: ``seal.timestamp.http``, and why; ``seal.timestamp.config`` for the password file.
        """
        headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
        client = self._client()
        auth = self._auth()
        try:
            outgoing = new_request(client, "POST", self.url, content=request, headers=headers)
            if auth is not None:
                outgoing = next(auth.auth_flow(outgoing))
            answer = exchange(client, outgoing, max_bytes=MAX_RESPONSE_BYTES, timeout_seconds=timeout_seconds)
        except HttpError as exc:
            raise TimestampError(f"{self.name}: {exc.reason}", code="seal.timestamp.http") from exc
        _check_answer(self.name, answer)
        return answer.body

    def material(self, token: bytes, *, now: datetime) -> TimestampMaterial:
        """Return the chain and its revocation data; fetched anew when older than a minute.

        Raises:
            TimestampError: ``seal.timestamp.material``, a certificate below the anchor without an answer.
        """
        try:
            parsed = TimestampToken(token)
            known = [*parsed.certificates, *(item for der in self.certificates for item in load_bundle(der))]
            signer = parsed.find_signer(known)
            anchors = [Certificate(der) for der in self.anchors]
        except X509Error as exc:
            raise TimestampError(f"{self.name}: {exc.message}", code="seal.timestamp.material") from exc
        with self._lock:
            if self._fetcher is None:
                self._fetcher = RevocationFetcher(
                    self._client_unlocked(), crl_urls=self.crl_urls, timeout_seconds=self.material_timeout_seconds
                )
            return self._fetcher.material(signer, known=known, anchors=anchors, now=now, name=self.name)

    def close(self) -> None:
        """Close connections."""
        if self.client is not None:
            self.client.close()

    def _client(self) -> httpx.Client:
        with self._lock:
            return self._client_unlocked()

    def _client_unlocked(self) -> httpx.Client:
        if self.client is None:
            self.client = new_client()
        return self.client

    def _auth(self) -> httpx.BasicAuth | None:
        if self.username is None or self.password_file is None:
            return None
        try:
            with self.password_file.open("rb") as stream:
                data = stream.read(_MAX_SECRET_BYTES + 1)
        except OSError as exc:
            raise _config(f"{self.name}: the password file cannot be read: {exc.strerror}") from exc
        password = (data.splitlines() or [b""])[0]
        if not password or len(data) > _MAX_SECRET_BYTES:
            raise _config(f"{self.name}: the password file holds no password in its first line")
        return httpx.BasicAuth(self.username.encode(), password)


def _check_answer(name: str, answer: Fetched) -> None:
    if 300 <= answer.status < 400:
        raise TimestampError(
            f"{name}: redirects are not followed (status {answer.status})",
            code="seal.timestamp.http",
            hint="configure the final address",
        )
    if answer.status in {401, 403}:
        raise TimestampError(
            f"{name}: access denied (status {answer.status})", code="seal.timestamp.http", retry=Retry.NEVER
        )
    if answer.status != 200:
        raise TimestampError(f"{name}: status {answer.status}", code="seal.timestamp.http")
    if answer.content_type not in _REPLIES:
        kind = "".join(char for char in answer.content_type[:40] if char.isascii() and char.isprintable())
        raise TimestampError(f"{name}: answered with {kind or 'no media type'}", code="seal.timestamp.http")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _config(message: str) -> TimestampError:
    return TimestampError(message, code="seal.timestamp.config", retry=Retry.NEVER, hint="correct the configuration")
