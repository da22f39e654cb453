"""Why applications end."""

from data_quality.suite import Suite, kept_volume, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__terminal_reasons",
    rules=(
        *required("name", "side"),
        one_of("side", vocabulary("side")),
    ),
    truths=(
        unique("hiring_core__terminal_reasons"),
        kept_volume("hiring_core__terminal_reasons"),
    ),
)
