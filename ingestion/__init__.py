"""Extraction and import into the raw layer.

What belongs here: how rows get from a source into ``raw`` without loss, and what is refused. What doesn't: judging their content
(data_quality) and shaping them (dbt_project).
"""

from ingestion.guards import LikelyTruncatedRead, ReconciliationFailed, SourceShapeChanged
from ingestion.progress import Progress, SyncReport, TableReport
from ingestion.snapshots import SourceUnavailable
from ingestion.sources.hiring_log.importing import ImportReport, import_hiring_log
from ingestion.sources.hiring_log.mapping import BadMapping
from ingestion.sources.hiring_log.reading import BadLogFolder
from ingestion.sync import sync

__all__ = [
    "BadLogFolder",
    "BadMapping",
    "ImportReport",
    "LikelyTruncatedRead",
    "Progress",
    "ReconciliationFailed",
    "SourceShapeChanged",
    "SourceUnavailable",
    "SyncReport",
    "TableReport",
    "import_hiring_log",
    "sync",
]
