"""Everything that the program prints or writes fits the published schemas, and the schemas leave nothing out."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from signkit.pades.statement_bytes import join
from signkit.pades.structure import Pdf
from signkit.testing.containers import unpack
from signkit.testing.delivery import example_message
from signkit_cli.app import COMMANDS, load_command
from signkit_providers.webhook import to_json

pytestmark = pytest.mark.xdist_group("formats")

FORMATS = Path(__file__).resolve().parents[2] / "docs" / "formats"
SCHEMAS = {
    path.name.partition(".")[0]: json.loads(path.read_text(encoding="utf-8")) for path in FORMATS.glob("*.schema.json")
}
RAN: set[str] = set()
"""Beginnings of the command lines that have run."""
ELSEWHERE = {
    "simulator": "tests/bankid/test_plugin.py",
    "simulator-act": "tests/bankid/test_plugin.py",
    "witness": "tests/cli_journal/test_two_homes.py",
}
"""What servers and their visitors print is held against its schema where they run."""
OWN = {"ledger", "rehearsal", "revocations"}
"""In a home's own files, and inside a rehearsal's evidence: nobody else reads them."""
PEOPLE = ("Anna Testsson <anna@example.se>; role=ordförande; id=198001011009", "Bo Ek; order=2")


@pytest.fixture(scope="session")
def said(tmp_path_factory: pytest.TempPathFactory, protokoll: Path, signkit_at: Any) -> dict[str, list[Any]]:
    """Return what the main job prints and writes, by schema."""
    folder = tmp_path_factory.mktemp("formats")
    signkit = signkit_at(folder / "home")
    found: dict[str, list[Any]] = {name: [] for name in SCHEMAS}

    def run(*words: object, code: int | None = 0) -> list[Any]:
        named = [str(word) for word in words if word != "--yes"]
        RAN.update({named[0], " ".join(named[:2])})
        got = signkit("--json", *words, code=code)
        told = got.out.splitlines() if got.out else got.err.splitlines()[-1:]
        lines = [json.loads(line) for line in told]
        for line in lines:
            found[name_of(line)].append(line)
        return lines

    run("init", "--organisation", "Björkviks kommun")
    signatories = [word for person in PEOPLE for word in ("--signatory", person)]
    options = ("--title", "Protokoll § 12", "--meta", "case=KS2026/118", "--deadline", "2099-12-24")
    envelope = run("envelope", "create", protokoll, *signatories, *options)[0]["id"]
    run("envelope", "send", envelope)
    run("sign", envelope, "--as", "s1")
    run("delegate", envelope, "--as", "s2", "--to", "Cia Ny", "--mandate", "Delegationsordning 4.2")
    run("tick")
    run("sign", envelope, "--as", "s2", "--rehearse", "decline", code=20)
    run("sign", envelope, "--as", "all")
    other = run("envelope", "create", protokoll, "--signatory", PEOPLE[0])[0]["id"]
    run("envelope", "send", other)
    run("--yes", "decline", other, "--as", "s1", "--reason", "fel bilaga")
    third = run("envelope", "create", protokoll, "--signatory", PEOPLE[0], "--deadline", "2099-11-24")[0]["id"]
    run("--yes", "envelope", "void", third)
    run("envelope", "list")
    exported = run("envelope", "export", envelope, "--output", folder)[0]["files"]
    bundle = run("envelope", "export", envelope, "--bundle", "--output", folder)[0]["files"][0]["path"]
    run("verify", bundle)
    files = unpack(Path(bundle))
    found["bundle"].append(json.loads(files["bundle.json"]))
    found["openings"].append(json.loads(files["evidence/openings.json"]))
    run("trust", "export", folder / "trust.pem")
    added = run("--yes", "trust", "add", f"tsa:{own_root(folder)}")[0]
    run("trust", "list")
    run("notice", envelope, "--output", folder)
    run("template", "list")
    run("template", "show", "protocol")
    fourth = run("envelope", "correct", third)[0]["id"]
    run("envelope", "send", fourth)
    run("envelope", "extend", fourth, "--deadline", "2099-12-24")
    run("envelope", "remind", fourth)
    run("journal", "show", envelope)
    run("journal", "prove", envelope, "--output", folder / "proof")
    run("journal", "checkpoint")
    run("journal", "publish", folder / "log")
    run("journal", "verify")
    run("doctor")
    run("doctor", "--file", protokoll)
    run("doctor", "--file", risky(folder), code=13)
    run("group", "add", "csg", "--member", PEOPLE[0], "--member", PEOPLE[1])
    run("group", "list")
    run("group", "show", "csg")
    run("group", "remove", "csg", "--member", "Bo Ek")
    found["message"].append(to_json(example_message()))
    run("provider", "list")
    batch = folder / "batch.jsonl"
    batch.write_text(json.dumps({"op": "show", "envelope": envelope}) + "\n", encoding="utf-8")
    run("batch", batch)
    run("envelope", "show", "nothing", code=10)
    run("envelope", "create", folder / "missing.pdf", "--signatory", PEOPLE[0], code=None)
    signed = next(Path(item["path"]) for item in exported if item["kind"] == "signed")
    evidence = next(Path(item["path"]) for item in exported if item["kind"] == "evidence")
    run("verify", signed, "--evidence", evidence, code=None)
    for value in written(signed, evidence):
        found[name_of(value)].append(value)
    run("--yes", "journal", "erase", envelope)
    run("--yes", "trust", "remove", added["name"])
    return found


def own_root(folder: Path) -> Path:
    """Return a file with a root that the home trusts already, to be trusted for more."""
    text = (folder / "trust.pem").read_text(encoding="utf-8")
    found = re.search(r"-----BEGIN CERT.*?END CERTIFICATE-----\n", text, re.DOTALL)
    assert found is not None
    path = folder / "root.pem"
    path.write_text(found[0], encoding="utf-8")
    return path


def risky(folder: Path) -> Path:
    """Return a document with a script in it, which the doctor finds."""
    import pikepdf

    path = folder / "risky.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.save(path)
    return path


def name_of(value: Any) -> str:
    matched = re.fullmatch(r"signkit\.([a-z-]+)/1", value["schema"])
    assert matched is not None
    return matched[1]


def written(signed: Path, evidence: Path) -> Iterator[Any]:
    """Yield statements, entries, evidence and intents, each from where a verifier finds it."""
    view = Pdf.open(signed).view()
    for signature in view.signatures:
        parts: Any = view.get_list(signature.dict.get("SGNK_Statement"))
        if parts:
            value = json.loads(join([bytes(part) for part in parts]))
            yield value
            yield from value.get("entries", ())
            if value["schema"] == "signkit.manifest/1":
                yield value["rules"]
    file = json.loads(evidence.read_text(encoding="utf-8"))
    yield file
    for ceremony in file["ceremonies"]:
        token = base64.b64decode(ceremony["parts"]["jws"]).decode("ascii")
        payload = token.split(".")[1]
        signed_data = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["data"]
        yield json.loads(base64.b64decode(signed_data))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_one(name: str):
    """Each file is a JSON Schema of draft 2020-12 under the name that its values carry."""
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"signkit.{name}/1"
    assert SCHEMAS[name]["properties"]["schema"] == {"const": f"signkit.{name}/1"}


@pytest.mark.parametrize("name", sorted(set(SCHEMAS) - set(ELSEWHERE)))
def test_real_output_fits_its_schema(name: str, said: dict[str, list[Any]]):
    """Real values exist for each schema, fit it, and have no member that it does not describe."""
    assert said[name]
    validator = Draft202012Validator(SCHEMAS[name])
    for value in said[name]:
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)] == []
        assert set(value) <= set(SCHEMAS[name]["properties"])


def test_every_schema_is_listed():
    """The page of formats names every schema file, and no other."""
    page = (FORMATS / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(([a-z-]+)\.schema\.json\)", page)) == set(SCHEMAS)


def test_every_schema_that_is_named_is_published():
    """Whatever the source calls a schema is one of these files, and what is tried elsewhere is tried there."""
    root = FORMATS.parents[1]
    sources = [path.read_text(encoding="utf-8") for room in ("signkit", "cli") for path in (root / room).rglob("*.py")]
    named = {name for source in sources for name in re.findall(r'"signkit\.([a-z-]+)/1"', source)}
    assert named - OWN <= set(SCHEMAS)
    for name, place in ELSEWHERE.items():
        assert re.search(rf'"{name}("|\.schema)', (root / place).read_text(encoding="utf-8"))


@pytest.mark.usefixtures("said")
def test_every_command_is_walked():
    """No command that there is, is left out of the walk above, but for servers and the tour."""
    leaves = set()
    for name in COMMANDS:
        command: Any = load_command(name)
        below = getattr(command, "commands", None)
        leaves |= {f"{name} {leaf}" for leaf in below} if below else {name}
    assert leaves - RAN == {"demo", "simulator serve", "simulator app", "journal witness"}
