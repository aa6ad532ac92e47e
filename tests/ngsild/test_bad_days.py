"""The bad days of a broker, through its door: killed while many write, and no room left on the disk."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.ngsild.test_serve import client_of, free_port, started

pytestmark = pytest.mark.slow
SMALL, LARGE = "6m", "64m"
MOST = 100_000
"""Instances of an attribute that an answer holds."""


class Meter(threading.Thread):
    """A meter that counts up; a number is acknowledged once the broker has said so."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(daemon=True)
        self.id, self.acknowledged, self.tried = f"urn:ngsi-ld:Meter:{name}", 0, 0
        self._port, self.enough = port, threading.Event()

    def run(self) -> None:
        with client_of(self._port) as client:
            while True:
                self.tried += 1
                entity = {"id": self.id, "type": "Meter", "n": self.tried}
                try:
                    answer = client.post("/entityOperations/upsert", json=[entity], params={"options": "update"})
                except httpx.TransportError:
                    return
                assert answer.status_code in (201, 204), answer.text
                self.acknowledged = self.tried
                if self.acknowledged >= 40:
                    self.enough.set()


def past_of(client: httpx.Client, id: str) -> list[int]:
    """What a meter's history says, oldest first."""
    params = {"timerel": "after", "timeAt": "2000-01-01T00:00:00Z", "timeproperty": "createdAt", "lastN": str(MOST)}
    found = client.get(f"/temporal/entities/{id}", params=params).json()["n"]
    instances = found if isinstance(found, list) else [found]
    return [item["value"] for item in instances]


def test_killed_while_they_write(tmp_path: Path) -> None:
    port = free_port()
    with client_of(port) as client:
        process = started(client, "--no-auth", "--data", str(tmp_path))
        meters = [Meter(port, str(number)) for number in range(6)]
        for meter in meters:
            meter.start()
        assert all(meter.enough.wait(60) for meter in meters)
        process.kill()
        process.wait(20)
        for meter in meters:
            meter.join(60)
            assert not meter.is_alive()
        process = started(client, "--no-auth", "--data", str(tmp_path), THANGLONG_THINGS_TEMPORAL_MOST=str(MOST))
        try:
            for meter in meters:
                now = client.get(f"/entities/{meter.id}").json()["n"]["value"]
                assert meter.acknowledged <= now <= meter.tried, "what was acknowledged is there, and nothing else"
                assert past_of(client, meter.id) == list(range(1, now + 1)), "every change once, in order"
            assert client.post("/entities", json={"id": "urn:x:after", "type": "T"}).status_code == 201
        finally:
            process.terminate()
            assert process.wait(20) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of some megabytes; skips where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("a small disk is mounted by root alone")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("no disk may be mounted here")
    yield folder
    subprocess.run([str(shutil.which("umount")), "-l", str(folder)], check=False)


def test_no_room_on_the_disk(small_disk: Path) -> None:
    with client_of(free_port()) as client:
        process = started(client, "--no-auth", "--data", str(small_disk))
        try:
            kept, refused = _fill(client)
            assert refused.status_code == 507 and "disk is full" in refused.json()["detail"]
            assert refused.headers["content-type"] == "application/problem+json"
            wish = {
                "id": "urn:ngsi-ld:Subscription:1",
                "type": "Subscription",
                "entities": [{"type": "T"}],
                "description": "x" * 100_000,
                "notification": {"endpoint": {"uri": "http://127.0.0.1:9/"}},
            }
            assert client.post("/subscriptions", json=wish).status_code in (201, 507)
            # reading goes on, and says what was acknowledged
            assert _count(client) == kept
            larger = [str(shutil.which("mount")), "-o", f"remount,size={LARGE}", str(small_disk)]
            subprocess.run(larger, check=True)
            assert client.post("/entities", json={"id": "urn:x:after", "type": "T"}).status_code == 201
            assert _count(client) == kept + 1
            process.kill()
            process.wait(20)
            process = started(client, "--no-auth", "--data", str(small_disk))
            assert _count(client) == kept + 1, "what was acknowledged is there after a crash, too"
        finally:
            process.terminate()
            assert process.wait(20) == 0


def _fill(client: httpx.Client) -> tuple[int, Any]:
    """Write until there is no room: how many entities were acknowledged, and the answer to the one that was not."""
    for number in range(2000):
        answer = client.post("/entities", json={"id": f"urn:x:{number}", "type": "T", "text": "x" * 20_000})
        if answer.status_code != 201:
            return number, answer
    raise AssertionError("the disk is larger than it should be")


def _count(client: httpx.Client) -> int:
    answer = client.get("/entities", params={"type": "T", "limit": "0", "count": "true"})
    assert answer.status_code == 200, answer.text
    return int(answer.headers["ngsild-results-count"])
