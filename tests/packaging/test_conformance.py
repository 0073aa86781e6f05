"""The example provider passes the public conformance suite, as any stranger's must."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from signkit.errors import ConfigError
from signkit.ports.provider import ProviderContext
from signkit.testing.clock import SteppingClock
from signkit.testing.providers import ProviderConformance

SOURCE = Path(__file__).parent / "thirdparty" / "desk" / "src" / "signkit_desk.py"


def desk(**settings: object) -> Any:
    spec = importlib.util.spec_from_file_location("signkit_desk", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = ProviderContext(settings=settings, home=Path("unused"), environment="test", clock=SteppingClock())
    return module.DeskProvider.create(context)


class TestDesk(ProviderConformance):
    """The public suite over the example."""

    def provider(self):
        """Return the example."""
        return desk()

    def script(self, outcome: str) -> Mapping[str, str]:
        """Return the option that makes it end so; at the desk nobody can be another person."""
        return {"end": "fail" if outcome == "wrong-person" else outcome}

    def anchors(self) -> Sequence[bytes]:
        """Return none: it binds nothing."""
        return ()


def test_unknown_settings_are_refused():
    """The example shows how a provider treats a misspelt setting."""
    with pytest.raises(ConfigError):
        desk(clrek="Åsa")
