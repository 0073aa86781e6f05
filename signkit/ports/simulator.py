"""The simulator port: a stand-in for an eID service, with people who do what they are told.

Entry points of the group ``signkit.simulators`` name a factory. A simulator is for practice and tests; whatever it
makes says so, and a production home refuses it. What is not here: how it works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

__all__ = ["RunningSimulator", "SimulatorFactory"]


class RunningSimulator(Protocol):
    """A simulator that answers."""

    @property
    def url(self) -> str:
        """Where its page is."""
        ...

    @property
    def directory(self) -> Path:
        """The folder with what relying parties need."""
        ...

    def settings(self) -> Mapping[str, object]:
        """Return the table ``[providers.<name>]`` with which a test home uses this simulator; paths are absolute."""
        ...

    def anchors(self) -> Sequence[bytes]:
        """Return the DER certificates under which its evidence is authentic."""
        ...

    def stop(self) -> None:
        """Stop answering; the folder stays if the caller named it."""
        ...


class SimulatorFactory(Protocol):
    """What an entry point of the group ``signkit.simulators`` names; called like the provider it stands in for.

    A factory may also have ``prepare(directory) -> Sequence[bytes]``: called by ``init`` of a test home for the
    simulators that signkit ships; it makes what must be there before the first start and returns the anchors that a
    simulator started in ``directory`` will have. Calling it again gives the same.
    """

    def start(
        self,
        directory: Path | None,
        *,
        port: int = 0,
        people: Sequence[tuple[str, str]] = (),
        autopilot: bool = False,
    ) -> RunningSimulator:
        """Return a running simulator.

        Args:
            directory: gets the files that relying parties need, and keeps keys between runs; None: a temporary folder.
            port: 0 for any free one.
            people: name and number of people besides the usual ones.
            autopilot: people who are asked by number scan and approve by themselves.

        Raises:
            PluginLoadError: the port is taken or the folder cannot be used.
        """
        ...

    def act(
        self,
        url: str,
        *,
        person: str,
        actions: Sequence[str],
        number: str | None = None,
        qr: str | None = None,
        link: str | None = None,
    ) -> str:
        """Let a person of a running simulator do ``actions`` in order; return the person's whole name.

        Raises:
            ProviderUnavailableError: no simulator answers at ``url``.
            ProviderRejectedError: the person or the action is unknown, or not possible now; says why.
        """
        ...
