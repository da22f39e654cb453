-- One row per application and canonical stage it was really in, by a cleaned transition or by evidence.
-- Stages that were skipped have no row: whether they count as reached follows from the highest rank.
with seen as (

    select
        application_id,
        stage,
        event_at
    from {{ ref('int_stage_events_cleaned') }}
    where rank is not null and (not is_accidental or is_terminal)

    union all

    select
        application_id,
        stage,
        cast(null as timestamptz) as event_at
    from {{ ref('int_application_evidence') }}

)

select
    seen.application_id,
    seen.stage,
    stages.rank,
    min(seen.event_at) as first_entered_at
from seen
inner join {{ ref('canonical_stages') }} as stages on seen.stage = stages.stage
group by seen.application_id, seen.stage, stages.rank
