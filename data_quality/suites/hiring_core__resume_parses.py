"""Résumés that were parsed, and how much of what the job asks for they show."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, not_before, one_of, required, unique

SUITE = Suite(
    table="hiring_core__resume_parses",
    computed={"score": "match_score::double"},
    rules=(
        *required("application_id", "state"),
        one_of("state", ("queued", "running", "done", "dead")),
        between("score", 0, 1),
        not_before("completed_at", "created_at"),
    ),
    truths=(
        unique("hiring_core__resume_parses"),
        kept_volume("hiring_core__resume_parses"),
        no_orphans("hiring_core__resume_parses", "application_id", "applications"),
    ),
)
