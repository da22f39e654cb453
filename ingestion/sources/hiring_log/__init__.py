"""The hiring log: a documented directory of CSV or Parquet files into which any applicant tracking system's export can be mapped."""

from ingestion.sources.hiring_log.tables import LOG_TABLES

TABLES: tuple[str, ...] = tuple(table.name for table in LOG_TABLES)
"""Names of a hiring log's tables, in the order in which their ids refer to each other."""
