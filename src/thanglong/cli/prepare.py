"""Bring a data folder up to date: migrate, and on an empty folder make the demo city or the first administrator."""

import secrets
import shutil

from thanglong.cli import restore
from thanglong.cli.env import setup
from thanglong.cli.output import say, steps


def run(city: str, seed: int, scale: float, empty: bool) -> int:
    """Do the step; the exit code. A demo city whose making was cut short is thrown away and made again."""
    setup()
    from django.conf import settings
    from django.core.management import call_command

    data = settings.DATA
    making = data / "run" / "making-city"
    if making.is_file():
        _clear()
        making.unlink()
    call_command("migrate", verbosity=0, interactive=False)
    restore.note_in_ledger(data)
    from thanglong.core.places import service as places

    if (data / "city.json").is_file() or places.units():
        return 0
    if empty:
        _first_administrator()
        return 0
    from thanglong.cli import demo

    making.touch()
    with steps(f"Making {city}") as report:
        demo.build_city(name=city, seed=seed, scale=scale, report=report)
    making.unlink()
    return 0


def _clear() -> None:
    """Remove what a half-made demo left: nobody has worked in it, for it was never served."""
    from django.conf import settings
    from django.db import connection, connections

    if connection.vendor != "sqlite":
        raise SystemExit(
            "thanglong: the demo city was cut short while it was made. Drop and create the database anew, "
            f"remove {settings.DATA / 'run' / 'making-city'}, and start again."
        )
    connections.close_all()
    for path in settings.DATA.glob("*.db*"):
        path.unlink()
    shutil.rmtree(settings.DATA / "files", ignore_errors=True)
    (settings.DATA / "city.json").unlink(missing_ok=True)


def _first_administrator() -> None:
    from thanglong.core.people import service as people

    if people.has_accounts():
        return
    password = secrets.token_urlsafe(12)
    people.create_first_administrator("admin", password)
    say("")
    say("  An empty installation. Sign in as `admin` with this password, shown only now:")
    say(f"    {password}")
    say("  Then import your units: thanglong places import FILE (see docs/do/import-units.md)")
