"""Answers of schools and agencies to the satisfaction survey."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, not_before, one_of, unique

SUITE = Suite(
    table="hiring_core__feedback",
    rules=(
        one_of("respondent_kind", ("school", "agency")),
        between("score", 0, 10),
        not_before("answered_at", "asked_at"),
    ),
    truths=(
        unique("hiring_core__feedback"),
        kept_volume("hiring_core__feedback"),
        no_orphans("hiring_core__feedback", "organisation_id", "organisations"),
    ),
)
