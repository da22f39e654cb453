"""Teaching licences and certificates."""

from data_quality.suite import Suite, kept_volume, no_orphans, not_before, one_of, required, unique, vocabulary

SUITE = Suite(
    table="hiring_core__credentials",
    rules=(
        *required("candidate_id", "kind"),
        one_of("kind", vocabulary("credential_kind")),
        not_before("valid_to", "valid_from"),
    ),
    truths=(
        unique("hiring_core__credentials"),
        kept_volume("hiring_core__credentials"),
        no_orphans("hiring_core__credentials", "candidate_id", "candidates"),
    ),
)
