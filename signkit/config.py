"""The configuration of a home: one TOML file, read into frozen data. An unknown key is an error with a suggestion.

Order of precedence, flag, variable, file, default, is the command line's business; here is the file.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from signkit.errors import ConfigError
from signkit.model.reminding import Reminders

__all__ = [
    "CONFIG_FILE",
    "Config",
    "TimestampService",
    "WitnessSettings",
    "default_toml",
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
_JOURNAL: Final = ("witnesses_needed",)
_SECTIONS: Final = (
    "home",
    "remind",
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
    reminders: Reminders = field(default_factory=Reminders)
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
    reader = _Tree(file, tree)
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
        witnesses_needed=reader.count("journal.witnesses_needed", journal.get("witnesses_needed", 0)),
    )
    _consistent(reader, config)
    return config


def default_toml(*, environment: str, organisation: str, origin: str, language: str) -> str:
    """Return the configuration file of a new home, with a comment for each choice."""
    services = '["embedded"]' if environment == "test" else "[]"
    provider = "rehearsal" if environment == "test" else "bankid"
    return f"""\
# signkit: the settings of this home. An unknown key is an error.

[home]
environment = "{environment}"          # test: says TEST everywhere; production: refuses test roots and rehearsal
organisation = {_quoted(organisation)}
origin = {_quoted(origin)}            # name of the journal; never change it
language = "{language}"                # sv, en or da: documents and messages
# database = "postgresql+psycopg://…"   # default: one SQLite file in this folder

[sign]
provider = "{provider}"           # unless the signatory or --provider says otherwise

# [providers.bankid]                    # docs/bankid.md; a test home without it: signkit simulator serve
# certificate = "keys/bankid.p12"
# password_file = "keys/bankid.password"
# server_ca = "keys/bankid-server.pem"

[timestamps]
services = {services}          # tried in order; "embedded" (test homes only) or names of [timestamp.NAME]
timeout_seconds = 20

# [timestamp.example]
# url = "https://tsa.example.org/"
# username = "…"                        # with password_file, if the service asks
# password_file = "keys/tsa-password"
# crl_urls = ["http://…"]               # lists that its certificates do not name
# certificates = ["tsa-chain.pem"]      # certificates that its tokens leave out

# [remind]
# most = 8                              # to one person about one envelope; 0: never by itself
# from_hour = 7                         # Swedish time; nobody is disturbed before, nor from to_hour on
# to_hour = 20
# weekends = false

# [journal]
# witnesses_needed = 1                  # how many of [witness.NAME] must vouch for a checkpoint

# [s3]                                  # for: signkit journal publish s3://BUCKET/PREFIX
# endpoint = "https://s3.example.org"
# region = "eu-north-1"
# access_key = "…"
# secret_file = "keys/s3-secret"

# [retention]                           # days after its end until names and evidence are due to be erased
# protocol = 3650

# [witness.neighbour]
# url = "https://witness.example.org/"
# key = "…+…+…"                         # the verifier key that its operator gave you
"""


def _reminders(reader: _Tree) -> Reminders:
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


def _services(reader: _Tree) -> dict[str, TimestampService]:
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


def _witnesses(reader: _Tree) -> tuple[WitnessSettings, ...]:
    found = []
    for name, value in reader.table("witness").items():
        where = f"witness.{name}"
        table = reader.mapping(where, value)
        reader.known(where, table, _WITNESS)
        url, key = reader.url(f"{where}.url", table.get("url")), reader.text(f"{where}.key", table.get("key"))
        found.append(WitnessSettings(name, url, key))
    return tuple(found)


def _s3(reader: _Tree) -> Mapping[str, str]:
    table = reader.table("s3")
    reader.known("s3", table, _S3)
    values = {key: reader.text(f"s3.{key}", table.get(key)) for key in _S3} if table else {}
    if values:
        reader.url("s3.endpoint", values["endpoint"])
    return MappingProxyType(values)


def _consistent(reader: _Tree, config: Config) -> None:
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


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " and char != "\x7f" else " " for char in escaped) + '"'


class _Tree:
    """Reads values with the name of their key at hand."""

    def __init__(self, file: str, tree: Mapping[str, Any]) -> None:
        self._file = file
        self._tree = tree

    def wrong(self, key: str, what: str, *, hint: str | None = None) -> ConfigError:
        return ConfigError(f"{self._file}: {key} {what}", hint=hint, subject={"file": self._file, "field": key})

    def known(self, where: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1)
                full = f"{where}.{key}" if where else key
                raise ConfigError(
                    f"{self._file}: unknown key {full!r}",
                    code="config.unknown_key",
                    hint=f"did you mean {near[0]!r}?" if near else "known here: " + ", ".join(keys),
                    subject={"file": self._file, "field": full},
                )

    def table(self, name: str) -> Mapping[str, Any]:
        return self.mapping(name, self._tree.get(name, {}))

    def mapping(self, key: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(key, "is not a table")
        return value

    def text(self, key: str, value: object) -> str:
        if value is None:
            raise self.wrong(key, "is missing")
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "is not text, or empty")
        return value

    def url(self, key: str, value: object) -> str:
        text = self.text(key, value)
        if not re.match(r"https?://[^\s/]+", text):
            raise self.wrong(key, "is not an http or https URL")
        return text

    def optional(self, key: str, value: object) -> str | None:
        return None if value is None else self.text(key, value)

    def one_of(self, key: str, value: object, values: tuple[str, ...]) -> str:
        text = self.text(key, value)
        if text not in values:
            near = difflib.get_close_matches(text, values, n=1)
            raise self.wrong(key, f"is {text!r}", hint=f"use one of: {', '.join(near or values)}")
        return text

    def texts(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(key, "is not a list of texts")
        return tuple(value)

    def count(self, key: str, value: object, *, most: int = 100) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.wrong(key, f"is not a number from 0 to {most}")
        return value

    def seconds(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 600:
            raise self.wrong(key, "is not a number of seconds above 0 and at most 600")
        return float(value)
