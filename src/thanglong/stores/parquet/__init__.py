"""Closed days of the things' history as Parquet files, written and read by DuckDB."""

from thanglong.stores.parquet.days import DayFiles

__all__ = ["DayFiles"]
