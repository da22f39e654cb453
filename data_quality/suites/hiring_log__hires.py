"""Imported hires."""

from data_quality.suite import Suite, no_orphans, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_log__hires",
    rules=(
        *required("tenant_id", "hire_id", "application_id", "hired_at", "recorded_at"),
        one_of("status", vocabulary("hire_status")),
        one_of("contract_kind", vocabulary("contract_kind")),
    ),
    truths=(
        unique("hiring_log__hires", "tenant_id, hire_id"),
        no_orphans("hiring_log__hires", "application_id", "applications"),
        no_orphans("hiring_log__hires", "offer_id", "offers"),
        no_orphans("hiring_log__hires", "opening_id", "openings"),
    ),
)
