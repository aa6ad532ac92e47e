"""``thanglong things serve``: a broker alone, started and stopped as other projects do it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow
CONTEXT = "https://far.example/own.jsonld"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(client: httpx.Client, *more: str, **settings: str) -> subprocess.Popen[bytes]:
    """A broker on the client's port, once it answers."""
    command = [sys.executable, "-P", "-m", "thanglong.cli.main", "things", "serve", "--port", str(client.base_url.port)]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("THANGLONG_", "DJANGO_"))}
    process = subprocess.Popen([*command, *more], env=own | settings)
    for _ in range(600):
        try:
            client.get("/types")
            return process
        except httpx.TransportError:
            assert process.poll() is None, "the broker ended by itself"
            time.sleep(0.05)
    process.kill()
    raise AssertionError("the broker does not answer")


def client_of(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}/ngsi-ld/v1", timeout=30)


@contextmanager
def broker(*more: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    with client_of(free_port()) as client:
        process = started(client, *more)
        try:
            yield client, process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def test_in_memory(tmp_path: Path) -> None:
    (tmp_path / "own.jsonld").write_text(json.dumps({"@context": {"speed": "https://own.example/speed"}}))
    (tmp_path / "map.json").write_text(json.dumps({CONTEXT: "own.jsonld"}))
    with broker("--memory", "--tenant", "a", "--context-map", str(tmp_path / "map.json")) as (client, _):
        assert client.get("/entities", params={"local": "true"}).json() == []
        link = {"link": f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"'}
        body = {"id": "urn:x:1", "type": "T", "speed": 1, "expiresAt": "2999-01-01T00:00:00Z"}
        made = client.post("/entities", json=body, headers=link)
        assert made.status_code == 201, made.text
        assert "https://own.example/speed" in client.get("/entities/urn:x:1").json()
        assert client.get("/types", headers={"ngsild-tenant": "a"}).status_code == 200
        assert client.get("/types", headers={"ngsild-tenant": "b"}).status_code == 404
        soon = {
            "id": "urn:x:2",
            "type": "T",
            "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2)),
        }
        assert client.post("/entities", json=soon).status_code == 201
        time.sleep(3)
        assert client.get("/entities/urn:x:2").status_code == 404
        chunks = client.post("/entities", content=iter([b"{}"]), headers={"content-type": "application/json"})
        assert chunks.status_code == 411 and chunks.content == b""
        gone = client.delete("/entities/urn:x:1")
        assert gone.status_code == 204 and "content-length" not in gone.headers


def test_on_a_folder(tmp_path: Path) -> None:
    for round in (1, 2):
        with broker("--no-auth", "--data", str(tmp_path)) as (client, _):
            body = {"id": f"urn:x:{round}", "type": "T"}
            assert client.post("/entities", json=body).status_code == 201
            assert len(client.get("/entities?type=T").json()) == round


def test_it_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text("[]")
    for more in (["--memory", "--host", "0.0.0.0"], ["--memory", "--context-map", str(tmp_path / "map.json")]):  # noqa: S104
        command = [sys.executable, "-P", "-m", "thanglong.cli.main", "things", "serve", *more]
        ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert ended.returncode != 0 and (b"--no-auth" in ended.stderr or b"context map" in ended.stderr), ended
