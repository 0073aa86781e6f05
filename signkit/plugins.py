"""Plug-ins by entry point: listed without loading, never two of one name, loaded one at a time.

Two distributions that publish one name would let one pass itself off as the other, so the name is refused for both;
names that signkit ships are reserved for signkit. A plug-in that fails to import breaks only the command that needs it.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Final

from signkit.errors import PluginConflictError, PluginLoadError, PluginNotFoundError

__all__ = ["DELIVERIES", "PROVIDERS", "SIMULATORS", "TIMESTAMPS", "WITNESSES", "Plugin", "find", "installed", "load"]

DELIVERIES: Final = "signkit.deliveries"
PROVIDERS: Final = "signkit.providers"
SIMULATORS: Final = "signkit.simulators"
TIMESTAMPS: Final = "signkit.timestamps"
WITNESSES: Final = "signkit.witnesses"
SINKS: Final = "signkit.sinks"
OWN: Final = "signkit"
"""The distribution whose names are reserved."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One published name; nothing of it has been imported."""

    name: str
    group: str
    distribution: str
    version: str
    conflict: tuple[str, ...] = ()
    """Other distributions that publish the same name."""
    entry_point: metadata.EntryPoint | None = field(default=None, repr=False, compare=False)


def installed(group: str) -> list[Plugin]:
    """Return every plug-in of ``group`` by name; one that clashes names its rivals."""
    found: dict[str, dict[str, Plugin]] = {}
    for entry in metadata.entry_points(group=group):
        name = entry.dist.name if entry.dist else "unknown"
        version = entry.dist.version if entry.dist else ""
        plugin = Plugin(entry.name, group, name, version, (), entry)
        found.setdefault(entry.name, {}).setdefault(f"{name} {entry.value}", plugin)
    plugins = []
    for _, rivals in sorted(found.items()):
        candidates = list(rivals.values())
        own = [item for item in candidates if item.distribution == OWN]
        chosen = own[0] if own else candidates[0]
        others = tuple(item.distribution for item in candidates if item is not chosen)
        plugins.append(Plugin(chosen.name, group, chosen.distribution, chosen.version, others, chosen.entry_point))
    return plugins


def find(group: str, name: str) -> Plugin:
    """Return the one plug-in called ``name``, not loaded.

    Raises:
        PluginNotFoundError: nobody publishes it.
        PluginConflictError: more than one distribution does.
    """
    plugins = installed(group)
    for plugin in plugins:
        if plugin.name != name:
            continue
        if plugin.conflict:
            raise PluginConflictError(
                f"{name!r} is published by {plugin.distribution} and by {', '.join(plugin.conflict)}",
                hint="uninstall all but one of them",
                subject={"provider": name},
            )
        return plugin
    near = difflib.get_close_matches(name, [plugin.name for plugin in plugins], n=1)
    known = ", ".join(plugin.name for plugin in plugins) or "none"
    raise PluginNotFoundError(
        f"no plug-in is called {name[:60]!r}",
        hint=f"did you mean {near[0]!r}?" if near else f"installed: {known}",
        subject={"provider": name[:60]},
    )


def load(plugin: Plugin) -> Any:
    """Return what the plug-in's entry point names.

    Raises:
        PluginLoadError: importing it raised, whatever it raised.
    """
    if plugin.entry_point is None:
        raise PluginLoadError(f"{plugin.name!r} cannot be loaded", subject={"provider": plugin.name})
    try:
        return plugin.entry_point.load()
    except (Exception, SystemExit) as exc:  # one that ends the process while it is imported, too
        raise PluginLoadError(
            f"{plugin.name!r} of {plugin.distribution} {plugin.version} fails to load: {type(exc).__name__}",
            hint=f"reinstall or remove {plugin.distribution}",
            subject={"provider": plugin.name},
        ) from exc
