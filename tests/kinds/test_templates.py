"""Templates and address books, as the clerk meets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from signkit.config.templates import templates
from signkit.errors import ConfigError
from signkit.model.envelope import DocumentKind
from signkit.model.template_form import parse_template
from signkit.texts import LANGUAGES, codes

CHAIR, ADJUSTER = "Anna Ek <anna@x.se>; role=ordförande", "Bo Ås; role=justerare"
MINUTES = ("--meta", "body=Kommunstyrelsen", "--meta", "meeting=2099-09-01", "--meta", "paragraph=§§ 41–45, 48")
OWN = """\
schema = "signkit.template/1"
kind = "protocol"
deadline_days = 3
other_keys = true
[label]
sv = "Vårt protokoll"
[[key]]
name = "body"
required = true
[[role]]
code = "chair"
needed = 1
label.sv = "ordförande"
"""


@pytest.mark.parametrize("template", [item for item, _ in templates(None)], ids=lambda item: item.name)
def test_a_shipped_template_is_whole(template: Any) -> None:
    """Each is for the kind that it is named for, and every label is there in three languages and in the catalogues."""
    assert template.name == template.kind
    assert template.kind in set(DocumentKind)
    assert f"kind.{template.kind}" in codes()
    labels = [template.label, template.description, template.retention_note]
    labels += [item.label for item in (*template.keys, *template.roles)]
    assert all(set(label.words) == set(LANGUAGES) for label in labels)
    assert all(f"role.{role.code}" in codes() for role in template.roles)
    assert all(f"meta.{key.name}" in codes() for key in template.keys)
    assert template.rules.level == "loa3"


def test_a_template_gives_kind_roles_rules_and_deadline(signkit: Any, protokoll: Path) -> None:
    """Swedish roles become codes, metadata its normal form, and the deadline counts from the meeting."""
    people = ("--signatory", CHAIR, "--signatory", ADJUSTER)
    made = signkit("envelope", "create", protokoll, "--template", "protocol", *MINUTES, *people, "--json").json
    assert made["kind"] == "protocol"
    assert [item["role"] for item in made["signatories"]] == ["chair", "adjuster"]
    assert made["metadata"] == {"body": "Kommunstyrelsen", "meeting": "2099-09-01", "paragraph": "41-45, 48"}
    assert made["deadline"] == "2099-09-15T21:59:59.000Z"
    assert made["rules"]["roles"] == {"chair": 1, "adjuster": 1}
    assert (made["rules"]["level"], made["rules"]["comment_required"]) == ("loa3", True)


def test_everything_wrong_with_metadata_is_told_at_once(signkit: Any, protokoll: Path) -> None:
    """What is missing, what is no date and what is misspelt come in one error, with a suggestion."""
    words = ("--meta", "metting=2099-09-01", "--meta", "paragraph=§ x")
    error = signkit(
        "envelope", "create", protokoll, "--template", "protocol", *words, "--signatory", CHAIR, "--json", code=2
    ).error
    assert error["code"] == "usage.meta"
    for said in ("body is missing", "meeting is missing", "did you mean meeting?", "paragraph paragraphs are written"):
        assert said in error["message"]


@pytest.mark.parametrize(
    ("people", "code", "hint"),
    [
        (("Anna Ek; role=ordf\u00f6rnade", ADJUSTER), "usage.role", "role=ordf\u00f6rande"),
        (("Anna Ek", ADJUSTER), "usage.role", "chair"),
        ((CHAIR, CHAIR.replace("Anna", "Eva"), ADJUSTER), "usage.role", "template show"),
        ((CHAIR,), "usage.rules", "role"),
    ],
)
def test_roles_are_held_to_the_template(
    signkit: Any, protokoll: Path, people: tuple[str, ...], code: str, hint: str
) -> None:
    """A misspelt role, none, two chairs and no adjuster are each refused, and the error says what helps."""
    named = [word for person in people for word in ("--signatory", person)]
    error = signkit("envelope", "create", protokoll, "--template", "protocol", *MINUTES, *named, "--json", code=2).error
    assert error["code"] == code
    assert hint in error["hint"]


def test_the_kind_alone_asks_for_nothing_but_checks_what_it_knows(signkit: Any, protokoll: Path) -> None:
    """With --kind keys are free, as before; only a date that is none is refused. A wrong name of a template is told."""
    assert signkit.create(protokoll, more=("--kind", "protocol", "--meta", "whatever=x"))
    bad = ("--kind", "governing-document", "--meta", "review_by=snart", "--signatory", "A", "--json")
    assert "review_by is a date" in signkit("envelope", "create", protokoll, *bad, code=2).error["message"]
    wrong = signkit("envelope", "create", protokoll, "--template", "protokoll", "--signatory", "A", "--json", code=2)
    assert wrong.error["hint"] == "did you mean 'protocol'?"
    both = ("--template", "protocol", "--kind", "samverkan", "--signatory", "A", "--json")
    assert signkit("envelope", "create", protokoll, *both, code=2).error["code"] == "usage.kind"


def test_a_home_has_templates_of_its_own(signkit: Any, protokoll: Path) -> None:
    """A file in the folder templates is a template; one that is wrong says which key, and breaks nothing else."""
    folder = signkit.home / "templates"
    folder.mkdir()
    (folder / "vart-protokoll.toml").write_text(OWN, encoding="utf-8")
    rows = [line for line in signkit("template", "list", "--json").out.splitlines() if '"own": true' in line]
    assert len(rows) == 1
    more = ("--template", "vart-protokoll", "--meta", "body=KS", "--meta", "egen=ja")
    envelope = signkit.create(protokoll, people=(CHAIR,), more=more)
    assert signkit.show(envelope)["metadata"] == {"body": "KS", "egen": "ja"}
    (folder / "fel.toml").write_text(OWN.replace("deadline_days", "deadline_day"), encoding="utf-8")
    error = signkit("template", "show", "fel", "--json", code=12).error
    assert error["hint"] == "did you mean 'deadline_days'?"
    health = signkit("doctor", "--json", code=None).json
    assert [item["code"] for item in health["findings"]] == ["config.template"]
    assert signkit.create(protokoll, people=(CHAIR,), more=more)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "signkit.template/9"},
        {"kind": "protokol"},
        {"deadline_days": -1},
        {"deadline_from": "body"},
        {"rules": {"decline": "maybe"}},
        {"key": [{"name": "x", "type": "choice"}]},
        {"key": "x"},
        {"role": [{"needed": 1}]},
        {"role": ["chair"]},
        {"level": "loa9"},
        {"label": "Protokoll"},
        {"notice": "yes"},
    ],
)
def test_a_template_in_another_form_is_refused(change: dict[str, Any]) -> None:
    """Whatever stands in the file, the answer is an error of the configuration that names the key."""
    tree = {
        "schema": "signkit.template/1",
        "kind": "protocol",
        "label": {"sv": "x"},
        "key": [{"name": "body"}],
    } | change
    with pytest.raises(ConfigError) as raised:
        parse_template(tree, name="x", kinds=tuple(DocumentKind), file="x.toml")
    assert next(iter(change)) in raised.value.message


def test_a_template_is_shown_in_three_languages(signkit: Any) -> None:
    """Keys, roles and terms are said as people say them."""
    for lang, words in (("sv", "krävs"), ("en", "required"), ("da", "kræves")):
        assert words in signkit("template", "show", "protocol", lang=lang).out
    assert signkit("template", "show", "protocol", "--json").json["roles"][0]["code"] == "chair"


def test_a_group_is_kept_and_asked_to_sign(signkit: Any, protokoll: Path) -> None:
    """People are added, replaced, shown without their numbers, asked as a group, and removed."""
    number = "19121212-1212"
    signkit(
        "group",
        "add",
        "csg",
        "--member",
        f"Åsa Öberg <asa@x.se>; role=employer; id={number}",
        "--member",
        "Bo; role=union",
    )
    signkit(
        "group",
        "add",
        "csg",
        "--member",
        'Cia "C" Ny <cia@x.se>; role=union; order=2',
        "--member",
        "Bo <bo@x.se>; role=union",
    )
    shown = signkit("group", "show", "csg", "--json")
    assert [(item["name"], item["email"], item["identified"]) for item in shown.json["members"]] == [
        ("Åsa Öberg", "asa@x.se", True),
        ('Cia "C" Ny', "cia@x.se", False),
        ("Bo", "bo@x.se", False),
    ]
    assert "12121212" not in shown.out + signkit("group", "show", "csg").out
    assert (signkit.home / "groups" / "csg.toml").stat().st_mode & 0o777 == 0o600
    envelope = signkit("envelope", "create", protokoll, "--group", "csg", "--json").json
    assert [(item["role"], item["order"]) for item in envelope["signatories"]] == [
        ("employer", 1),
        ("union", 2),
        ("union", 1),
    ]
    assert len(signkit("group", "list", "--json").json["members"]) == 3
    signkit("group", "remove", "csg", "--member", "bo@x.se")
    assert len(signkit("group", "show", "csg", "--json").json["members"]) == 2
    assert signkit("group", "remove", "csg", "--json", code=2).error["code"] == "usage.confirm"
    signkit("group", "remove", "csg", "--yes")
    wrong = signkit("envelope", "create", protokoll, "--group", "../csg", "--json", code=2).error
    assert wrong["code"] == "usage.group"


def test_a_misspelt_group_is_told_of(signkit: Any, protokoll: Path) -> None:
    """The nearest name is suggested."""
    signkit("group", "add", "samverkan-2026", "--member", "Bo Ek")
    error = signkit("envelope", "create", protokoll, "--group", "samverkan2026", "--json", code=2).error
    assert error["hint"] == "did you mean 'samverkan-2026'?"
