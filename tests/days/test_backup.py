"""A day with a backup in it: made while citizens report, restored, drilled, damaged; an upgrade that fails."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.days.citizens import Citizens

from thanglong.kit import clock

pytestmark = pytest.mark.slow
Start = Callable[..., Any]


def command(data: Path, environment: dict[str, str], *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "thanglong.cli.main", *arguments, "--json", "--data", str(data)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr[-2000:]
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


NUMBERS = """
import json
from thanglong.core.cases.models import Case
print(json.dumps(sorted(Case.objects.values_list("number", flat=True))))
"""
FORGET = """
from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder.Migration.objects.filter(app={app!r}, name={name!r}).delete()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of a city on either store."""
    if request.param == "sqlite":
        return {}
    import psycopg

    uri: str = request.getfixturevalue("postgres_uri")
    with psycopg.connect(uri, autocommit=True) as connection:
        for name in ("day_backup", "day_restored"):
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
    base, _, tail = uri.rpartition("/city")
    return {"THANGLONG_DATABASE": f"{base}/day_backup{tail}"}


def test_backup_restore_drill_upgrade(start_city: Start, database: dict[str, str], tmp_path: Path) -> None:
    city = start_city("--scale", "0.001", **database)
    place = tmp_path / "backups"
    later = clock.Scaled(clock.System().now(), clock.System().now() + timedelta(days=3), 1.0).encode()
    code, closed = command(
        city.data, {**city.environment, "THANGLONG_CLOCK": later}, "things", "close-days", "--hot", "1"
    )
    assert (code, len(closed) > 0) == (0, True)
    phrase = tmp_path / "phrase"
    phrase.write_text("a long passphrase\n")
    sealed = ("--passphrase-file", str(phrase))
    with Citizens(city.address, 2) as citizens:
        time.sleep(2)
        before = dict(citizens.acknowledged)
        code, made = command(city.data, city.environment, "backup", "--to", str(place), *sealed)
        time.sleep(1)
    assert code == 0, made
    assert before, "something was acknowledged before the backup"
    assert len(citizens.acknowledged) > len(before), "citizens were served while it was made"
    city.stop()

    elsewhere = {key: value.replace("day_backup", "day_restored") for key, value in city.environment.items()}
    target = tmp_path / "restored"
    code, refused = command(target, elsewhere, "restore", str(place))
    assert (code, "passphrase" in refused["fault"]) == (1, True)
    code, done = command(target, elsewhere, "restore", str(place), *sealed)
    assert code == 0, done
    for name in ("ledger.ed25519", "session"):
        assert (target / "keys" / name).read_bytes() == (city.data / "keys" / name).read_bytes()
    code, again = command(target, elsewhere, "restore", str(place), *sealed)
    assert code == 1
    assert "not empty" in again["fault"]

    restored = type(city)(target)
    restored.environment = elsewhere
    if not database:
        restored.start()
        number = next(iter(before.values()))
        assert restored.client().get(f"/reports/{number}/").status_code == 200
        restored.stop()
    restored.manage("prepare")
    numbers = set(json.loads(restored.manage_script(NUMBERS)))
    assert set(before.values()) <= numbers, "what was acknowledged before the backup is in it"
    restored.ledger_holds()
    assert "system.restored" in restored.manage_script(
        "from thanglong.core.ledger import service\nprint([e.verb for e in service.latest(50)])"
    )

    code, report = command(city.data, city.environment, "drill", "--from", str(place), *sealed)
    assert code == 0, report
    assert report["ok"]
    assert report["days"] == len(closed), "the files of closed days came back and are what the ledger says"
    assert report["entries"] >= made["ledger_size"] > 0
    assert report["rpo_seconds"] > 0 < report["rto_seconds"]
    assert json.loads((city.data / "run" / "last-drill.json").read_text())["ok"]

    upgrade_twice(city, place)
    damage(city, place)


def upgrade_twice(city: Any, place: Path) -> None:
    """A step that works is done; one that fails leaves the data as they were, and says what happened."""
    assert command(city.data, city.environment, "upgrade", "--to", str(place))[1]["migrations"] == []
    city.manage_script(FORGET.format(app="auth", name="0012_alter_user_first_name_max_length"))
    code, dry = command(city.data, city.environment, "upgrade", "--to", str(place), "--dry-run")
    assert (code, dry["done"], len(dry["migrations"])) == (0, False, 1)
    code, done = command(city.data, city.environment, "upgrade", "--to", str(place))
    assert (code, done["done"]) == (0, True), done
    numbers = city.manage_script(NUMBERS)
    # the next one runs, but the data are not well after it
    city.manage_script(FORGET.format(app="auth", name="0012_alter_user_first_name_max_length"))
    city.manage_script("from thanglong.stores import guards\nguards.remove(names=guards.every()[:1])")
    code, failed = command(city.data, city.environment, "upgrade", "--to", str(place))
    assert (code, failed["ok"]) == (1, False)
    assert "guard" in failed["faults"][0]
    assert city.manage_script(NUMBERS) == numbers
    city.manage_script("from thanglong.stores import guards\nguards.install()")
    city.ledger_holds()


def damage(city: Any, place: Path) -> None:
    """One flipped byte in the newest backup: the drill fails and says which file."""
    newest = max(path for path in place.iterdir() if (path / "manifest.json").is_file())
    victim = max((p for p in newest.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    code, report = command(city.data, city.environment, "drill", "--from", str(place))
    assert code == 1
    assert not report["ok"]
    assert victim.name in report["faults"][0]
