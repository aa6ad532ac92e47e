"""The scale-out profile: PostgreSQL 15 or newer."""
