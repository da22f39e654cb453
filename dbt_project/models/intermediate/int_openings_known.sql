-- What was known about each opening and when: approval, opening, first acceptance, first closing of its job. Event tables only.
with approvals as (

    select
        job_id,
        event_at as approved_at,
        known_at as approved_known_at,
        row_number() over (partition by job_id order by known_at, event_at) as approval_number
    from {{ ref('int_job_status_events_unioned') }}
    where to_status = 'approved'

),

opened as (

    select
        job_id,
        min(known_at) as opened_known_at
    from {{ ref('int_job_status_events_unioned') }}
    where to_status = 'open'
    group by job_id

),

closings as (

    select
        job_id,
        known_at
    from {{ ref('int_job_status_events_unioned') }}
    where to_status in ('closed', 'cancelled')

),

started as (

    select
        openings.opening_id,
        openings.source_system,
        openings.tenant_id,
        openings.job_id,
        openings.fte,
        openings.recorded_at,
        approvals.approved_at,
        greatest(approvals.approved_known_at, opened.opened_known_at, openings.recorded_at) as open_known_at,
        case when openings.close_reason <> 'filled' then openings.closed_at end as own_closed_at
    from {{ ref('int_openings_unioned') }} as openings
    inner join approvals on openings.job_id = approvals.job_id and approvals.approval_number = 1
    inner join opened on openings.job_id = opened.job_id
    inner join {{ ref('stg_pipeline__build') }} as build on openings.recorded_at <= build.known_at

),

first_closings as (

    select
        started.opening_id,
        min(closings.known_at) as job_closed_known_at
    from started
    inner join closings on started.job_id = closings.job_id and closings.known_at >= started.open_known_at
    group by started.opening_id

),

accepted as (

    select
        opening_id,
        accepted_at,
        known_at as filled_known_at,
        row_number() over (partition by opening_id order by known_at, accepted_at) as acceptance_number
    from {{ ref('int_hires_unioned') }}
    where opening_id is not null

)

select
    started.*,
    accepted.accepted_at,
    accepted.filled_known_at,
    first_closings.job_closed_known_at
from started
left join accepted on started.opening_id = accepted.opening_id and accepted.acceptance_number = 1
left join first_closings on started.opening_id = first_closings.opening_id
