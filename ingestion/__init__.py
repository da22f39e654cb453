"""Extraction and import into the raw layer.

What belongs here: how rows get from a source into ``raw`` without loss, and what is refused. What doesn't: judging their content
(data_quality) and shaping them (dbt_project).
"""

from ingestion.equity import load_equity
from ingestion.guards import LikelyTruncatedRead, ReconciliationFailed, SourceShapeChanged
from ingestion.progress import Progress, SyncReport, TableReport
from ingestion.snapshots import SourceUnavailable
from ingestion.sync import sync

__all__ = [
    "LikelyTruncatedRead",
    "Progress",
    "ReconciliationFailed",
    "SourceShapeChanged",
    "SourceUnavailable",
    "SyncReport",
    "TableReport",
    "load_equity",
    "sync",
]
