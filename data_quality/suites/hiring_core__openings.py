"""Seats of a job."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, not_before, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__openings",
    computed={"fte_number": "fte::double"},
    rules=(
        *required("job_id", "tenant_id"),
        one_of("close_reason", vocabulary("close_reason")),
        between("fte_number", 0, 2),
        not_before("closed_at", "opened_at"),
    ),
    truths=(
        unique("hiring_core__openings"),
        kept_volume("hiring_core__openings"),
        no_orphans("hiring_core__openings", "job_id", "jobs"),
        no_orphans("hiring_core__openings", "filled_by_application_id", "applications"),
        no_orphans("hiring_core__openings", "tenant_id", "organisations", kind="school"),
    ),
)
