-- The five ordered steps of cleaning; every step leaves a flag that mart_cleaning_counts counts.
with rules as (

    select
        tenant_id,
        bool_and(has_accidental_visit_rule) as has_accidental_visit_rule
    from {{ ref('stg_hiring_log__sources') }}
    group by tenant_id

),

-- 1. Exact duplicates: the same transition told twice under different ids. The first told stays. Only applications that have any
-- are numbered: sorting every transition by all it says costs more than the rest of this model.
repeated as (

    select distinct application_id
    from (
        select application_id
        from {{ ref('int_stage_events_unioned') }}
        group by application_id, sequence, stage_name, event_at, actor_id, provenance, spell_number
        having count(*) > 1
    ) as told_again

),

copies as (

    select
        events.event_id,
        row_number() over (
            partition by
                events.application_id, events.sequence, events.stage_name, events.event_at, events.actor_id, events.provenance,
                events.spell_number
            order by events.recorded_at, {{ bytewise('events.event_id') }}
        ) as copy_number
    from {{ ref('int_stage_events_unioned') }} as events
    inner join repeated on events.application_id = repeated.application_id

),

distinct_events as (

    select events.*
    from {{ ref('int_stage_events_unioned') }} as events
    left join copies on events.event_id = copies.event_id and copies.copy_number > 1
    where copies.event_id is null

),

-- 2. Order; ties in time are normal.
ordered as (

    select
        distinct_events.*,
        lag(event_at) over in_order as previous_event_at,
        lead(event_at) over in_order as next_event_at,
        lead(actor_id) over in_order as next_actor_id,
        row_number() over in_order as event_number
    from distinct_events
    window in_order as (
        partition by application_id
        order by event_at, sequence nulls last, rank nulls last, {{ bytewise('event_id') }}
    )

),

first_ends as (

    select
        application_id,
        spell_number,
        min(event_number) as event_number
    from ordered
    where is_terminal
    group by application_id, spell_number

),

-- 3. Accidental visits: left in under a minute by the same actor. 5. Anything after a terminal in the same spell.
flagged as (

    select
        ordered.event_id,
        ordered.source_system,
        ordered.tenant_id,
        ordered.application_id,
        ordered.job_id,
        ordered.event_number,
        ordered.stage_name,
        ordered.stage,
        ordered.rank,
        ordered.sla_hours,
        ordered.is_terminal,
        ordered.event_at,
        ordered.known_at,
        ordered.reason_side,
        ordered.reason_name,
        ordered.provenance,
        ordered.spell_number,
        coalesce(ordered.event_at = ordered.previous_event_at, false) as is_tied,
        coalesce(
            (ordered.source_system = 'hiring_core' or coalesce(rules.has_accidental_visit_rule, true))
            and ordered.actor_id = ordered.next_actor_id
            and {{ elapsed_microseconds('ordered.event_at', 'ordered.next_event_at') }} < 60000000,
            false
        ) as is_accidental,
        coalesce(ordered.event_number > first_ends.event_number, false) as is_after_terminal,
        false as is_synthetic
    from ordered
    left join rules on ordered.tenant_id = rules.tenant_id
    left join first_ends on ordered.application_id = first_ends.application_id and ordered.spell_number = first_ends.spell_number

),

starts as (

    select distinct application_id
    from flagged
    where rank = 1

)

select * from flagged

union all

-- 4. An application that nobody moved into `applied` still applied.
select
    applications.application_id || ':applied' as event_id,
    applications.source_system,
    applications.tenant_id,
    applications.application_id,
    applications.job_id,
    cast(0 as bigint) as event_number,
    'applied' as stage_name,
    'applied' as stage,
    1 as rank,
    cast(null as bigint) as sla_hours,
    false as is_terminal,
    applications.applied_at as event_at,
    applications.known_at,
    cast(null as text) as reason_side,
    cast(null as text) as reason_name,
    'inferred_status' as provenance,
    cast(1 as bigint) as spell_number,
    false as is_tied,
    false as is_accidental,
    false as is_after_terminal,
    true as is_synthetic
from {{ ref('int_applications_unioned') }} as applications
left join starts on applications.application_id = starts.application_id
where starts.application_id is null
