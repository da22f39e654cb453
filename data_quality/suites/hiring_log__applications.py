"""Imported applications."""

from data_quality.suite import Suite, no_orphans, one_of, required, seed, unique, vocabulary

SUITE = Suite(
    table="hiring_log__applications",
    rules=(
        *required("tenant_id", "application_id", "candidate_id", "applied_at", "recorded_at"),
        one_of("channel_type", vocabulary("channel_type")),
        one_of("origin", vocabulary("origin")),
        one_of("status", ("active", *seed("application_outcomes", "outcome"))),
    ),
    truths=(
        unique("hiring_log__applications", "tenant_id, application_id"),
        no_orphans("hiring_log__applications", "job_id", "jobs"),
    ),
)
