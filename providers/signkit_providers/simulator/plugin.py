"""What the entry point names: starts a simulator, and lets people act in one that runs somewhere."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from signkit.errors import PluginLoadError, ProviderRejectedError, ProviderUnavailableError
from signkit_providers.simulator.persons import PEOPLE
from signkit_providers.simulator.pki import SimulatorRoot
from signkit_providers.simulator.server import AUTHORITIES, Simulator

__all__ = ["BankIdSimulator"]

_TIMEOUT_SECONDS: Final = 15.0


class BankIdSimulator:
    """The simulator of BankID."""

    @classmethod
    def prepare(cls, directory: Path) -> tuple[bytes, ...]:
        """Make the root of people's certificates in ``directory``, or find it; return it.

        Raises:
            PluginLoadError: the folder cannot be used.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)  # the mode is the last folder's alone
            keys = directory / AUTHORITIES
            keys.mkdir(exist_ok=True, mode=0o700)
            return (SimulatorRoot(datetime.now(UTC), folder=keys).root.der,)
        except (OSError, ValueError) as exc:
            raise _unusable("the simulator cannot be prepared", exc, directory) from exc

    @classmethod
    def start(
        cls,
        directory: Path | None,
        *,
        port: int = 0,
        people: Sequence[tuple[str, str]] = (),
        autopilot: bool = False,
    ) -> Simulator:
        """Return a running simulator with the usual people and ``people``.

        Raises:
            PluginLoadError: the port is taken, the folder cannot be used, or a person is no name and number.
        """
        try:
            made = Simulator(directory, port=port, people=(*PEOPLE, *people), autopilot=autopilot)
        except (OSError, ValueError) as exc:
            raise _unusable("the simulator cannot be made", exc, directory) from exc
        try:
            return made.start()
        except (OSError, OverflowError) as exc:
            made.stop()
            raise _unusable(f"the simulator cannot listen on port {port}", exc, directory) from exc

    @classmethod
    def act(
        cls,
        url: str,
        *,
        person: str,
        actions: Sequence[str],
        number: str | None = None,
        qr: str | None = None,
        link: str | None = None,
    ) -> str:
        """Let a person act; return the whole name.

        Raises:
            ProviderUnavailableError: no simulator answers at ``url``.
            ProviderRejectedError: refused, with the simulator's reason.
        """
        name = person
        with httpx.Client(verify=not _loopback(url), timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            for action in actions:
                body: dict[str, Any] = {"person": person, "action": action, "number": number}
                if action == "scan":
                    body |= {"qr": qr, "token": link}
                name = _post(client, url.rstrip("/") + "/app/act", body)
        return name


def _post(client: httpx.Client, url: str, body: dict[str, Any]) -> str:
    try:
        answer = client.post(url, json=body)
        value = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, json.JSONDecodeError, UnicodeDecodeError) as exc:
        raise ProviderUnavailableError(
            "no simulator answers there",
            code="simulator.unavailable",
            hint="start one with: signkit simulator serve",
        ) from exc
    if not isinstance(value, dict) or answer.status_code != 200:
        reason = value.get("error") if isinstance(value, dict) else None
        raise ProviderRejectedError(
            reason if isinstance(reason, str) else "the simulator refuses",
            code="simulator.refused",
            hint="see what is waiting on the simulator's page",
        )
    return str(value.get("person", body["person"]))


def _loopback(url: str) -> bool:
    """Tell whether the address is this machine's: its simulator's certificate need not be known."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable(message: str, cause: Exception, directory: Path | None) -> PluginLoadError:
    subject = {"file": str(directory)} if directory is not None else None
    return PluginLoadError(f"{message}: {cause}", code="simulator.start", subject=subject)
