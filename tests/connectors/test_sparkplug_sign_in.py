"""Sign-in and encryption towards a real broker."""

from __future__ import annotations

import gc
import ipaddress
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conftest import free_port, require
from ecotwin.clock import ManualClock
from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.sparkplug import Sparkplug
from sparkplug_peer import wait_for
from wire_plants import oven_signals, plant_of

pytestmark = pytest.mark.broker
Start = Callable[[str], int]


@pytest.fixture
def strict_broker(tmp_path: Path) -> Iterator[Start]:
    """Starts a mosquitto with further lines in its configuration; gives its port."""
    running: list[subprocess.Popen[bytes]] = []

    def start(lines: str) -> int:
        port = free_port()
        config = tmp_path / "strict.conf"
        config.write_text(f"listener {port} 127.0.0.1\n{lines}\n")
        running.append(
            subprocess.Popen(
                [require("mosquitto", "mosquitto"), "-c", str(config)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        time.sleep(0.3)
        return port

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


def connector(port: int, **options: Any) -> Sparkplug:
    plant = plant_of(oven_signals(), "sparkplug", {"port": port, "group": "g", **options})
    made = Sparkplug(
        plant, plant.connections[0], ManualClock(datetime.now(UTC)), settings=InletLimits()
    )
    made.start()
    return made


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_a_wrong_sign_in_is_told_and_a_right_one_works(
    strict_broker: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(
        [require("mosquitto_passwd", "mosquitto"), "-b", "-c", str(passwords), "twin", "secret"],
        check=True,
        capture_output=True,
    )
    passwords.chmod(0o644)
    tmp_path.chmod(0o755)
    port = strict_broker(f"allow_anonymous false\npassword_file {passwords}\nuser root")
    named = {"username_env": "TWIN_TEST_USER", "password_env": "TWIN_TEST_SECRET"}
    monkeypatch.setenv("TWIN_TEST_USER", "twin")
    monkeypatch.setenv("TWIN_TEST_SECRET", "wrong")
    refused = connector(port, **named)
    wait_for(lambda: "refused us" in refused.health().text)
    assert refused.health().state == "offline"
    assert "wrong" not in refused.health().text
    monkeypatch.setenv("TWIN_TEST_SECRET", "secret")
    wait_for(lambda: refused.health().state == "online")
    refused.stop()


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_tls_is_used_and_checked(strict_broker: Start, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    port = strict_broker(f"allow_anonymous true\ncertfile {cert}\nkeyfile {key}\nuser root")
    trusting = connector(port, tls={"ca": str(cert)})
    wait_for(lambda: trusting.health().state == "online")
    doubting = connector(port, tls=True)
    wait_for(lambda: doubting.health().state == "offline")
    assert "CERTIFICATE_VERIFY_FAILED" in doubting.health().text
    gc.collect()
    plain = connector(port)
    wait_for(lambda: plain.health().state == "offline")
    for one in (trusting, doubting, plain):
        one.stop()
