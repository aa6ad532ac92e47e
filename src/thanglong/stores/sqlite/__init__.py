"""The embedded profile: SQLite in files of the data folder."""
