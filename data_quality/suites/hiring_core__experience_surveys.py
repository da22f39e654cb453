"""Answers of candidates to the experience survey."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, not_before, unique

SUITE = Suite(
    table="hiring_core__experience_surveys",
    rules=(
        between("score", 0, 10),
        not_before("answered_at", "asked_at"),
    ),
    truths=(
        unique("hiring_core__experience_surveys"),
        kept_volume("hiring_core__experience_surveys"),
        no_orphans("hiring_core__experience_surveys", "application_id", "applications"),
    ),
)
