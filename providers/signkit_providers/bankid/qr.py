"""The animated QR code: what it says at a given second (providers.md 1.9)."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["autostart_link", "qr_data"]


def qr_data(token: str, secret: str, *, seconds: float) -> str:
    """Return the text of the QR code ``seconds`` after the answer to ``sign`` was received.

    The key and the message of the HMAC are the ASCII characters of secret and second; the secret never leaves here.
    """
    second = str(max(0, int(seconds)))
    code = hmac.new(secret.encode("ascii"), second.encode("ascii"), hashlib.sha256).hexdigest()
    return f"bankid.{token}.{second}.{code}"


def autostart_link(token: str, *, mobile: bool = False) -> str:
    """Return the link that starts the app on this device: a web address on phones, a scheme of its own on computers."""
    base = "https://app.bankid.com/" if mobile else "bankid:///"
    return f"{base}?autostarttoken={token}&redirect=null"
