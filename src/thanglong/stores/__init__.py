"""Adapters of the ports in ``kit.ports``: SQLite, PostgreSQL, files, jobs. Raw SQL exists only here."""
