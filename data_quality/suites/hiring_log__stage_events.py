"""Imported transitions."""

from data_quality.suite import Suite, no_orphans, one_of, required, seed, unique, vocabulary

SUITE = Suite(
    table="hiring_log__stage_events",
    rules=(
        *required("tenant_id", "event_id", "application_id", "stage", "canonical_stage", "event_at", "recorded_at"),
        one_of("canonical_stage", tuple({*seed("canonical_stages", "stage"), *seed("application_outcomes", "outcome")})),
        one_of("provenance", vocabulary("provenance")),
    ),
    truths=(
        unique("hiring_log__stage_events", "tenant_id, event_id"),
        no_orphans("hiring_log__stage_events", "application_id", "applications"),
    ),
)
