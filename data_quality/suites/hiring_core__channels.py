"""Where applicants come from."""

from data_quality.suite import Suite, kept_volume, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__channels",
    rules=(
        *required("name", "type"),
        one_of("type", vocabulary("channel_type")),
    ),
    truths=(
        unique("hiring_core__channels"),
        kept_volume("hiring_core__channels"),
    ),
)
