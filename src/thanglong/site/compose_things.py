"""Which things store the settings name; apart, because a broker alone starts without the rest of the composition."""

from pathlib import Path

from django.conf import settings

from thanglong.kit import ports


def store() -> ports.ThingsStore:
    """The store, opened."""
    from thanglong.stores.parquet import DayFiles

    where, days = settings.THINGS_STORE, DayFiles(settings.DATA / "days")
    if where.startswith("postgres"):
        from thanglong.stores.postgres.things import PostgresThings

        return PostgresThings(where, days=days)
    from thanglong.stores.sqlite.things import SqliteThings

    return SqliteThings(Path(where), days=days)
