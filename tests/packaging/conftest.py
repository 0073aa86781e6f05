"""A wheel built from the sdist, and an empty environment with nothing but it and what it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIRDPARTY = Path(__file__).parent / "thirdparty"


def run(*command: str | Path, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SIGNKIT_", "PYTHON"))}
    return subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=600,
        stdin=subprocess.DEVNULL,
        env=environment | {"LC_ALL": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | variables,
    )


@dataclass(frozen=True)
class Built:
    """What ``make wheel`` makes."""

    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel in it."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def signkit(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the console script, from a folder where no checkout is."""
        return run(self.folder / "bin" / "signkit", *arguments, cwd=self.folder, SIGNKIT_LANG="en", **variables)

    def install(self, project: str) -> None:
        """Install one of the projects of ``thirdparty``, without network."""
        options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
        done = run(self.python, "-m", "pip", "install", *options, THIRDPARTY / project)
        assert done.returncode == 0, done.stderr

    def remove(self, project: str) -> None:
        """Take it out again."""
        done = run(self.python, "-m", "pip", "uninstall", "--quiet", "--yes", f"signkit-{project}")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the sdist from the checkout, and the wheel from the unpacked sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", folder)
    done = run(*build, "--sdist", ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    done = run(*build, "--wheel", source)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return Built(sdist, wheel)


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel and what requirements/run.txt locks, and nothing else."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    done = run(sys.executable, "-m", "venv", folder)
    assert done.returncode == 0, done.stderr
    place = Installed(folder)
    pip = (place.python, "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15")
    done = run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", ROOT / "requirements" / "run.txt")
    if done.returncode != 0:
        pytest.skip("the locked wheels cannot be had: no network, and not all of them in pip's cache")
    done = run(*pip, "--no-deps", "--no-index", built.wheel)
    assert done.returncode == 0, done.stderr
    return place
