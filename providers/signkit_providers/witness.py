"""A witness of checkpoints reached over HTTP (C2SP tlog-witness): carries bytes, judges nothing."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from signkit.errors import JournalError, Retry
from signkit.ports.witness import MAX_ANSWER_BYTES, WitnessAnswer
from signkit_providers._http import HttpError, exchange, new_client, new_request

__all__ = ["HttpWitness"]


@dataclass(slots=True)
class HttpWitness:
    """One witness; implements ``signkit.ports.witness.WitnessService``.

    Args:
        url: its submission prefix, http or https, without credentials.
        vkey: its verifier key, as its operator gave it.
        timeout_seconds: for one request in all.
        client: for tests and proxies; by default one that follows no redirect and reads no environment variable.

    Raises:
        JournalError: ``witness.config``.
    """

    url: str
    vkey: str
    timeout_seconds: float = 10.0
    client: httpx.Client | None = None

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
        except (httpx.InvalidURL, ValueError, TypeError) as exc:
            raise JournalError("the address of the witness is no URL", code="witness.config") from exc
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise JournalError(
                "the address of a witness is http or https, without a password in it", code="witness.config"
            )

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Send the request and return the answer.

        Raises:
            JournalError: no answer (``witness.unavailable``).
        """
        client = self.client or new_client()
        try:
            request = new_request(client, "POST", f"{self.url.rstrip('/')}/add-checkpoint", content=body)
            answer = exchange(client, request, max_bytes=MAX_ANSWER_BYTES, timeout_seconds=self.timeout_seconds)
        except HttpError as exc:
            raise JournalError(
                f"a witness gives no answer: {exc.reason}",
                code="witness.unavailable",
                retry=Retry.AUTO,
                subject={"provider": httpx.URL(self.url).host},
            ) from exc
        finally:
            if self.client is None:
                client.close()
        return WitnessAnswer(answer.status, answer.body)
