"""Imported openings."""

from data_quality.suite import Suite, no_orphans, required, unique

SUITE = Suite(
    table="hiring_log__openings",
    rules=(*required("tenant_id", "opening_id", "job_id", "recorded_at"),),
    truths=(
        unique("hiring_log__openings", "tenant_id, opening_id"),
        no_orphans("hiring_log__openings", "job_id", "jobs"),
    ),
)
