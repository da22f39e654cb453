"""References, records and licences that were checked."""

from data_quality.suite import Suite, kept_volume, no_orphans, not_before, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__screening_checks",
    rules=(
        *required("application_id", "kind", "requested_at"),
        one_of("kind", vocabulary("check_kind")),
        one_of("result", vocabulary("check_result")),
        not_before("completed_at", "requested_at"),
    ),
    truths=(
        unique("hiring_core__screening_checks"),
        kept_volume("hiring_core__screening_checks"),
        no_orphans("hiring_core__screening_checks", "application_id", "applications"),
    ),
)
