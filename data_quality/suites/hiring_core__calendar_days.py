"""Days of each organisation's calendar."""

from data_quality.suite import Suite, kept_volume, no_orphans, required, unique

SUITE = Suite(
    table="hiring_core__calendar_days",
    rules=(*required("organisation_id", "date", "is_open"),),
    truths=(
        unique("hiring_core__calendar_days"),
        kept_volume("hiring_core__calendar_days"),
        no_orphans("hiring_core__calendar_days", "organisation_id", "organisations"),
    ),
)
