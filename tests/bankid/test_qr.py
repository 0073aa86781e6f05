"""The animated code: the published vectors, and the links."""

from __future__ import annotations

import pytest

from signkit_providers.bankid.qr import autostart_link, qr_data

TOKEN = "67df3917-fa0d-44e5-b327-edcc928297f8"
SECRET = "d28db9a7-4cde-429e-a983-359be676944c"
VECTORS = {
    0: "dc69358e712458a66a7525beef148ae8526b1c71610eff2c16cdffb4cdac9bf8",
    1: "949d559bf23403952a94d103e67743126381eda00f0b3cbddbf7c96b1adcbce2",
    2: "a9e5ec59cb4eee4ef4117150abc58fad7a85439a6a96ccbecc3668b41795b3f3",
    9: "85fc3076b6a1d9ec5ff73014b006035375c8e9dd34bbbaea60c08e931a6eceeb",
    10: "2822ca616ce1e64a1c171df69154ebc5adef4011244c867d6ad88a02db178962",
    30: "814d7fd38e2276625b6815152e3554c663acca689260c092203b48ca4e5c09a3",
}


@pytest.mark.parametrize(("second", "code"), VECTORS.items())
def test_published_vectors(second: int, code: str) -> None:
    """The code of each published second is the published one."""
    assert qr_data(TOKEN, SECRET, seconds=second) == f"bankid.{TOKEN}.{second}.{code}"


def test_seconds_are_floored_and_never_negative() -> None:
    """A fraction counts as the second begun, and a clock that went back as the first."""
    assert qr_data(TOKEN, SECRET, seconds=1.999).split(".")[2] == "1"
    assert qr_data(TOKEN, SECRET, seconds=-3).split(".")[2] == "0"


def test_links() -> None:
    """Computers get the scheme, phones the web address."""
    assert autostart_link("abc") == "bankid:///?autostarttoken=abc&redirect=null"
    assert autostart_link("abc", mobile=True) == "https://app.bankid.com/?autostarttoken=abc&redirect=null"
