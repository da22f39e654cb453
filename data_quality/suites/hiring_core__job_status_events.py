"""Transitions of jobs."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__job_status_events",
    computed={"hours_ahead": "date_diff('second', recorded_at, event_at) / 3600.0"},
    rules=(
        *required("job_id", "to_status", "event_at"),
        one_of("to_status", vocabulary("job_status")),
        between("hours_ahead", None, 24),
    ),
    truths=(
        unique("hiring_core__job_status_events"),
        kept_volume("hiring_core__job_status_events"),
        no_orphans("hiring_core__job_status_events", "job_id", "jobs"),
        no_orphans("hiring_core__job_status_events", "tenant_id", "organisations", kind="school"),
    ),
)
