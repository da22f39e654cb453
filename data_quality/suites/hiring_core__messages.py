"""Messages to and from candidates, without their text."""

from data_quality.suite import Suite, kept_volume, no_orphans, one_of, required, unique

SUITE = Suite(
    table="hiring_core__messages",
    rules=(
        *required("application_id", "sent_at"),
        one_of("direction", ("to_candidate", "from_candidate")),
    ),
    truths=(
        unique("hiring_core__messages"),
        kept_volume("hiring_core__messages"),
        no_orphans("hiring_core__messages", "application_id", "applications"),
    ),
)
