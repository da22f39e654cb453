"""Schools, groups and agencies: the tenants of everything else."""

from data_quality.suite import Suite, Truth, between, kept_volume, no_orphans, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__organisations",
    computed={"is_known_zone": "(timezone in (select name from pg_timezone_names()))::integer"},
    rules=(
        *required("name", "kind", "timezone", "country"),
        one_of("kind", vocabulary("organisation_kind")),
        between("academic_year_start_month", 1, 12),
        between("is_known_zone", 1, 1),
    ),
    truths=(
        unique("hiring_core__organisations"),
        kept_volume("hiring_core__organisations"),
        no_orphans("hiring_core__organisations", "parent_id", "organisations"),
        Truth(
            "sync_age_hours",
            "select max(epoch($now - synced_at)) / 3600 from raw._sync_state where source = 'hiring_core'",
            "hours since the hiring core was last synced",
            limit=26,
        ),
        Truth(
            "newest_event_age_days",
            "select max(epoch($now - as_of)) / 86400 from raw._sync_state where source = 'hiring_core'",
            "days since anything was recorded in the hiring core",
            limit=7,
            is_warning=True,
        ),
    ),
)
