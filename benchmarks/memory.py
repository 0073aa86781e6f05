"""The most memory that create, send, sign and verify hold for a document of 200 MB, against its size."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.harness import Row, peak_bytes

__all__ = ["large_document", "measure"]

SIZE: Final = 200_000_000
PERSON: Final = "Anna Testsson <anna@example.org>; role=ordförande"


def measure(rounds: int) -> list[Row]:
    """Return the ratio for each command; memory is the same each time, so one round is enough."""
    del rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document = large_document(folder / "large.pdf", SIZE)
        output = folder / "output"
        signkit: list[str | Path] = [sys.executable, "-m", "signkit_cli", "--json", "--home", folder / "home"]
        peak_bytes([*signkit, "init"], output=output)
        peaks = {}
        peaks["create"] = peak_bytes([*signkit, "envelope", "create", document, "--signatory", PERSON], output=output)
        envelope = json.loads(output.read_text(encoding="utf-8"))["id"]
        peaks["send"] = peak_bytes([*signkit, "envelope", "send", envelope], output=output)
        peaks["sign and complete"] = peak_bytes([*signkit, "sign", envelope, "--as", "all"], output=output)
        peak_bytes([*signkit, "envelope", "export", envelope, "--output", folder], output=output)
        made = {item["kind"]: item["path"] for item in json.loads(output.read_text(encoding="utf-8"))["files"]}
        peaks["verify"] = peak_bytes([*signkit, "verify", made["signed"]], output=output)
    return [
        Row(
            f"peak memory of {step}, 200 MB document", "the size of the document", peak / SIZE, 2.0, f"{peak >> 20} MiB"
        )
        for step, peak in peaks.items()
    ]


def large_document(path: Path, size: int) -> Path:
    """Write a plain PDF of about ``size`` bytes: one page, and one image that will not compress."""
    side = int((size // 3) ** 0.5)
    pixels = side * side * 3
    offsets = []
    with path.open("wb") as stream:

        def put(number: int, body: bytes) -> None:
            offsets.append(stream.tell())
            stream.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))

        stream.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        put(1, b"<< /Type /Catalog /Pages 2 0 R >>")
        put(2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
        put(
            3,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /XObject << /Im 5 0 R >> >> >>",
        )
        content = b"q 400 0 0 400 97 221 cm /Im Do Q"
        put(4, b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
        offsets.append(stream.tell())
        stream.write(
            b"5 0 obj\n<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "
            b"/BitsPerComponent 8 /Length %d >>\nstream\n" % (side, side, pixels)
        )
        for start in range(0, pixels, 1 << 20):
            stream.write(os.urandom(min(1 << 20, pixels - start)))
        stream.write(b"\nendstream\nendobj\n")
        start = stream.tell()
        stream.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % item for item in offsets))
        stream.write(b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    return path
