"""Applications: one candidate, one job, one attempt."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, not_before, one_of, required, seed, unique, vocabulary

SUITE = Suite(
    table="hiring_core__applications",
    rules=(
        *required("tenant_id", "candidate_id", "job_id", "applied_at", "status"),
        one_of("status", ("active", *seed("application_outcomes", "outcome"))),
        one_of("origin", vocabulary("origin")),
        between("attempt_number", 1, None),
        not_before("terminal_at", "applied_at"),
    ),
    truths=(
        unique("hiring_core__applications"),
        kept_volume("hiring_core__applications"),
        no_orphans("hiring_core__applications", "candidate_id", "candidates"),
        no_orphans("hiring_core__applications", "job_id", "jobs"),
        no_orphans("hiring_core__applications", "terminal_reason_id", "terminal_reasons"),
        no_orphans("hiring_core__applications", "tenant_id", "organisations", kind="school"),
    ),
)
