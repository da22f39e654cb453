"""Q metrics: do two counts of the same truth agree?"""

import polars as pl

from metrics.rows import Rows


def differences(rows: Rows) -> pl.DataFrame:
    """Q1: rows by which two counts of one truth differ; 0 means it holds."""
    return rows.total({"value": "coalesce(sum(abs(r.difference_count)), 0)", "n": "coalesce(sum(r.left_count), 0)"})


METRICS = {"Q1": differences}
