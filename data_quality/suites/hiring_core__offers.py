"""Offers and their versions."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, not_before, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__offers",
    computed={"fte_number": "fte::double"},
    rules=(
        *required("application_id", "opening_id", "chain_id", "version", "status"),
        one_of("status", vocabulary("offer_status")),
        not_before("resolved_at", "sent_at"),
        between("fte_number", 0, 2),
    ),
    truths=(
        unique("hiring_core__offers"),
        kept_volume("hiring_core__offers"),
        no_orphans("hiring_core__offers", "application_id", "applications"),
        no_orphans("hiring_core__offers", "opening_id", "openings"),
    ),
)
