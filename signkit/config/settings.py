"""The settings of one home, as its file holds them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from signkit.config.telling import DeliverySettings, read_delivery, read_notify
from signkit.config.tree import Tree
from signkit.errors import ConfigError
from signkit.model.notices import NotifySettings
from signkit.model.reminding import Reminders

__all__ = [
    "CONFIG_FILE",
    "Config",
    "TimestampService",
    "WitnessSettings",
    "load_config",
    "parse_config",
]

CONFIG_FILE: Final = "config.toml"
MAX_BYTES: Final = 1 << 20
EMBEDDED: Final = "embedded"

_HOME: Final = ("environment", "organisation", "origin", "language", "database")
_SIGN: Final = ("provider", "accept_risks")
_TIMESTAMPS: Final = ("services", "timeout_seconds")
_SERVICE: Final = ("url", "username", "password_file", "crl_urls", "certificates")
_CHECK: Final = ("pdfa_command",)
_WITNESS: Final = ("url", "key")
_S3: Final = ("endpoint", "region", "access_key", "secret_file")
_MAX_DAYS: Final = 36_525
"""A hundred years."""
_REMIND: Final = ("most", "from_hour", "to_hour", "weekends")
_JOURNAL: Final = ("witnesses_needed", "checkpoint")
_SECTIONS: Final = (
    "home",
    "remind",
    "delivery",
    "notify",
    "sign",
    "timestamps",
    "timestamp",
    "providers",
    "check",
    "journal",
    "witness",
    "retention",
    "s3",
)


@dataclass(frozen=True, slots=True)
class TimestampService:
    """One RFC 3161 service reached by URL."""

    name: str
    url: str
    username: str | None = None
    password_file: str | None = None
    crl_urls: tuple[str, ...] = ()
    """Revocation lists to fetch beside those that its certificates name."""
    certificates: tuple[str, ...] = ()
    """Files in the home with certificates that its tokens leave out."""


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """One witness of the home's log."""

    name: str
    url: str
    key: str
    """Its verifier key."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one home."""

    environment: str
    organisation: str
    origin: str
    language: str = "sv"
    database: str | None = None
    """SQLAlchemy URL; None: one SQLite file in the home."""
    provider: str = "rehearsal"
    accept_risks: tuple[str, ...] = ()
    timestamps: tuple[str, ...] = (EMBEDDED,)
    """Names of timestamp services in order; ``embedded`` is the home's own."""
    timestamp_timeout_seconds: float = 20.0
    services: Mapping[str, TimestampService] = field(default_factory=dict)
    providers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pdfa_command: tuple[str, ...] = ()
    """A PDF/A checker to run before sending; the file's path is appended; exit code 0 means compliant."""
    witnesses: tuple[WitnessSettings, ...] = ()
    witnesses_needed: int = 0
    """How many of them must vouch for a checkpoint."""
    checkpoint: str | None = None
    """File outside the home where the newest signed checkpoint is kept too; None: in the home only."""
    reminders: Reminders = field(default_factory=Reminders)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    notify: NotifySettings = field(default_factory=NotifySettings)
    s3: Mapping[str, str] = field(default_factory=dict)
    """``endpoint``, ``region``, ``access_key`` and ``secret_file`` of the service that s3:// means; empty: none."""
    retention_days: Mapping[str, int] = field(default_factory=dict)
    """Kind of envelope → days after its end at which openings and evidence are due to be erased."""


def load_config(home: Path) -> Config:
    """Return the settings of the home in the folder ``home``.

    Raises:
        ConfigError: no home there, or its file is wrong; says which key.
    """
    path = home / CONFIG_FILE
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as exc:
        raise ConfigError(
            f"no signkit home in {home}",
            code="config.no_home",
            hint="make one with: signkit init, or name another with --home",
            subject={"file": str(path)},
        ) from exc
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}", subject={"file": str(path)}) from exc
    return parse_config(data, file=str(path))


def parse_config(data: bytes, *, file: str) -> Config:
    """Return the settings that TOML bytes hold.

    Raises:
        ConfigError: not TOML, an unknown key, or a value that does not fit.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{file} is larger than 1 MiB", code="config.toml", subject={"file": file})
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{file} is not TOML: {exc}", code="config.toml", subject={"file": file}) from exc
    reader = Tree(file, tree)
    reader.known("", tree, _SECTIONS)
    home, sign = reader.table("home"), reader.table("sign")
    timestamps, check, journal = reader.table("timestamps"), reader.table("check"), reader.table("journal")
    reader.known("journal", journal, _JOURNAL)
    reader.known("home", home, _HOME)
    reader.known("sign", sign, _SIGN)
    reader.known("timestamps", timestamps, _TIMESTAMPS)
    reader.known("check", check, _CHECK)
    services = _services(reader)
    config = Config(
        environment=reader.one_of("home.environment", home.get("environment"), ("test", "production")),
        organisation=reader.text("home.organisation", home.get("organisation")),
        origin=reader.text("home.origin", home.get("origin")),
        language=reader.one_of("home.language", home.get("language", "sv"), ("sv", "en", "da")),
        database=reader.optional("home.database", home.get("database")),
        provider=reader.text("sign.provider", sign.get("provider", "rehearsal")),
        accept_risks=reader.texts("sign.accept_risks", sign.get("accept_risks", [])),
        timestamps=reader.texts("timestamps.services", timestamps.get("services", [EMBEDDED])),
        timestamp_timeout_seconds=reader.seconds("timestamps.timeout_seconds", timestamps.get("timeout_seconds", 20)),
        services=MappingProxyType(services),
        providers=MappingProxyType(
            {name: reader.mapping(f"providers.{name}", value) for name, value in reader.table("providers").items()}
        ),
        pdfa_command=reader.texts("check.pdfa_command", check.get("pdfa_command", [])),
        witnesses=_witnesses(reader),
        s3=_s3(reader),
        retention_days=MappingProxyType(
            {
                kind: reader.count(f"retention.{kind}", days, most=_MAX_DAYS)
                for kind, days in reader.table("retention").items()
            }
        ),
        reminders=_reminders(reader),
        delivery=read_delivery(reader),
        notify=read_notify(reader),
        witnesses_needed=reader.count("journal.witnesses_needed", journal.get("witnesses_needed", 0)),
        checkpoint=reader.optional("journal.checkpoint", journal.get("checkpoint")),
    )
    _consistent(reader, config)
    return config


def _reminders(reader: Tree) -> Reminders:
    table, usual = reader.table("remind"), Reminders()
    reader.known("remind", table, _REMIND)
    weekends = table.get("weekends", usual.weekends)
    if not isinstance(weekends, bool):
        raise reader.wrong("remind.weekends", "is neither true nor false")
    made = Reminders(
        most=reader.count("remind.most", table.get("most", usual.most)),
        from_hour=reader.count("remind.from_hour", table.get("from_hour", usual.from_hour), most=23),
        to_hour=reader.count("remind.to_hour", table.get("to_hour", usual.to_hour), most=24),
        weekends=weekends,
    )
    if made.from_hour >= made.to_hour:
        raise reader.wrong("remind.to_hour", "is not after remind.from_hour")
    return made


def _services(reader: Tree) -> dict[str, TimestampService]:
    services = {}
    for name, value in reader.table("timestamp").items():
        where = f"timestamp.{name}"
        table = reader.mapping(where, value)
        reader.known(where, table, _SERVICE)
        url, lists = reader.url(f"{where}.url", table.get("url")), table.get("crl_urls", [])
        services[name] = TimestampService(
            name,
            url,
            reader.optional(f"{where}.username", table.get("username")),
            reader.optional(f"{where}.password_file", table.get("password_file")),
            tuple(reader.url(f"{where}.crl_urls", item) for item in reader.texts(f"{where}.crl_urls", lists)),
            reader.texts(f"{where}.certificates", table.get("certificates", [])),
        )
    return services


def _witnesses(reader: Tree) -> tuple[WitnessSettings, ...]:
    found = []
    for name, value in reader.table("witness").items():
        where = f"witness.{name}"
        table = reader.mapping(where, value)
        reader.known(where, table, _WITNESS)
        url, key = reader.url(f"{where}.url", table.get("url")), reader.text(f"{where}.key", table.get("key"))
        found.append(WitnessSettings(name, url, key))
    return tuple(found)


def _s3(reader: Tree) -> Mapping[str, str]:
    table = reader.table("s3")
    reader.known("s3", table, _S3)
    values = {key: reader.text(f"s3.{key}", table.get(key)) for key in _S3} if table else {}
    if values:
        reader.url("s3.endpoint", values["endpoint"])
    return MappingProxyType(values)


def _consistent(reader: Tree, config: Config) -> None:
    for name in config.timestamps:
        if name != EMBEDDED and name not in config.services:
            raise reader.wrong("timestamps.services", f"names {name!r}, but there is no [timestamp.{name}]")
    if config.witnesses_needed > len(config.witnesses):
        raise reader.wrong("journal.witnesses_needed", "is more than there are [witness.NAME]")
    if config.environment == "production":
        if EMBEDDED in config.timestamps:
            raise reader.wrong("timestamps.services", "names the embedded timestamper, which a production home refuses")
        if config.provider == "rehearsal":
            raise reader.wrong("sign.provider", "is rehearsal, which a production home refuses")
    if not re.fullmatch(r"[^\s+]{1,200}", config.origin):
        raise reader.wrong("home.origin", "holds white space or a plus sign, or is too long")
