"""Publishing to an S3 bucket that nobody here wrote, whose signatures AWS's own library computes anew."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

pytestmark = pytest.mark.judge

SECRET = "a secret/with+what must=be kept"


@pytest.fixture
def home(signkit: Any, protokoll: Path) -> Any:
    """A home with a log to publish."""
    signkit.create(protokoll)
    signkit("journal", "checkpoint")
    return signkit


def name_bucket(home: Path, endpoint: str, *, secret: str = SECRET, region: str = "se-1") -> None:
    """Write the bucket service into a home's settings."""
    config = (home / "config.toml").read_text().partition("\n[s3]\n")[0]
    settings = f'\n[s3]\nendpoint = "{endpoint}"\nregion = "{region}"\naccess_key = "KEY"\nsecret_file = "s3-secret"\n'
    (home / "config.toml").write_text(config + settings)
    (home / "s3-secret").write_text(f"{secret}\n")


@contextlib.contextmanager
def bucket(running: Any, *, busy: int = 0) -> Iterator[str]:
    """Run a service with the bucket ``logs``; give its address."""
    with running("outside", ["bucket", "logs", "KEY", SECRET, str(busy)], "ready") as line:
        yield line.split()[1]


def log_key(home: Path) -> str:
    """Return the verifier key of a home's log."""
    (line,) = [line for line in (home / "trust.pem").read_text().splitlines() if line.startswith("Log: ")]
    return line.removeprefix("Log: ")


@pytest.mark.parametrize("prefix", ["", "/en mapp+å~&=(1)/x"])
def test_strangers_read_the_log_from_a_bucket(
    home: Any, running: Any, outside: Callable[..., Any], prefix: str
) -> None:
    """Also below a folder whose name needs escaping, and again when it has grown; each file is of its kind."""
    with bucket(running) as url:
        name_bucket(home.home, url)
        public = f"{url}/logs{quote(prefix)}"
        for size in (1, 2):
            done = home("journal", "publish", f"s3://logs{prefix}", "--json").json
            assert outside("fsck", public, log_key(home.home)) == "whole"
            assert outside("read", public, log_key(home.home))["size"] == done["entries"] == size
            home.create(Path(__file__).parents[2] / "examples" / "protokoll.pdf")
            home("journal", "checkpoint")
        for path, kind in (
            ("checkpoint", "text/plain; charset=utf-8"),
            ("checkpoint.tsr", "application/octet-stream"),
            ("tile/0/000.p/2", "application/octet-stream"),
        ):
            found = httpx.get(f"{public}/{path}", trust_env=False).raise_for_status()
            assert found.headers["content-type"] == kind


def test_what_was_interrupted_is_published_later(home: Any, running: Any, outside: Callable[..., Any]) -> None:
    """The checkpoint comes last: until all is there strangers see the log as it was."""
    with bucket(running, busy=3) as url:
        name_bucket(home.home, url)
        refused = home("journal", "publish", "s3://logs", "--json", code=11).error
        assert (refused["code"], refused["retry"]) == ("publish.failed", "auto")
        assert httpx.get(f"{url}/logs/checkpoint", trust_env=False).status_code == 404
        assert home("journal", "publish", "s3://logs", "--json")
        assert outside("fsck", f"{url}/logs", log_key(home.home)) == "whole"


def test_a_bucket_that_refuses_is_told_with_what_to_look_at(home: Any, running: Any) -> None:
    """A wrong secret, another region, no such bucket, and a service that is down."""
    with bucket(running) as url:
        for target, settings, words in (
            ("s3://logs", {"secret": "wrong"}, "access_key and secret"),
            ("s3://logs", {"region": "eu-north-1"}, "name and region"),
            ("s3://none", {}, "such a bucket"),
        ):
            name_bucket(home.home, url, **settings)
            refused = home("journal", "publish", target, "--json", code=11).error
            assert (refused["code"], refused["retry"]) == ("publish.failed", "never")
            assert words in refused["hint"]
            assert SECRET not in str(refused)
    refused = home("journal", "publish", "s3://logs", "--json", code=11).error
    assert (refused["code"], refused["retry"]) == ("publish.failed", "auto")
