"""The configuration of a home: one TOML file, read into frozen data. An unknown key is an error with a suggestion.

Order of precedence, flag, variable, file, default, is the command line's business; here is the file.
"""

from __future__ import annotations

from signkit.config import groups
from signkit.config.default import default_toml
from signkit.config.settings import (
    CONFIG_FILE,
    Config,
    TimestampService,
    WitnessSettings,
    load_config,
    parse_config,
)
from signkit.config.telling import NO_DELIVERY, DeliverySettings

__all__ = [
    "CONFIG_FILE",
    "NO_DELIVERY",
    "Config",
    "DeliverySettings",
    "TimestampService",
    "WitnessSettings",
    "default_toml",
    "groups",
    "load_config",
    "parse_config",
]
