"""The hiring log: a documented directory of CSV or Parquet files into which any applicant tracking system's export can be mapped."""
