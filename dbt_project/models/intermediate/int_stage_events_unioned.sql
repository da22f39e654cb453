-- Every transition with the canonical stage or outcome it means. A name nobody mapped stays, with an empty stage, and fails a check.
with core as (

    select
        'hiring_core' as source_system,
        events.event_id,
        events.tenant_id,
        events.application_id,
        applications.job_id,
        events.sequence,
        events.stage_name,
        coalesce(outcomes.outcome, of_job.canonical_stage, of_school.canonical_stage, stages.stage) as stage,
        coalesce(of_job.sla_hours, of_school.sla_hours) as sla_hours,
        events.event_at,
        events.recorded_at,
        events.actor_id,
        reasons.side as reason_side,
        events.provenance,
        events.spell_number
    from {{ ref('stg_hiring_core__stage_events') }} as events
    inner join {{ ref('stg_hiring_core__applications') }} as applications on events.application_id = applications.application_id
    left join {{ ref('application_outcomes') }} as outcomes on events.stage_name = outcomes.outcome
    left join {{ ref('canonical_stages') }} as stages on events.stage_name = stages.stage
    left join {{ ref('int_stage_definitions_spanned') }} as of_school
        on
            events.tenant_id = of_school.organisation_id
            and events.stage_name = of_school.stage_name
            and of_school.job_id is null
            and (of_school.valid_from is null or events.event_at >= of_school.valid_from)
            and (of_school.valid_to is null or events.event_at < of_school.valid_to)
    left join {{ ref('int_stage_definitions_spanned') }} as of_job
        on
            applications.job_id = of_job.job_id
            and events.stage_name = of_job.stage_name
            and (of_job.valid_from is null or events.event_at >= of_job.valid_from)
            and (of_job.valid_to is null or events.event_at < of_job.valid_to)
    left join {{ ref('stg_hiring_core__terminal_reasons') }} as reasons on events.reason_id = reasons.terminal_reason_id

),

unioned as (

    select * from core

    union all

    select
        'hiring_log' as source_system,
        events.event_id,
        events.tenant_id,
        events.application_id,
        coalesce(applications.job_id, applications.tenant_id || ':unknown') as job_id,
        events.sequence,
        events.stage_name,
        events.canonical_stage as stage,
        cast(null as bigint) as sla_hours,
        events.event_at,
        events.recorded_at,
        events.actor_id,
        cast(null as text) as reason_side,
        coalesce(events.provenance, 'observed') as provenance,
        cast(1 as bigint) as spell_number
    from {{ ref('stg_hiring_log__stage_events') }} as events
    inner join {{ ref('stg_hiring_log__applications') }} as applications on events.application_id = applications.application_id

)

select
    unioned.*,
    stages.rank,
    outcomes.outcome is not null as is_terminal,
    greatest(unioned.event_at, unioned.recorded_at) as known_at
from unioned
inner join {{ ref('stg_pipeline__build') }} as build
    on unioned.event_at <= build.as_of and unioned.recorded_at <= build.known_at
left join {{ ref('canonical_stages') }} as stages on unioned.stage = stages.stage
left join {{ ref('application_outcomes') }} as outcomes on unioned.stage = outcomes.outcome
