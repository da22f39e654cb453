"""Hires a season needs."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, required, unique

SUITE = Suite(
    table="hiring_core__hiring_plans",
    rules=(
        *required("organisation_id", "season", "subject", "target_hires"),
        between("target_hires", 0, None),
    ),
    truths=(
        unique("hiring_core__hiring_plans"),
        kept_volume("hiring_core__hiring_plans"),
        no_orphans("hiring_core__hiring_plans", "organisation_id", "organisations"),
    ),
)
