"""Contacts that led to an application."""

from data_quality.suite import Suite, kept_volume, no_orphans, required, unique

SUITE = Suite(
    table="hiring_core__touches",
    rules=(*required("application_id", "touched_at", "position"),),
    truths=(
        unique("hiring_core__touches"),
        kept_volume("hiring_core__touches"),
        no_orphans("hiring_core__touches", "application_id", "applications"),
        no_orphans("hiring_core__touches", "channel_id", "channels"),
        no_orphans("hiring_core__touches", "agency_id", "organisations"),
    ),
)
