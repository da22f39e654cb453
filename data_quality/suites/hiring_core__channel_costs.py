"""Spend by channel and month."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, one_of, required, unique

SUITE = Suite(
    table="hiring_core__channel_costs",
    rules=(
        *required("channel_id", "period", "amount_minor"),
        between("amount_minor", 0, None),
        one_of("kind", ("advertising", "subscription", "event", "bonus")),
    ),
    truths=(
        unique("hiring_core__channel_costs"),
        kept_volume("hiring_core__channel_costs"),
        no_orphans("hiring_core__channel_costs", "channel_id", "channels"),
    ),
)
