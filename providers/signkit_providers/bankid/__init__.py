"""Swedish BankID, relying-party API 6.0: sign, phone sign, collect, cancel.

What is where: ``wire`` bodies out and in, ``hints`` what the codes mean, ``qr`` the animated code, ``tls`` the mutual
TLS, ``client`` HTTP and its failures, ``provider`` the signing provider, ``settings`` its configuration.
"""

from __future__ import annotations

from signkit_providers.bankid.client import BankIdClient
from signkit_providers.bankid.provider import BankIdProvider

__all__ = ["BankIdClient", "BankIdProvider"]
