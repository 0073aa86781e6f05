"""The municipality's home, and the world around it: set up, weather, witness, and a look at what the journal says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificates

from signkit.config import load_config
from signkit.store import SqlStore, open_store
from simulation.clerks import LATER, Clerks
from simulation.world import Weather

__all__ = ["Town"]

_SETTINGS = """
[timestamp.county]
url = "http://127.0.0.1:{web}/stamps"
crl_urls = ["http://127.0.0.1:{web}/list"]

[delivery]
method = "smtp"
sender = "Björkviks kommun <underskrift@bjorkvik.example>"
timeout_seconds = 10

[delivery.smtp]
host = "127.0.0.1"
port = {mail}
security = "none"
bounces = "{returned}"

[delivery.webhook]
url = "http://127.0.0.1:{web}/hook"

[notify]
clerk = "registrator@bjorkvik.example"
signed = ["clerk"]

[journal]
witnesses_needed = 1

[witness.neighbour]
url = "{witness}"
key = "{key}"
"""


class Town:
    """A home with mail, timestamps of others and a witness, each a process of its own."""

    def __init__(self, folder: Path, database: str | None = None) -> None:
        self.folder, self.home = folder, folder / "home"
        folder.mkdir(parents=True)
        self.clerks = Clerks(self.home, folder / "said")
        self.weather = Weather()
        self._processes: list[subprocess.Popen[str]] = []
        self._witness: subprocess.Popen[str] | None = None
        self._port = 0
        self.key = ""
        self._make(database)

    def _make(self, database: str | None) -> None:
        (self.folder / "returned").mkdir()
        county = Clerks(self.folder / "county", self.folder / "county-said")
        county.one("init", "--environment", "test", "--organisation", "Länets stämplar")
        where = ("--database", database) if database else ()
        self.clerks.one("init", "--environment", "test", "--organisation", "Björkviks kommun", *where)
        (self.folder / "weather.json").write_text(json.dumps(self.weather.__dict__))
        self._run(sys.executable, "-m", "simulation.world", str(self.folder))
        until = time.monotonic() + 60
        while not (self.folder / "world.json").exists():
            if time.monotonic() > until:
                raise TimeoutError("the world does not begin")
            time.sleep(0.05)
        said = self.witness(up=True)
        settings = json.loads((self.folder / "world.json").read_text()) | said
        config = self.home / "config.toml"
        text = config.read_text().replace('services = ["embedded"]', 'services = ["county"]')
        config.write_text(text + _SETTINGS.format(returned=self.folder / "returned", **settings))
        self._trust_county()
        (self.folder / "witness.txt").write_text(f"Witness: {self.key}\n")

    def _trust_county(self) -> None:
        pem = (self.folder / "county" / "trust.pem").read_text()
        begin = "-----BEGIN CERTIFICATE-----"
        blocks = [begin + part.partition("-----END CERTIFICATE-----")[0] for part in pem.split(begin)[1:]]
        for block in blocks:
            whole = f"{block}-----END CERTIFICATE-----\n"
            if "stämplar" in str(load_pem_x509_certificates(whole.encode())[0].subject.rfc4514_string()):
                (self.folder / "county.pem").write_text(whole)
                self.clerks.one("--yes", "trust", "add", f"tsa:{self.folder / 'county.pem'}")
                return

    def _run(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._processes.append(process)
        return process

    def witness(self, *, up: bool) -> dict[str, str]:
        """Let the neighbour's witness answer or not; return what it says of itself when it begins."""
        if self._witness is not None:
            self._witness.terminate()
            self._witness.wait()
            self._witness = None
        if not up:
            return {}
        log = next(
            line.removeprefix("Log: ") for line in (self.home / "trust.pem").read_text().splitlines() if "Log: " in line
        )
        words = ["--json", "journal", "witness", "--name", "witness.grannkoping.example/w", "--log", log]
        words += ["--directory", str(self.folder / "witness"), "--port", str(self._port)]
        self._witness = self._run(sys.executable, str(LATER), str(self.clerks.shift), *words)
        assert self._witness.stdout is not None
        said = json.loads(self._witness.stdout.readline())
        self._port, self.key = int(said["url"].rsplit(":", 1)[1].strip("/")), said["key"]
        return {"witness": said["url"], "key": said["key"]}

    @property
    def vouched(self) -> bool:
        """Whether the witness answers."""
        return self._witness is not None

    def move(self, **changes: Any) -> None:
        """Change the weather; ``shift`` is how far the clock is ahead."""
        for key, value in changes.items():
            setattr(self.weather, key, value)
        self.clerks.shift = self.weather.shift
        self.weather.write(self.folder)

    def switch_to(self, method: str) -> None:
        """Reach people in another way from now on."""
        config = self.home / "config.toml"
        lines = [
            f'method = "{method}"' if line.startswith("method") else line for line in config.read_text().split("\n")
        ]
        partial = config.with_name("config.new")
        partial.write_text("\n".join(lines))
        os.replace(partial, config)  # noqa: PTH105 - one name for renaming

    def store(self) -> SqlStore:
        """Open the journal for reading; the caller closes it before anybody is forked."""
        return open_store(self.home, readonly=True, url=load_config(self.home).database)

    def letters(self) -> list[dict[str, Any]]:
        """Return every letter that was taken."""
        path = self.folder / "letters.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def close(self) -> None:
        """End the processes that were started."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()
