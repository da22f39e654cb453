-- One row per stay in a stage, of applications in the funnel. A stay ends with the next transition; the last stay of an ended
-- application ends with it, never with the clock; the last stay of an open one is censored at as_of.
with moves as (

    select
        events.event_id,
        events.application_id,
        events.tenant_id,
        events.stage,
        events.rank,
        events.sla_hours,
        events.spell_number,
        events.is_accidental,
        events.is_terminal,
        events.event_at as entered_at,
        lead(events.event_at) over (
            partition by events.application_id
            order by events.event_at, events.event_number, {{ bytewise('events.event_id') }}
        ) as exited_at
    from {{ ref('int_stage_events_cleaned') }} as events
    where not events.is_after_terminal

),

visits as (

    select
        moves.event_id as visit_id,
        moves.application_id,
        moves.tenant_id,
        moves.stage,
        moves.rank,
        moves.sla_hours,
        moves.spell_number,
        moves.entered_at,
        case
            when moves.exited_at is not null then moves.exited_at
            when resolved.terminal_at is not null then greatest(resolved.terminal_at, moves.entered_at)
        end as exited_at,
        moves.is_accidental
    from moves
    inner join {{ ref('int_applications_resolved') }} as resolved on moves.application_id = resolved.application_id
    where resolved.is_in_funnel and not moves.is_terminal and moves.rank is not null

)

select
    visits.*,
    visits.exited_at is null as is_censored,
    {{ elapsed_microseconds('visits.entered_at', 'coalesce(visits.exited_at, build.as_of)') }} as stay_microseconds
from visits
cross join {{ ref('stg_pipeline__build') }} as build
