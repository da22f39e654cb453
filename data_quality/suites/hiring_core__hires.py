"""Hires."""

from data_quality.suite import Suite, kept_volume, no_orphans, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__hires",
    rules=(
        *required("application_id", "opening_id", "hired_at", "status"),
        one_of("status", vocabulary("hire_status")),
        one_of("contract_kind", vocabulary("contract_kind")),
    ),
    truths=(
        unique("hiring_core__hires"),
        kept_volume("hiring_core__hires"),
        no_orphans("hiring_core__hires", "application_id", "applications"),
        no_orphans("hiring_core__hires", "opening_id", "openings"),
        no_orphans("hiring_core__hires", "offer_id", "offers"),
    ),
)
