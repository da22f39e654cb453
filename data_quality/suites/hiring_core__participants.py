"""Who took part in interviews."""

from data_quality.suite import Suite, kept_volume, no_orphans, required, unique

SUITE = Suite(
    table="hiring_core__participants",
    rules=(*required("interview_id", "user_id"),),
    truths=(
        unique("hiring_core__participants"),
        kept_volume("hiring_core__participants"),
        no_orphans("hiring_core__participants", "interview_id", "interviews"),
    ),
)
