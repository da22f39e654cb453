"""People, without anything that names them."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__candidates",
    computed={"years": "years_experience::double"},
    rules=(
        *required("id"),
        one_of("qualification_level", vocabulary("qualification_level")),
        between("years", 0, 70),
    ),
    truths=(
        unique("hiring_core__candidates"),
        kept_volume("hiring_core__candidates"),
        no_orphans("hiring_core__candidates", "merged_into_id", "candidates"),
    ),
)
