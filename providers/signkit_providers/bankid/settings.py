"""The table ``[providers.bankid]`` of the configuration.

======================  ==============================================================================================
``certificate``         client certificate: PKCS#12, or PEM
``key``                 PEM file with its key, where ``certificate`` does not hold it
``password_file``       file whose first line is the password of certificate or key
``server_ca``           PEM file with the root of the server's certificate (BankID's private one)
``simulator``           test homes: folder of ``signkit simulator serve``, instead of all above and ``url``; default,
                        where none of them is set: ``simulator`` in the home
``url``                 base address; default: BankID's for the home's environment
``mrtd``                true: the person must hold a passport or identity card to the phone
``pin_code``            true: the security code even where biometrics are on
``risk``                ``LOW`` or ``MODERATE``: highest risk that may sign
``certificate_policies`` list of policies, ``*`` at the end allowed
``card_reader``         ``class1`` or ``class2``
``return_risk``         true: ask for the risk
``call_initiator``      ``user`` or ``RP``: sign on a call unless a request says otherwise
``format``              ``plaintext`` (default) or ``simpleMarkdownV1``
``poll_seconds``        pause between polls, at least 1; default 2
``timeout_seconds``     for connecting and each read; default 10
``proxy``               address of a proxy
======================  ==============================================================================================
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from signkit.errors import ConfigError, PluginNotFoundError, ProviderUnavailableError
from signkit_providers.bankid.client import PRODUCTION_URL, TEST_URL, BankIdClient
from signkit_providers.bankid.tls import client_context
from signkit_providers.bankid.wire import Requirement

__all__ = ["KEYS", "Settings", "read_settings"]

KEYS: Final = (
    "certificate", "key", "password_file", "server_ca", "url", "mrtd", "pin_code", "risk", "certificate_policies",
    "card_reader", "return_risk", "call_initiator", "format", "poll_seconds", "timeout_seconds", "proxy", "simulator",
)  # fmt: skip
_CONNECTION: Final = ("url", "certificate", "key", "password_file", "server_ca")
_MAX_URL: Final = 2000
_POLICY: Final = re.compile(r"\d+(\.\d+){3,}(\.\*)?|\d+(\.\d+){2}\.\*|\d+(\.\d+){3}\.\*")
_TEST_POLICY_PREFIXES: Final = ("1.2.3.4.", "1.2.752.60.1.6")


@dataclass(frozen=True, slots=True)
class Settings:
    """How one home uses BankID."""

    environment: str
    url: str
    certificate: Path | None = None
    key: Path | None = None
    password_file: Path | None = field(default=None, repr=False)
    server_ca: Path | None = None
    requirement: Requirement = field(default_factory=Requirement)
    return_risk: bool = False
    call_initiator: str | None = None
    markdown: bool = False
    poll_seconds: float = 2.0
    least_poll_seconds: float = 1.0
    """BankID: not more often than once a second."""
    timeout_seconds: float = 10.0
    proxy: str | None = None
    simulator: Path | None = None
    """Folder of a simulator: where it answers is read there when a client is made."""

    def client(self) -> BankIdClient:
        """Return a client that speaks to the configured server.

        Raises:
            ConfigError: a file is missing or cannot be used.
            ProviderUnavailableError: the simulator is not running.
        """
        if self.simulator is not None:
            return self._at_simulator(self.simulator).client()
        if self.certificate is None or self.server_ca is None:
            missing = "certificate" if self.certificate is None else "server_ca"
            raise ConfigError(
                f"providers.bankid.{missing} is not set",
                code="config.bankid.missing",
                hint="name the client certificate and the root of the server's certificate",
            )
        context = client_context(
            certificate=self.certificate, key=self.key, password=_password(self.password_file), server_ca=self.server_ca
        )
        return BankIdClient(
            self.url,
            context=context,
            timeout_seconds=self.timeout_seconds,
            deadline_seconds=self.timeout_seconds * 2,
            proxy=self.proxy,
        )

    def _at_simulator(self, folder: Path) -> Settings:
        try:
            with (folder / "url").open(encoding="ascii") as stream:
                url = stream.read(_MAX_URL).strip()
        except (OSError, ValueError) as exc:
            raise ProviderUnavailableError(
                "the BankID simulator is not running",
                code="simulator.unavailable",
                hint="start it with: signkit simulator serve",
            ) from exc
        _check_url(url, self.environment)
        return replace(
            self,
            simulator=None,
            url=url,
            certificate=folder / "client.pem",
            key=folder / "client.key",
            server_ca=folder / "ca.pem",
        )


def read_settings(table: Mapping[str, Any], *, folder: Path, environment: str) -> Settings:
    """Return the settings in ``table``; relative paths are relative to ``folder``.

    Raises:
        ConfigError: an unknown key (with a suggestion), or a value that does not fit.
        PluginNotFoundError: a production home names a test server.
    """
    for name in table:
        if name not in KEYS:
            near = difflib.get_close_matches(name, KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KEYS)}"
            raise ConfigError(f"unknown key providers.bankid.{name[:60]}", code="config.bankid.key", hint=hint)
    simulator = _simulator(table, folder, environment)
    default = PRODUCTION_URL if environment == "production" else TEST_URL
    url = _text(table, "url") or default
    _check_url(url, environment)
    path = {name: _path(table, name, folder) for name in ("certificate", "key", "password_file", "server_ca")}
    return Settings(
        environment=environment,
        url=url,
        certificate=path["certificate"],
        key=path["key"],
        password_file=path["password_file"],
        server_ca=path["server_ca"],
        requirement=_requirement(table, environment),
        return_risk=_flag(table, "return_risk"),
        call_initiator=_one_of(table, "call_initiator", ("user", "RP")),
        markdown=_one_of(table, "format", ("plaintext", "simpleMarkdownV1")) == "simpleMarkdownV1",
        poll_seconds=_seconds(table, "poll_seconds", 1.0 if simulator else 2.0, least=1.0),
        timeout_seconds=_seconds(table, "timeout_seconds", 10.0, least=0.1),
        proxy=_text(table, "proxy"),
        simulator=simulator,
    )


def _simulator(table: Mapping[str, Any], folder: Path, environment: str) -> Path | None:
    found = _path(table, "simulator", folder)
    if found is None:
        real = environment == "production" or any(name in table for name in _CONNECTION)
        return None if real else folder / "simulator"
    if environment == "production":
        raise _refused("simulator")
    for name in _CONNECTION:
        if name in table:
            raise _wrong(name, "goes not with providers.bankid.simulator, which says it already")
    return found


def _requirement(table: Mapping[str, Any], environment: str) -> Requirement:
    policies = table.get("certificate_policies", [])
    if not isinstance(policies, list) or not all(
        isinstance(item, str) and _POLICY.fullmatch(item) for item in policies
    ):
        raise _wrong("certificate_policies", "is not a list of policies such as 1.2.752.78.1.5")
    if environment == "production" and any(item.startswith(_TEST_POLICY_PREFIXES) for item in policies):
        raise _wrong("certificate_policies", "names a test policy in a production home")
    return Requirement(
        mrtd=_flag(table, "mrtd"),
        pin_code=_flag(table, "pin_code"),
        risk=_one_of(table, "risk", ("LOW", "MODERATE")),
        certificate_policies=tuple(policies),
        card_reader=_one_of(table, "card_reader", ("class1", "class2")),
    )


def _check_url(url: str, environment: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as exc:
        raise _wrong("url", "is no address") from exc
    if parts.scheme != "https" or not host or parts.query or parts.fragment or parts.username:
        raise _wrong("url", "is not an https address")
    test_host = host.endswith(".test.bankid.com") or host in ("localhost", "127.0.0.1", "::1")
    if environment == "production" and test_host:
        raise _refused("url")
    if environment != "production" and host in ("appapi2.bankid.com", "appapi.bankid.com"):
        raise _wrong("url", "is BankID's production server, which a test home refuses")


def _refused(name: str) -> PluginNotFoundError:
    return PluginNotFoundError(
        "a production home refuses a test server or a simulator",
        code="plugin.refused",
        hint=f"take providers.bankid.{name} away: BankID's own address is the default",
        subject={"provider": "bankid"},
    )


def _password(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as stream:
            first = stream.readline(4096)
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be read: {exc.strerror}", code="config.bankid.file", subject={"file": str(path)}
        ) from exc
    return first.rstrip(b"\r\n")


def _path(table: Mapping[str, Any], name: str, folder: Path) -> Path | None:
    value = _text(table, name)
    return None if value is None else folder / value


def _text(table: Mapping[str, Any], name: str) -> str | None:
    value = table.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise _wrong(name, "is not text")
    return value


def _flag(table: Mapping[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(name, "is neither true nor false")
    return value


def _one_of(table: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    value = table.get(name)
    if value is not None and value not in allowed:
        raise _wrong(name, f"is none of {', '.join(allowed)}")
    return value


def _seconds(table: Mapping[str, Any], name: str, default: float, *, least: float) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 600:
        raise _wrong(name, f"is not a number of seconds from {least:g} to 600")
    return float(value)


def _wrong(name: str, what: str) -> ConfigError:
    return ConfigError(f"providers.bankid.{name} {what}", code="config.bankid.value")
