"""The signkit simulator: a server that speaks the BankID relying-party API, with people, apps and its own test PKI.

It is signkit's, not BankID's: every name in its certificates says so, and its root is worth nothing to anybody.
Facts that it imitates: field, limit, code and timing of the relying-party API 6.0 and the BankID Signature Profile.
"""

from __future__ import annotations

from signkit_providers.simulator.persons import Person
from signkit_providers.simulator.server import Simulator
from signkit_providers.simulator.world import World

__all__ = ["Person", "Simulator", "World"]
