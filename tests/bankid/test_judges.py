"""Programs that nobody here wrote: other people's BankID clients and verifiers against the simulator.

The Python packages bankid-sdk, pybankid and bankid6 come with the test requirements; the Node package is taken from
``tests/bankid/npm`` (``npm install --no-save bankid@3.2.1`` there), and Sweden Connect's Java client is fetched by
``tools/outside.sh``, which ``make judges`` runs. What is not at hand is skipped.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.judge, pytest.mark.filterwarnings("ignore")]

NPM = Path(__file__).parent / "npm" / "node_modules" / "bankid"
JAVA = Path(sys.prefix) / "outside" / "bankid-java"
TOLVAN = "191212121212"
TEXT = "Jag skriver under protokollet."


@pytest.fixture
def http(running: Any) -> Any:
    """Return an HTTP client with the simulator's client certificate."""
    context = ssl.create_default_context(cafile=str(running.directory / "ca.pem"))
    context.load_cert_chain(running.directory / "client.pem", running.directory / "client.key")
    with httpx.Client(base_url=running.url, verify=context) as client:
        yield client


@pytest.fixture
def completed(running: Any, http: Any) -> dict[str, Any]:
    """Return the answer to collect of a completed signature."""
    body = {
        "endUserIp": "127.0.0.1",
        "userVisibleData": b64encode(TEXT.encode()).decode(),
        "userNonVisibleData": b64encode(b'{"schema":"signkit.intent/1"}').decode(),
    }
    made = http.post("/rp/v6.0/sign", json=body).json()
    app = running.app("Tolvan")
    app.take(made["orderRef"])
    app.approve()
    return dict(http.post("/rp/v6.0/collect", json={"orderRef": made["orderRef"]}).json())


def test_bankid_sdk(running: Any, http: Any) -> None:
    """bankid-sdk signs, collects, renews its code and cancels."""
    bankid_sdk = pytest.importorskip("bankid_sdk")
    client = bankid_sdk.SyncV60(http)
    made = client.sign("127.0.0.1", TEXT)
    assert client.collect(made.order_ref).hint_code == "outstandingTransaction"
    app = running.app("Tolvan")
    from bankid_sdk._order import generate_qr_code

    app.scan(generate_qr_code(made))
    app.approve()
    done = client.collect(made.order_ref)
    assert done.completion_data.user.personal_number == TOLVAN
    made = client.auth("127.0.0.1")
    client.cancel(made.order_ref)
    with pytest.raises(bankid_sdk.errors.InvalidParameters):
        client.collect(made.order_ref)


def test_pybankid(running: Any) -> None:
    """Pybankid signs, signs by phone, collects and cancels."""
    bankid = pytest.importorskip("bankid")
    folder = running.directory
    client = bankid.BankIDClient(certificates=(str(folder / "client.pem"), str(folder / "client.key")))
    client.client.close()
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "client.pem", folder / "client.key")
    client.client = httpx.Client(verify=context, headers={"Content-Type": "application/json"})
    for name in ("auth", "sign", "phone_auth", "phone_sign", "collect", "cancel"):
        setattr(client, f"_{name}_endpoint", running.rp_url + name.replace("_", "/"))
    made = client.sign(end_user_ip="127.0.0.1", user_visible_data=TEXT)
    running.app("Tolvan").scan(
        client.generate_qr_code_content(made["qrStartToken"], __import__("time").time(), made["qrStartSecret"])
    )
    running.app("Tolvan").approve()
    assert client.collect(made["orderRef"])["completionData"]["user"]["name"] == "Tolvan Tolvansson"
    made = client.phone_sign(personal_number=TOLVAN, call_initiator="RP", user_visible_data=TEXT)
    assert client.cancel(made["orderRef"]) is True
    with pytest.raises(bankid.exceptions.InvalidParametersError):
        client.collect(made["orderRef"])
    client.client.close()


def test_bankid6(running: Any) -> None:
    """bankid6 signs, signs by phone, collects with its messages, and cancels."""
    bankid6 = pytest.importorskip("bankid6")
    folder = running.directory
    client = bankid6.BankIdClient(
        cert_pem=str(folder / "client.pem"), key_pem=str(folder / "client.key"), ca_pem=str(folder / "ca.pem")
    )
    client.api_url = running.rp_url
    client.client.trust_env = False  # else a bundle named by the environment replaces ca_pem
    made = client.sign(endUserIp="127.0.0.1", userVisibleData=TEXT)
    assert client.collect().hintCode == "outstandingTransaction"
    running.app("Tolvan").take(made.orderRef)
    assert client.collect().hintCode == "started"
    running.app("Tolvan").approve()
    assert client.collect().status == "complete"
    client.phone_sign(personalNumber=TOLVAN, callInitiator="user", userVisibleData=TEXT)
    client.cancel()
    client.client.close()


def test_npm_bankid(running: Any, tmp_path: Path) -> None:
    """The Node client signs with client.p12, collects and cancels; its own QR code is scanned."""
    if not NPM.is_dir() or shutil.which("node") is None:
        pytest.skip("the npm package bankid is not at hand")
    script = tmp_path / "judge.js"
    script.write_text(
        f"""
const {{ BankIdClientV6 }} = require({json.dumps(str(NPM))});
const fs = require('fs');
const client = new BankIdClientV6({{ production: true, pfx: {json.dumps(str(running.directory / "client.p12"))},
  passphrase: 'qwerty123', ca: {json.dumps(str(running.directory / "ca.pem"))} }});
client.axios.defaults.baseURL = {json.dumps(running.rp_url)};
(async () => {{
  const order = await client.sign({{ endUserIp: '127.0.0.1', userVisibleData: 'Jag skriver under.' }});
  const first = await client.collect({{ orderRef: order.orderRef }});
  const act = body => client.axios.post({json.dumps(running.url + "/app/act")}, body,
    {{ headers: {{ 'Content-Type': 'application/json' }} }});
  const qr = await order.qr.nextQr({{ timeout: 5 }}).next();
  await act({{ person: 'Tolvan', action: 'scan', qr: qr.value }});
  await act({{ person: 'Tolvan', action: 'approve' }});
  const done = await client.collect({{ orderRef: order.orderRef }});
  const other = await client.authenticate({{ endUserIp: '127.0.0.1' }});
  await client.cancel({{ orderRef: other.orderRef }});
  let gone;
  try {{ await client.collect({{ orderRef: other.orderRef }}); }} catch (error) {{ gone = error.code; }}
  console.log(JSON.stringify([first.hintCode, done.status, done.completionData.user.name, gone]));
  process.exit(0);
}})().catch(error => {{ console.error(error); process.exit(1); }});
""",
        encoding="utf-8",
    )
    done = subprocess.run(["node", str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == ["outstandingTransaction", "complete", "Tolvan Tolvansson", "invalidParameters"]


def test_sweden_connects_java_client(running: Any) -> None:
    """Sweden Connect's client signs with client.p12, its own QR code is scanned, it collects and cancels."""
    if not any(JAVA.glob("bankid-rp-api-*.jar")) or shutil.which("java") is None:
        pytest.skip("Sweden Connect's BankID client is not at hand")
    source = Path(__file__).parent / "java" / "Judge.java"
    command = ["java", "-cp", f"{JAVA}/*", str(source), str(running.directory), running.rp_url, running.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert said == ["outstandingTransaction", "COMPLETE Tolvan Tolvansson", "BankIDException"]


def test_pybankids_own_verifier(running: Any, completed: dict[str, Any]) -> None:
    """Pybankid's verifier accepts signature, chain, answer and nonce; and refuses a swapped answer."""
    crypto = pytest.importorskip("OpenSSL.crypto")
    verify = pytest.importorskip("bankid.experimental.verify")
    if not hasattr(crypto, "verify"):  # gone from newer releases of pyOpenSSL: only the RSA step is ours
        crypto.verify = _rsa_verify
    root = (running.directory / "root.pem").read_text()
    verify.verify_bankid_response(completed, BANK_ID_ROOT_CERT=root)
    other = json.loads(json.dumps(completed))
    signature = b64decode(other["completionData"]["signature"]).replace(b"<fsib>0", b"<fsib>1")
    other["completionData"]["signature"] = b64encode(signature).decode()
    with pytest.raises(AssertionError):
        verify.verify_bankid_response(other, BANK_ID_ROOT_CERT=root)


def test_xmlsec1(running: Any, completed: dict[str, Any], tmp_path: Path) -> None:
    """xmlsec1 accepts the document under the simulator's root, and refuses it altered."""
    if shutil.which("xmlsec1") is None:
        pytest.skip("xmlsec1 is not at hand")
    document = tmp_path / "signature.xml"
    command = ["xmlsec1", "--verify", "--trusted-pem", str(running.directory / "root.pem"), str(document)]
    for change, expected in ((b"Signing", 0), (b"signing", 1)):
        document.write_bytes(b64decode(completed["completionData"]["signature"]).replace(b"Signing", change))
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        assert (done.returncode != 0) is bool(expected), done.stderr


def test_openssl_reads_the_answer(running: Any, completed: dict[str, Any], tmp_path: Path) -> None:
    """OpenSSL verifies the OCSP answer and prints status and nonce."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not at hand")
    answer, chain = tmp_path / "ocsp.der", tmp_path / "chain.pem"
    answer.write_bytes(b64decode(completed["completionData"]["ocspResponse"]))
    chain.write_bytes(
        b"".join((running.directory / "authorities" / f"{name}.pem").read_bytes() for name in ("customer", "bank"))
    )
    root = str(running.directory / "root.pem")
    command = ["openssl", "ocsp", "-respin", str(answer), "-resp_text", "-CAfile", root, "-verify_other", str(chain)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "Response verify OK" in done.stderr + done.stdout, done.stderr
    assert "Cert Status: good" in done.stdout
    assert "OCSP Nonce: critical" in done.stdout


def _rsa_verify(certificate: Any, signature: bytes, data: bytes, digest: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from OpenSSL import crypto

    key = certificate.to_cryptography().public_key()
    try:
        key.verify(signature, data, padding.PKCS1v15(), getattr(hashes, digest.upper())())
    except InvalidSignature as exc:
        raise crypto.Error from exc
