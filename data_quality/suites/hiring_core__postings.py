"""Adverts of a job on a channel."""

from data_quality.suite import Suite, kept_volume, no_orphans, not_before, required, unique

SUITE = Suite(
    table="hiring_core__postings",
    rules=(
        *required("job_id", "channel_id", "live_from"),
        not_before("live_to", "live_from"),
    ),
    truths=(
        unique("hiring_core__postings"),
        kept_volume("hiring_core__postings"),
        no_orphans("hiring_core__postings", "job_id", "jobs"),
        no_orphans("hiring_core__postings", "channel_id", "channels"),
    ),
)
