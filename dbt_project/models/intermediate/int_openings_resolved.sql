-- Filled by its standing hire (a reneged one reopens the opening), else cancelled with itself or its job, else open.
with hires as (

    select
        opening_id,
        min(accepted_at) filter (where status <> 'reneged') as filled_at
    from {{ ref('int_hires_unioned') }}
    where opening_id is not null
    group by opening_id

),

closed_jobs as (

    select
        job_id,
        started_at as closed_at
    from {{ ref('int_job_status_spells') }}
    where ended_at is null and status in ('closed', 'cancelled')

),

filled as (

    select
        openings.*,
        case
            when hires.filled_at is not null then hires.filled_at
            -- A log without hires: the opening itself says that it was filled.
            when hires.opening_id is null and openings.close_reason = 'filled' and openings.closed_at <= build.as_of
                then openings.closed_at
        end as filled_at,
        case when openings.closed_at <= build.as_of and openings.close_reason <> 'filled' then openings.closed_at end as own_closed_at,
        build.as_of
    from {{ ref('int_openings_unioned') }} as openings
    inner join {{ ref('stg_pipeline__build') }} as build on openings.recorded_at <= build.known_at
    left join hires on openings.opening_id = hires.opening_id

),

ended as (

    select
        filled.*,
        case when filled.filled_at is null then coalesce(filled.own_closed_at, closed_jobs.closed_at) end as cancelled_at
    from filled
    left join closed_jobs on filled.job_id = closed_jobs.job_id

),

bounded as (

    select
        ended.*,
        jobs.approved_at,
        coalesce(ended.filled_at, ended.cancelled_at, ended.as_of) as ended_at
    from ended
    inner join {{ ref('int_jobs_unioned') }} as jobs on ended.job_id = jobs.job_id

),

-- A job opened again after it was closed: the latest time before the opening ended.
reopened as (

    select
        bounded.opening_id,
        max(spells.started_at) as reopened_at
    from bounded
    inner join {{ ref('int_job_status_spells') }} as spells
        on
            bounded.job_id = spells.job_id
            and spells.status = 'open'
            and spells.previous_status in ('closed', 'cancelled')
            and spells.started_at > bounded.approved_at
            and spells.started_at < bounded.ended_at
    group by bounded.opening_id

),

holds as (

    select
        bounded.opening_id,
        cast(sum(greatest({{ elapsed_microseconds(
            'greatest(spells.started_at, coalesce(reopened.reopened_at, bounded.approved_at))',
            'least(coalesce(spells.ended_at, bounded.ended_at), bounded.ended_at)'
        ) }}, 0)) as bigint) as latest_hold_microseconds,
        cast(sum({{ elapsed_microseconds(
            'greatest(spells.started_at, bounded.approved_at)',
            'least(coalesce(spells.ended_at, bounded.ended_at), bounded.ended_at)'
        ) }}) as bigint) as hold_microseconds
    from bounded
    inner join {{ ref('int_job_status_spells') }} as spells
        on
            bounded.job_id = spells.job_id
            and spells.status = 'on_hold'
            and spells.started_at < bounded.ended_at
            and coalesce(spells.ended_at, bounded.ended_at) > bounded.approved_at
    left join reopened on bounded.opening_id = reopened.opening_id
    group by bounded.opening_id

)

select
    bounded.opening_id,
    bounded.source_system,
    bounded.tenant_id,
    bounded.job_id,
    bounded.fte,
    bounded.opened_at,
    bounded.recorded_at,
    bounded.approved_at,
    bounded.filled_at,
    bounded.cancelled_at,
    bounded.ended_at,
    coalesce(holds.hold_microseconds, 0) as hold_microseconds,
    reopened.reopened_at,
    coalesce(holds.latest_hold_microseconds, 0) as latest_hold_microseconds
from bounded
left join reopened on bounded.opening_id = reopened.opening_id
left join holds on bounded.opening_id = holds.opening_id
