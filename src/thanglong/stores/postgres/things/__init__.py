"""The things store in PostgreSQL: the same tables in a schema of their own, for an installation of many machines."""

from thanglong.stores.postgres.things.store import PostgresThings

__all__ = ["PostgresThings"]
