"""The one place where real things are joined: configuration, store, keys, timestamps, anchors, providers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

from signkit import plugins
from signkit.config import CONFIG_FILE, Config, load_config
from signkit.errors import ConfigError, KeyUnavailableError, PluginLoadError, PluginNotFoundError
from signkit.pki.authority import Authority
from signkit.pki.keys import FileKeys
from signkit.pki.revocations import FileRevocations
from signkit.pki.timestamp_chain import TimestampChain
from signkit.pki.timestamper import EmbeddedTimestamper
from signkit.ports.keys import KeyName
from signkit.ports.observer import Observer
from signkit.ports.provider import ProviderContext, SigningProvider
from signkit.ports.timestamper import TimestampService
from signkit.store import open_store
from signkit.x509.anchor_files import read_anchors
from signkit.x509.anchors import TrustAnchors
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error
from signkit_cli.pdfa import check_pdfa

if TYPE_CHECKING:
    from signkit.pades.timestamping import StampBook
    from signkit.ports.delivery import DeliveryService
    from signkit.ports.store import Store
    from signkit.ports.witness import WitnessService
    from signkit.workflows.ceremony import ProviderOrigin
    from signkit.workflows.desk import Desk
    from signkit.workflows.post import Post
    from signkit_cli.session import Session

__all__ = [
    "CONFIG_FILE",
    "KEYS",
    "REVOKED",
    "SIMULATOR",
    "TRUST_FILE",
    "Home",
    "Providers",
    "SystemClock",
    "home_anchors",
    "load_provider",
    "open_home",
    "read_passphrase",
    "refuse_production",
    "refuse_test_roots",
]

KEYS: Final = "keys"
REVOKED: Final = "revoked.json"
SIMULATOR: Final = "simulator"
"""Folder in a test home where its simulator keeps what it needs."""
TRUST_FILE: Final = "trust.pem"
_MAX_PASSPHRASE: Final = 4096
_SIMULATED: Final = frozenset({"rehearsal"})


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


@dataclass
class Home:
    """An open home."""

    folder: Path
    config: Config
    store: Store
    clock: SystemClock
    ask_passphrase: Callable[[], bytes | None] = field(default=lambda: None, repr=False)

    @cached_property
    def passphrase(self) -> bytes | None:
        """What opens the keys; asked for when a key is first needed."""
        return self.ask_passphrase()

    @cached_property
    def anchors(self) -> TrustAnchors:
        """What this home trusts.

        Raises:
            ConfigError: the file cannot be read, or a production home's holds a test root.
        """
        anchors = home_anchors(self.folder)
        if self.config.environment == "production":
            refuse_test_roots(anchors, self.folder / TRUST_FILE)
        return anchors

    @cached_property
    def keys(self) -> FileKeys:
        """The home's keys, each opened when first used."""
        return FileKeys(self.folder / KEYS, self.passphrase)

    @cached_property
    def authority(self) -> Authority:
        """The home's certification authority."""
        revocations = FileRevocations(self.folder / KEYS / REVOKED)
        return Authority(self.keys, revocations, environment=self.config.environment)

    @cached_property
    def stamps(self) -> StampBook:
        """The home's timestamps, with a memory of what tokens are like: one for the life of the process."""
        from signkit.pades.timestamping import StampBook as Book

        return Book(self._timestamps())

    def desk(self, observer: Observer | None = None) -> Desk:
        """Return the clerk's desk over this home."""
        from signkit.workflows.desk import Desk

        return Desk(
            store=self.store,
            clock=self.clock,
            keys=self.keys,
            authority=self.authority,
            stamps=self.stamps,
            anchors=self.anchors,
            environment=self.config.environment,
            organisation=self.config.organisation,
            origin=self.config.origin,
            language=self.config.language,
            observer=observer or Observer(),
            pdfa_check=partial(check_pdfa, self.config.pdfa_command) if self.config.pdfa_command else None,
            witnesses=self.witnesses,
            witnesses_needed=self.config.witnesses_needed,
        )

    @cached_property
    def witnesses(self) -> tuple[WitnessService, ...]:
        """Those who are asked to vouch for this home's checkpoints."""
        if not self.config.witnesses:
            return ()
        make = plugins.load(plugins.find(plugins.WITNESSES, "http"))
        return tuple(cast("WitnessService", make(url=item.url, vkey=item.key)) for item in self.config.witnesses)

    @cached_property
    def post(self) -> Post | None:
        """How people are told; None where the configuration says that nobody is."""
        from signkit.config import NO_DELIVERY
        from signkit.workflows.post import Post
        from signkit_cli.delivering import claim_in

        name = self.config.delivery.method
        if name == NO_DELIVERY:
            return None
        return Post(name, lambda: self.delivery, lambda item: claim_in(self.folder, item), self.config.notify)

    @cached_property
    def delivery(self) -> DeliveryService:
        """The configured delivery service, loaded when the first letter is due.

        Raises:
            PluginError: missing, in conflict or broken.
            ConfigError: one of its settings is wrong.
        """
        from signkit_cli.delivering import make_delivery

        return make_delivery(self)

    def close(self) -> None:
        """Let go of the database and of whoever carries letters."""
        if "delivery" in self.__dict__:
            self.delivery.close()
        self.store.close()

    def _timestamps(self) -> TimestampChain:
        if not self.config.timestamps:
            raise ConfigError(
                "no timestamp service is configured",
                code="config.timestamps",
                hint="add [timestamp.NAME] with its url, and name it in timestamps.services",
                subject={"file": str(self.folder / "config.toml")},
            )
        services = tuple(self._service(name) for name in self.config.timestamps)
        return TimestampChain(
            services=services,
            clock=self.clock,
            timeout_seconds=self.config.timestamp_timeout_seconds,
            anchors=self.anchors.for_purpose("tsa"),
            refused=self.own_authorities() if self.config.environment == "production" else (),
        )

    def own_authorities(self) -> tuple[Certificate, ...]:
        """Return what a production home's timestamps must not chain to: they would prove nothing to others."""
        names = (KeyName.ROOT, KeyName.PERSON_CA, KeyName.SEAL_CA)
        return tuple(Certificate(self.keys.certificates(name)[0]) for name in names)

    def _service(self, name: str) -> TimestampService:
        if name == "embedded":
            return EmbeddedTimestamper(self.authority, self.clock)
        settings = self.config.services[name]
        made = plugins.load(plugins.find(plugins.TIMESTAMPS, "http"))(
            name=name,
            url=settings.url,
            username=settings.username,
            password_file=self.folder / settings.password_file if settings.password_file else None,
            anchors=[anchor.der for anchor in self.anchors.for_purpose("tsa")],
            certificates=[self._file(name, item) for item in settings.certificates],
            crl_urls=settings.crl_urls,
        )
        return cast("TimestampService", made)

    def _file(self, service: str, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as exc:
            raise ConfigError(
                f"timestamp.{service}.certificates: {name} cannot be read: {exc.strerror}",
                code="config.timestamps",
                subject={"file": name},
            ) from exc


def home_anchors(folder: Path) -> TrustAnchors:
    """Return the anchors of a home; none if it has no file.

    Raises:
        ConfigError: the file cannot be read.
    """
    path = folder / TRUST_FILE
    if not path.exists():
        return TrustAnchors()
    try:
        return read_anchors(path)
    except (X509Error, OSError) as exc:
        raise ConfigError(f"{path} cannot be read: {exc}", code="config.trust", subject={"file": str(path)}) from exc


def refuse_test_roots(anchors: TrustAnchors, source: object) -> None:
    """Return if none of the anchors is a test root.

    Raises:
        ConfigError: one is.
    """
    if any(anchor.certificate is not None and anchor.certificate.is_test for anchor in anchors):
        raise ConfigError(
            f"{source} holds a test root, which a production home refuses",
            code="config.test_root",
            hint="take it out with: signkit trust remove NAME",
            subject={"file": str(source)},
        )


def refuse_production(session: Session, what: str) -> None:
    """Return unless the session's home is there and a production one: it refuses ``what``.

    Raises:
        PluginNotFoundError: it refuses.
        ConfigError: the home's configuration is wrong.
    """
    if (session.folder / CONFIG_FILE).is_file() and load_config(session.folder).environment == "production":
        raise PluginNotFoundError(
            f"a production home refuses {what}",
            code="plugin.refused",
            hint="use a test home: --home DIR",
            subject={"provider": what},
        )


def open_home(session: Session, *, write: bool) -> Home:
    """Open the home that a session names.

    Raises:
        ConfigError: there is none, or its configuration is wrong.
        StoreError: its database cannot be opened.
    """
    folder = session.folder
    config = load_config(folder)
    kept = folder / config.checkpoint if config.checkpoint else None
    store = open_store(folder, readonly=not write, url=config.database, checkpoint=kept)
    return Home(folder, config, store, SystemClock(), lambda: read_passphrase(session))


def read_passphrase(session: Session) -> bytes | None:
    """Return the passphrase from the file that was named, or ask for it where keys are locked and a person is there.

    Raises:
        KeyUnavailableError: the file cannot be read or is empty.
    """
    path = session.passphrase_file
    if path is None:
        return _asked(session)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_PASSPHRASE)
    except OSError as exc:
        raise KeyUnavailableError(
            f"the passphrase file {path} cannot be read: {exc.strerror}", subject={"file": str(path)}
        ) from exc
    passphrase = data.split(b"\n", 1)[0].rstrip(b"\r")
    if not passphrase:
        raise KeyUnavailableError(f"the passphrase file {path} is empty", subject={"file": str(path)})
    return passphrase


def _asked(session: Session) -> bytes | None:
    journal = session.folder / KEYS / "journal.pem"
    locked = journal.is_file() and journal.stat().st_size < _MAX_PASSPHRASE and b"ENCRYPTED" in journal.read_bytes()
    if not locked or not session.terminal.interactive:
        return None
    from signkit.texts import text

    return session.terminal.secret(text("cli.passphrase", session.terminal.lang)).encode("utf-8") or None


def load_provider(home: Home, name: str) -> tuple[SigningProvider, ProviderOrigin]:
    """Return one provider, loaded, and the distribution that it comes from.

    Raises:
        PluginError: missing, in conflict, broken, or not allowed in this home.
        ConfigError: one of its settings is wrong.
    """
    from signkit.workflows.ceremony import ProviderOrigin

    if home.config.environment == "production" and name in _SIMULATED:
        raise PluginNotFoundError(
            f"a production home refuses {name}",
            code="plugin.refused",
            hint="name a real provider with --provider",
            subject={"provider": name},
        )
    plugin = plugins.find(plugins.PROVIDERS, name)
    factory: Any = plugins.load(plugin)
    context = ProviderContext(
        settings=home.config.providers.get(name, {}),
        home=home.folder,
        environment=home.config.environment,
        clock=home.clock,
        organisation=home.config.organisation,
        passphrase=home.passphrase,
    )
    create = getattr(factory, "create", None)
    if create is None:
        raise PluginLoadError(
            f"provider {name!r} of {plugin.distribution} has no create()",
            hint="see docs/providers.md",
            subject={"provider": name},
        )
    return cast("SigningProvider", create(context)), ProviderOrigin(plugin.distribution, plugin.version)


class Providers:
    """The providers that one command uses: each is loaded once, and closed at the end."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._loaded: dict[str, tuple[SigningProvider, ProviderOrigin]] = {}

    def get(self, name: str) -> tuple[SigningProvider, ProviderOrigin]:
        """Return a provider, and the distribution that it comes from.

        Raises:
            PluginError: missing, in conflict, broken, or not allowed in this home.
            ConfigError: one of its settings is wrong.
            ProviderUnavailableError: it cannot be reached now.
        """
        if name not in self._loaded:
            self._loaded[name] = load_provider(self._home, name)
        return self._loaded[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for provider, _ in self._loaded.values():
            close: Any = getattr(provider, "close", None)
            if close is not None:
                with contextlib.suppress(Exception):  # a foreign provider must not spoil what is done
                    close()
        self._loaded = {}
