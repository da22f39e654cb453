"""Imported jobs."""

from data_quality.suite import Suite, required, unique

SUITE = Suite(
    table="hiring_log__jobs",
    rules=(*required("tenant_id", "job_id", "recorded_at"),),
    truths=(unique("hiring_log__jobs", "tenant_id, job_id"),),
)
