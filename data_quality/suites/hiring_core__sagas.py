"""Hires under way and ended ones."""

from data_quality.suite import Suite, kept_volume, no_orphans, not_before, one_of, required, unique

SUITE = Suite(
    table="hiring_core__sagas",
    rules=(
        *required("application_id", "job_id", "offer_id", "state", "started_at"),
        one_of("state", ("processing", "waiting", "stuck", "completed", "compensated")),
        not_before("ended_at", "started_at"),
    ),
    truths=(
        unique("hiring_core__sagas"),
        kept_volume("hiring_core__sagas"),
        no_orphans("hiring_core__sagas", "application_id", "applications"),
        no_orphans("hiring_core__sagas", "job_id", "jobs"),
    ),
)
