"""What people agreed to."""

from data_quality.suite import Suite, kept_volume, no_orphans, not_before, one_of, required, unique

SUITE = Suite(
    table="hiring_core__consents",
    rules=(
        *required("candidate_id", "purpose", "granted_at"),
        one_of("purpose", ("talent_pool", "equity_survey", "automated_scoring")),
        not_before("withdrawn_at", "granted_at"),
    ),
    truths=(
        unique("hiring_core__consents"),
        kept_volume("hiring_core__consents"),
        no_orphans("hiring_core__consents", "candidate_id", "candidates"),
    ),
)
