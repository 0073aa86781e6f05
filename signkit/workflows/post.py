"""What the clerk's desk has for telling people: a delivery service that is opened when the first letter is due."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from signkit.model.notices import NotifySettings
from signkit.ports.delivery import DeliveryService

__all__ = ["Post"]


@dataclass(frozen=True, slots=True)
class Post:
    """A way to reach people, and whom to tell what."""

    name: str
    """Of the delivery service, as entries name it."""
    open: Callable[[], DeliveryService]
    """Returns the service, the same each time.

    Raises ``ConfigError`` or ``PluginError`` where the configuration does not hold.
    """
    claim: Callable[[str], AbstractContextManager[bool]]
    """Holds the letters of one envelope while the block runs; False where somebody else holds them."""
    settings: NotifySettings = field(default_factory=NotifySettings)
