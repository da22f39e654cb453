"""What became of hires."""

from data_quality.suite import Suite, between, kept_volume, no_orphans, one_of, required, seed, unique, vocabulary

SUITE = Suite(
    table="hiring_core__employment_outcomes",
    computed={"performance": "performance_value::double", "satisfaction": "manager_satisfaction::double"},
    rules=(
        *required("hire_id", "as_of", "still_employed"),
        one_of("end_reason", seed("end_reasons", "end_reason")),
        one_of("performance_scale", vocabulary("performance_scale")),
        between("performance", 1, 5),
        between("satisfaction", 0, 10),
    ),
    truths=(
        unique("hiring_core__employment_outcomes"),
        kept_volume("hiring_core__employment_outcomes"),
        no_orphans("hiring_core__employment_outcomes", "hire_id", "hires"),
    ),
)
