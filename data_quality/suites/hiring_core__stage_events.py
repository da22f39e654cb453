"""Transitions of applications."""

from data_quality.suite import Suite, Truth, between, kept_volume, no_orphans, one_of, required, seed, unique, vocabulary

SUITE = Suite(
    table="hiring_core__stage_events",
    computed={"hours_ahead": "date_diff('second', recorded_at, event_at) / 3600.0"},
    rules=(
        *required("application_id", "to_stage", "event_at", "sequence"),
        one_of("provenance", vocabulary("provenance")),
        between("spell_number", 1, None),
        between("hours_ahead", None, 24),
    ),
    truths=(
        unique("hiring_core__stage_events"),
        kept_volume("hiring_core__stage_events"),
        no_orphans("hiring_core__stage_events", "application_id", "applications"),
        no_orphans("hiring_core__stage_events", "tenant_id", "organisations", kind="school"),
        Truth(
            "mapped_stages",
            f"""
            with named as (
              select events.tenant_id, applications.job_id, events.to_stage, count(*) as events_count
              from raw.hiring_core__stage_events events
              left join raw.hiring_core__applications applications on applications.id = events.application_id
              where events.to_stage not in {seed("application_outcomes", "outcome")}
              group by all
            )
            select coalesce(sum(events_count), 0) from named
            where not exists (from raw.hiring_core__stage_definitions defined where defined.name = named.to_stage
                              and (defined.organisation_id = named.tenant_id or defined.job_id = named.job_id))
            """,
            "events name a stage that the school has not mapped to a canonical stage",
        ),
    ),
)
