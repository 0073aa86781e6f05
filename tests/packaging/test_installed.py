"""The wheel in an empty environment, and strangers' providers beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import signkit

ROOT = Path(__file__).resolve().parents[2]
PERSON = "Anna Testsson <anna@example.org>; role=ordförande"

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture
def guest(installed: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The environment with one of ``thirdparty`` in it."""
    installed.install(request.param)
    yield installed
    installed.remove(request.param)


@pytest.fixture(scope="session")
def home(installed: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test home made by the installed program."""
    folder = tmp_path_factory.mktemp("home") / "home"
    done = installed.signkit("init", "--home", folder)
    assert done.returncode == 0, done.stderr
    return folder


def last_error(done: Any) -> dict[str, Any]:
    value = json.loads(done.stderr.splitlines()[-1])
    assert value["schema"] == "signkit.error/1"
    assert value["exit_code"] == done.returncode
    return dict(value)


def created(place: Any, home: Path, *options: str) -> str:
    document = ROOT / "examples" / "reglemente.pdf"
    done = place.signkit("--json", "--home", home, "envelope", "create", document, "--signatory", PERSON, *options)
    assert done.returncode == 0, done.stderr
    envelope = str(json.loads(done.stdout)["id"])
    assert place.signkit("--json", "--home", home, "envelope", "send", envelope).returncode == 0
    return envelope


def test_it_tells_its_version(installed: Any):
    """``--version`` is the version of the wheel."""
    done = installed.signkit("--version")
    assert (done.returncode, done.stdout) == (0, f"signkit {signkit.__version__}\n")


def test_it_tells_its_commands(installed: Any):
    """``--help`` works without the checkout."""
    done = installed.signkit("--help")
    assert done.returncode == 0, done.stderr
    for command in ("init", "envelope", "sign", "verify"):
        assert re.search(rf"\b{command}\b", done.stdout)


def test_it_runs_from_the_wheel(installed: Any):
    """All three packages come from the environment, not from the checkout."""
    code = (
        "import signkit, signkit_cli, signkit_providers as p; print(signkit.__file__, signkit_cli.__file__, p.__file__)"
    )
    done = __import__("subprocess").run(
        [installed.python, "-Ic", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert all(Path(path).is_relative_to(installed.folder) for path in done.stdout.split())


def test_it_signs_and_verifies(installed: Any, home: Path, tmp_path: Path):
    """The main job, by the installed program alone."""
    envelope = created(installed, home)
    signed = installed.signkit("--json", "--home", home, "sign", envelope, "--as", "all")
    assert json.loads(signed.stdout.splitlines()[-1])["state"] == "completed", signed.stderr
    exported = installed.signkit("--json", "--home", home, "envelope", "export", envelope, "--output", tmp_path)
    files = {item["kind"]: item["path"] for item in json.loads(exported.stdout)["files"]}
    report = installed.signkit("--json", "--home", home, "verify", files["signed"])
    assert (report.returncode, json.loads(report.stdout)["verdict"]) == (0, "PASSED")


def test_its_own_providers_are_listed(installed: Any):
    """Names come with the distribution that publishes them."""
    done = installed.signkit("provider", "list")
    assert re.search(rf"^rehearsal +signkit {re.escape(signkit.__version__)}$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("guest", ["desk"], indirect=True)
def test_a_strangers_provider_is_found_by_entry_point(guest: Any, home: Path):
    """It is listed with its distribution, and signs; the journal names where it came from."""
    assert re.search(r"^desk +signkit-desk 1\.0$", guest.signkit("provider", "list").stdout, re.MULTILINE)
    envelope = created(guest, home)
    done = guest.signkit("--json", "--home", home, "sign", envelope, "--as", "all", "--provider", "desk")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["state"] == "completed"


@pytest.mark.parametrize("guest", ["impostor"], indirect=True)
def test_a_name_that_two_distributions_publish_is_refused(guest: Any, home: Path):
    """Neither is loaded, both are named, and the list shows the clash."""
    assert "signkit-impostor" in guest.signkit("provider", "list").stdout
    envelope = created(guest, home)
    done = guest.signkit("--json", "--home", home, "sign", envelope, "--as", "all")
    error = last_error(done)
    assert done.returncode == 24
    assert "signkit-impostor" in error["message"]


@pytest.mark.parametrize("guest", ["broken"], indirect=True)
def test_a_broken_provider_breaks_only_itself(guest: Any, home: Path):
    """Help, list and other providers work; asking for the broken one is 24, with a sentence and no traceback."""
    assert guest.signkit("--help").returncode == 0
    assert "broken" in guest.signkit("provider", "list").stdout
    envelope = created(guest, home)
    done = guest.signkit("--json", "--home", home, "sign", envelope, "--as", "all", "--provider", "broken")
    assert done.returncode == 24
    assert "signkit-broken" in last_error(done)["message"]
    assert "Traceback" not in done.stderr
    assert guest.signkit("--json", "--home", home, "sign", envelope, "--as", "all").returncode == 0
