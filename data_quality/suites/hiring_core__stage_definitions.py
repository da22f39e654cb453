"""Each school's own stages and the canonical stage each stands for."""

from data_quality.suite import Suite, kept_volume, no_orphans, one_of, required, seed, unique

SUITE = Suite(
    table="hiring_core__stage_definitions",
    rules=(
        *required("organisation_id", "name", "canonical_stage"),
        one_of("canonical_stage", seed("canonical_stages", "stage")),
    ),
    truths=(
        unique("hiring_core__stage_definitions"),
        kept_volume("hiring_core__stage_definitions"),
        no_orphans("hiring_core__stage_definitions", "organisation_id", "organisations"),
    ),
)
