"""Imported offers."""

from data_quality.suite import Suite, no_orphans, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_log__offers",
    rules=(
        *required("tenant_id", "offer_id", "application_id", "status", "recorded_at"),
        one_of("status", vocabulary("offer_status")),
    ),
    truths=(
        unique("hiring_log__offers", "tenant_id, offer_id"),
        no_orphans("hiring_log__offers", "application_id", "applications"),
        no_orphans("hiring_log__offers", "opening_id", "openings"),
    ),
)
