"""Signatories from files and options, written as clerks and spreadsheets write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from signkit.errors import UsageError
from signkit.model.signatory import normal_personal_number, parse_signatories, parse_signatory

ROWS = [("Åsa Öberg", "asa@example.se", "ordförande", "1"), ("Bo Ek", "bo@example.se", "justerare", "2")]


def _csv(delimiter: str, encoding: str, end: str = "\r\n") -> bytes:
    lines = [delimiter.join(("Name", "Email", "Role", "Order")), *(delimiter.join(row) for row in ROWS), ""]
    return end.join(lines).encode(encoding)


TOML = """
[[signatory]]
name = "Åsa Öberg"
email = "asa@example.se"
role = "ordförande"
[[signatory]]
name = "Bo Ek"
email = "bo@example.se"
role = "justerare"
order = 2
"""
JSON = """{"signatories": [
 {"name": "Åsa Öberg", "email": "asa@example.se", "role": "ordförande", "order": 1},
 {"name": "Bo Ek", "email": "bo@example.se", "role": "justerare", "order": "2"}]}"""


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (_csv(";", "cp1252"), ".csv"),
        (_csv(";", "utf-8-sig"), ".CSV"),
        (_csv(",", "utf-8", "\n"), ".csv"),
        (_csv("\t", "utf-8"), ".csv"),
        (TOML.encode(), ".toml"),
        (JSON.encode("utf-8-sig"), ".json"),
    ],
    ids=["excel-ansi", "excel-utf8", "comma", "tab", "toml", "json"],
)
def test_every_form_of_list_reads_the_same(data: bytes, suffix: str) -> None:
    """Semicolons and Windows-1252 as Excel writes them, a byte order mark, TOML and JSON all give the same people."""
    people = parse_signatories(data, suffix=suffix, file="list")
    assert [(item.name, item.email, item.role, str(item.order)) for item in people] == ROWS


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"", ".csv"),
        (b"name\n", ".csv"),
        (b"name,email\nA\n", ".csv"),
        (b"name,mobil\nA,1\n", ".csv"),
        (b'name\n"A\n', ".csv"),
        (b"\x81\x8d", ".csv"),
        (b"[[signatory]]\nname = 1\n", ".toml"),
        (b"signatory = 3", ".toml"),
        (b"{", ".json"),
        (b"[1]", ".json"),
        (b"3", ".json"),
        (b"[" * 100_000, ".json"),
        (b'[{"name": "A", "order": 0}]', ".json"),
        (b'[{"name": "A", "order": true}]', ".json"),
        (b'[{"name": "A\\u202e"}]', ".json"),
        (b"name\nA\n", ".xlsx"),
        (b"name\n" + b"A\n" * 300, ".csv"),
    ],
)
def test_a_list_that_is_none(data: bytes, suffix: str) -> None:
    """Whatever is wrong with a list, it is a usage error that names the file."""
    with pytest.raises(UsageError) as caught:
        parse_signatories(data, suffix=suffix, file="list")
    assert caught.value.message


@pytest.mark.parametrize("text", ["198001011009", "19800101-1009", "1980 0101 1009", "197506721001"])
def test_personal_numbers(text: str) -> None:
    """Twelve digits with or without hyphen are read; a co-ordination number, too."""
    if text == "197506721001":
        digits = "19750672100"
        text = next(f"{digits}{check}" for check in range(10) if _exists(f"{digits}{check}"))
    assert len(normal_personal_number(text)) == 12


def _exists(text: str) -> bool:
    try:
        return bool(normal_personal_number(text))
    except ValueError:
        return False


@pytest.mark.parametrize("text", ["8001011009", "198001011234", "198013011009", "abc", "１９８００１０１１００９"])
def test_no_personal_number_is_quoted(text: str) -> None:
    """A number that is wrong is refused without repeating it."""
    with pytest.raises(UsageError) as caught:
        parse_signatory(f"Anna Ek; id={text}")
    assert caught.value.code == "usage.personal_number"
    assert text not in caught.value.message + str(caught.value.hint) + str(caught.value.__cause__)


def test_a_list_on_the_command_line(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """--signatories reads a list; one that is missing or too large is a usage error."""
    path = tmp_path / "lista åäö.csv"
    path.write_bytes(_csv(";", "cp1252"))
    envelope = signkit("envelope", "create", protokoll, "--signatories", path, "--json").json
    assert [(item["name"], item["role"], item["order"]) for item in envelope["signatories"]] == [
        ("Åsa Öberg", "ordförande", 1),
        ("Bo Ek", "justerare", 2),
    ]
    signkit("envelope", "create", protokoll, "--signatories", tmp_path / "none.csv", code=2)
    (tmp_path / "big.csv").write_bytes(b"x" * (1 << 21))
    signkit("envelope", "create", protokoll, "--signatories", tmp_path / "big.csv", code=2)
