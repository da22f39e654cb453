"""Verdicts of interviewers."""

from data_quality.suite import Suite, kept_volume, no_orphans, one_of, required, seed, unique

SUITE = Suite(
    table="hiring_core__scorecards",
    rules=(
        *required("interview_id", "recommendation", "submitted_at"),
        one_of("recommendation", seed("recommendations", "recommendation")),
    ),
    truths=(
        unique("hiring_core__scorecards"),
        kept_volume("hiring_core__scorecards"),
        no_orphans("hiring_core__scorecards", "interview_id", "interviews"),
    ),
)
