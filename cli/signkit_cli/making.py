"""Making a home: folder, keys, trust anchors, configuration, database, in an order that a crash cannot spoil.

The configuration is written last but the database: without it there is no home, and ``init`` goes on with what stands.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any, Literal, cast

from signkit import plugins
from signkit.config import CONFIG_FILE, default_toml, load_config, parse_config
from signkit.errors import ConfigError, PluginError, StoreError
from signkit.files import write_atomic
from signkit.journal.checkpoint import log_vkey
from signkit.pki.home import Organisation, init_keys
from signkit.pki.keys import FileKeys
from signkit.ports.keys import KeyName
from signkit.ports.provider import ProviderContext
from signkit.store import open_store
from signkit.x509.anchor_files import format_anchors
from signkit.x509.anchors import LOG, PERSON, SEAL, TSA, Purpose, TrustAnchor, TrustAnchors
from signkit_cli.composition import KEYS, SIMULATOR, TRUST_FILE, SystemClock

__all__ = ["is_home", "make_home"]


def is_home(folder: Path) -> bool:
    """Tell whether a whole home is there; one whose database is missing or empty is finished by making it again."""
    if not (folder / CONFIG_FILE).exists():
        return False
    try:
        open_store(folder, readonly=True, url=load_config(folder).database).close()
    except StoreError as exc:
        if exc.code != "store.missing":
            raise
        return False
    return True


def make_home(
    folder: Path,
    *,
    environment: str,
    organisation: str,
    origin: str | None,
    language: str,
    passphrase: bytes | None,
    database: str | None = None,
) -> None:
    """Make a home in ``folder``, or finish one that was half made.

    Raises:
        ConfigError: a name does not fit.
        KeyUnavailableError: keys cannot be written, or are locked with another passphrase.
        StoreError: the database cannot be made.
    """
    clock = SystemClock()
    name = origin or f"{_slug(organisation)}/journal"
    config = default_toml(
        environment=environment, organisation=organisation, origin=name, language=language, database=database
    )
    parse_config(config.encode("utf-8"), file=CONFIG_FILE)  # what cannot be read back is not written
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    keys_folder = folder / KEYS
    if not (keys_folder.is_dir() and any(keys_folder.iterdir())):
        init_keys(
            keys_folder,
            organisation=Organisation(name=organisation),
            environment=cast("Literal['test', 'production']", environment),
            now=clock.now(),
            passphrase=passphrase,
        )
    anchors = _anchors(folder, environment, name, passphrase)
    _check_kind(anchors, environment)
    if environment == "test":
        context = ProviderContext(
            settings={},
            home=folder,
            environment=environment,
            clock=clock,
            organisation=organisation,
            passphrase=passphrase,
        )
        anchors = anchors.merged(_eid_anchors(context)).merged(_simulated_anchors(folder))
    write_atomic(folder / TRUST_FILE, format_anchors(anchors).encode("utf-8"))
    if not (folder / CONFIG_FILE).exists():
        write_atomic(folder / CONFIG_FILE, config.encode("utf-8"), mode=0o600)
    open_store(folder, create=True, url=load_config(folder).database).close()


def _anchors(folder: Path, environment: str, origin: str, passphrase: bytes | None) -> TrustAnchors:
    """Return the home's own root, with the purposes that it may have, and the journal's key."""
    keys = FileKeys(folder / KEYS, passphrase)
    purposes = (SEAL, PERSON, TSA) if environment == "test" else (SEAL, PERSON)
    own = TrustAnchors.of([keys.certificates(KeyName.ROOT)[0]], purposes=purposes)
    return own.merged([TrustAnchor(frozenset({LOG}), key=log_vkey(origin, keys.key(KeyName.JOURNAL).spki))])


def _check_kind(anchors: TrustAnchors, environment: str) -> None:
    """Refuse to finish a half-made test home as a production home, or the reverse."""
    if any(item.certificate and item.certificate.is_test != (environment == "test") for item in anchors):
        raise ConfigError(
            f"the keys that are there already are not those of a {environment} home",
            code="config.keys_exist",
            hint="name another folder with --home, or the environment that was meant at first",
        )


def _eid_anchors(context: ProviderContext) -> TrustAnchors:
    """Return the test roots of the providers that signkit ships, made where they are made by the home."""
    found = TrustAnchors()
    for plugin in plugins.installed(plugins.PROVIDERS):
        if plugin.distribution != plugins.OWN or plugin.conflict:
            continue
        try:
            prepare: Any = getattr(plugins.load(plugin), "prepare", None)
        except PluginError:
            continue
        if prepare is not None:
            purpose = Purpose.eid(plugin.name, context.environment)
            found = found.merged(TrustAnchors.of(prepare(context), purposes=[purpose]))
    return found


def _simulated_anchors(folder: Path) -> TrustAnchors:
    """Return the roots under which simulators started in this home will issue evidence, made now."""
    found = TrustAnchors()
    for plugin in plugins.installed(plugins.SIMULATORS):
        if plugin.distribution != plugins.OWN or plugin.conflict:
            continue
        try:
            prepare: Any = getattr(plugins.load(plugin), "prepare", None)
            anchors = prepare(folder / SIMULATOR) if prepare is not None else ()
        except PluginError:
            continue
        found = found.merged(TrustAnchors.of(anchors, purposes=[Purpose.eid(plugin.name, "test")]))
    return found


def _slug(organisation: str) -> str:
    plain = unicodedata.normalize("NFKD", organisation.lower()).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "signkit"
