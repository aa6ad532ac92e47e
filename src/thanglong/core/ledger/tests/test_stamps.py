"""Stamps of an authority over heads: a real one on loopback, made with `openssl ts`; failures hold nothing up."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from thanglong.core.ledger import repository, rules, service
from thanglong.core.ledger.tests.test_service import fill
from thanglong.kit import clock, ports
from thanglong.kit.errors import Unavailable
from thanglong.stores.stamps import HttpStamper

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command"),
]
CONFIG = """[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
ordering = yes
"""


def certificate(name: str, key: Any, issuer: str, signer: Any, authority: bool) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, hashes.SHA256())


def pem(key: Any) -> bytes:
    none = serialization.NoEncryption()
    text: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    return text


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a time-stamping authority, and its root certificate."""
    folder = tmp_path_factory.mktemp("tsa")
    root, own = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    (folder / "ca.pem").write_bytes(
        certificate("Root", root, "Root", root, True).public_bytes(serialization.Encoding.PEM)
    )
    (folder / "tsa.pem").write_bytes(
        certificate("TSA", own, "Root", root, False).public_bytes(serialization.Encoding.PEM)
    )
    (folder / "tsa.key").write_bytes(pem(own))
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            command = [
                "openssl",
                "ts",
                "-reply",
                "-config",
                str(folder / "tsa.cnf"),
                "-queryfile",
                str(folder / "query"),
            ]
            reply = subprocess.run(command, capture_output=True, check=True).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(b"nonsense" if self.path == "/nonsense" else reply)

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", folder / "ca.pem"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports.plugged, "data", tmp_path)


def test_a_head_is_stamped_once_an_hour(authority: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    address, root = authority
    monkeypatch.setattr(ports.plugged, "stamper", HttpStamper(address, root))
    assert service.stamp() is None, "nothing to stamp"
    with clock.use(clock.Frozen(datetime.now(UTC))) as at:
        fill(3)
        head = service.seal() or pytest.fail("no head")
        stamp = service.stamp() or pytest.fail("no stamp")
        assert (stamp.year, stamp.size, stamp.authority) == (head.year, 3, address)
        assert abs(service.stamped_at(stamp, root.read_bytes()) - datetime.now(UTC)) < timedelta(minutes=1)
        fill(2)
        service.seal()
        assert service.stamp() is None, "an hour has not passed"
        at.advance(hours=1)
        assert (service.stamp() or pytest.fail("no stamp")).size == 5
        at.advance(hours=2)
        assert service.stamp() is None, "the head is the same"
    assert [item.size for item in service.stamps(head.year)] == [3, 5]


def test_openssl_accepts_the_stamp(
    authority: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, root = authority
    monkeypatch.setattr(ports.plugged, "stamper", HttpStamper(address, root))
    fill(3)
    head = service.seal() or pytest.fail("no head")
    stamp = service.stamp() or pytest.fail("no stamp")
    (tmp_path / "3.tsr").write_bytes(stamp.token)
    (tmp_path / "3.head").write_bytes(rules.signed_text(head))
    command = ["openssl", "ts", "-verify", "-data", "3.head", "-in", "3.tsr", "-CAfile", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_stamp_over_another_head_does_not_hold(authority: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    address, root = authority
    monkeypatch.setattr(ports.plugged, "stamper", HttpStamper(address, root))
    fill(3)
    service.seal()
    stamp = service.stamp() or pytest.fail("no stamp")
    fill(1)
    head = service.seal() or pytest.fail("no head")
    wrong = type(stamp)(stamp.year, head.size, stamp.at, stamp.authority, stamp.token)
    for roots in (root.read_bytes(), None):
        with pytest.raises(Unavailable):
            service.stamped_at(wrong, roots)


def test_an_authority_that_fails_is_tried_again_and_holds_nothing_up(
    authority: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, root = authority
    fill(3)
    for wrong in (f"{address}nonsense", "http://127.0.0.1:1/"):
        monkeypatch.setattr(ports.plugged, "stamper", HttpStamper(wrong, root))
        service.seal()
        with pytest.raises(Unavailable):
            service.stamp()
        assert repository.newest_stamp() is None
    monkeypatch.setattr(ports.plugged, "stamper", HttpStamper(address, root))
    assert service.stamp() is not None
    with pytest.raises(ValueError, match="http"):
        HttpStamper("ftp://x", None)
