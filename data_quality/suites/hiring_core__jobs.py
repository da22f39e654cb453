"""Requisitions."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, not_before, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__jobs",
    computed={"fte_number": "fte::double"},
    rules=(
        *required("tenant_id", "title", "subject", "status", "headcount"),
        one_of("status", vocabulary("job_status")),
        one_of("staff_class", vocabulary("staff_class")),
        one_of("close_reason", vocabulary("close_reason")),
        between("headcount", 1, 200),
        between("fte_number", 0, 2),
        not_before("closed_at", "approved_at"),
    ),
    truths=(
        unique("hiring_core__jobs"),
        kept_volume("hiring_core__jobs"),
        no_orphans("hiring_core__jobs", "tenant_id", "organisations", kind="school"),
        no_orphans("hiring_core__jobs", "organisation_id", "organisations"),
    ),
)
