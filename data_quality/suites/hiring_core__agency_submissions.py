"""Applications that an agency brought."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, one_of, required, unique

SUITE = Suite(
    table="hiring_core__agency_submissions",
    rules=(
        *required("application_id", "agency_id", "submitted_at"),
        one_of("status", ("submitted", "accepted", "declined", "placed", "ended")),
        between("fee_minor", 0, None),
    ),
    truths=(
        unique("hiring_core__agency_submissions"),
        kept_volume("hiring_core__agency_submissions"),
        no_orphans("hiring_core__agency_submissions", "application_id", "applications"),
        no_orphans("hiring_core__agency_submissions", "agency_id", "organisations", kind="agency"),
    ),
)
