"""Imported employment outcomes."""

from data_quality.suite import Suite, no_orphans, one_of, required, seed, unique

SUITE = Suite(
    table="hiring_log__outcomes",
    rules=(
        *required("tenant_id", "outcome_id", "hire_id", "as_of", "still_employed", "recorded_at"),
        one_of("end_reason", seed("end_reasons", "end_reason")),
    ),
    truths=(
        unique("hiring_log__outcomes", "tenant_id, outcome_id"),
        no_orphans("hiring_log__outcomes", "hire_id", "hires"),
    ),
)
