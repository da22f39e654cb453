"""Interviews."""

from data_quality.suite import Suite, kept_volume, no_orphans, not_before, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__interviews",
    rules=(
        *required("application_id", "kind", "scheduled_start", "status"),
        one_of("kind", vocabulary("interview_kind")),
        one_of("status", vocabulary("interview_status")),
        not_before("scheduled_end", "scheduled_start"),
    ),
    truths=(
        unique("hiring_core__interviews"),
        kept_volume("hiring_core__interviews"),
        no_orphans("hiring_core__interviews", "application_id", "applications"),
    ),
)
