"""Features by id, in memory: one encoded matrix per model, made once a publish. No database in a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from foundation.access import Scope
from models_ml.bundle import Bundle
from warehouse.connection import PublishedFile

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class FeatureRow:
    """One entity's features as of the published build."""

    entity_id: str
    tenant_id: str
    job_id: str
    as_of: datetime
    vector: Vector


class FeatureStore:
    """The published ``current`` rows of one model's features.

    Args:
        key: column that names the entity (``opening_id`` or ``application_id``).
    """

    def __init__(self, published: PublishedFile, bundle: Bundle, table: str, key: str) -> None:
        frame = published.query(f"select * from {table} where landmark = 'current' order by {key}")
        matrix = bundle.encoder.matrix(frame)
        rows = zip(frame[key], frame["tenant_id"], frame["job_id"], frame["as_of"], matrix, strict=True)
        self._rows: Mapping[str, FeatureRow] = {
            key: FeatureRow(key, tenant, job, as_of, vector) for key, tenant, job, as_of, vector in rows
        }
        self._by_job: dict[str, list[FeatureRow]] = {}
        for row in self._rows.values():
            self._by_job.setdefault(row.job_id, []).append(row)

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, entity_id: str, scope: Scope) -> FeatureRow | None:
        """Return an entity's row; ``None`` when there is none or it belongs to a school outside the scope."""
        row = self._rows.get(entity_id)
        return row if row is not None and scope.allows(row.tenant_id) else None

    def of_job(self, job_id: str, scope: Scope) -> list[FeatureRow]:
        """Return the rows of a job's open openings that the scope may read."""
        return [row for row in self._by_job.get(job_id, []) if scope.allows(row.tenant_id)]

    def first(self) -> FeatureRow | None:
        """Return any row, to warm a new bundle with."""
        return next(iter(self._rows.values()), None)


def agency_applications(published: PublishedFile) -> dict[str, str]:
    """Return application id → agency id for open applications that an agency submitted: an agency reads only its own."""
    frame: pl.DataFrame = published.query(
        "select application_id, agency_id from marts.fct_applications where agency_id is not null and outcome = 'open'"
    )
    return dict(zip(frame["application_id"], frame["agency_id"], strict=True))
