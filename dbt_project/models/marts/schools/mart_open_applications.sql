-- An event is anything that moves an application on: a transition, an interview held or ahead, a scorecard, a finished check, an offer.
-- Messages alone are not progress.
with build as (

    select * from {{ ref('stg_pipeline__build') }}

),

events as (

    select
        application_id,
        event_at
    from {{ ref('int_stage_events_cleaned') }}

    union all

    select
        interviews.application_id,
        interviews.scheduled_end as event_at
    from {{ ref('stg_hiring_core__interviews') }} as interviews
    inner join build on interviews.recorded_at <= build.known_at
    where interviews.status in ('held', 'scheduled')

    union all

    select
        interviews.application_id,
        scorecards.submitted_at as event_at
    from {{ ref('stg_hiring_core__scorecards') }} as scorecards
    inner join {{ ref('stg_hiring_core__interviews') }} as interviews on scorecards.interview_id = interviews.interview_id
    inner join build on scorecards.recorded_at <= build.known_at

    union all

    select
        checks.application_id,
        checks.completed_at as event_at
    from {{ ref('stg_hiring_core__screening_checks') }} as checks
    inner join build on checks.recorded_at <= build.known_at
    where checks.completed_at is not null

    union all

    select
        application_id,
        sent_at as event_at
    from {{ ref('fct_offers') }}
    where sent_at is not null

),

latest as (

    select
        events.application_id,
        max(events.event_at) filter (where events.event_at <= build.as_of) as last_event_at,
        bool_or(events.event_at > build.as_of) as has_event_ahead
    from events
    cross join build
    group by events.application_id

),

current_visits as (

    select
        visit_id,
        application_id,
        stage,
        entered_at,
        time_in_stage_days,
        sla_hours,
        is_sla_breached,
        row_number() over (partition by application_id order by entered_at desc, rank desc, {{ bytewise('visit_id') }} desc) as visits_ago
    from {{ ref('mart_stage_visits') }}
    where is_censored

)

select
    applications.application_id,
    applications.source_system,
    applications.tenant_id,
    applications.job_id,
    jobs.owner_id as recruiter_id,
    applications.subject,
    applications.staff_class,
    applications.channel_type,
    applications.applied_month,
    coalesce(visits.stage, applications.furthest_stage) as stage,
    coalesce(visits.time_in_stage_days, {{ elapsed_days('applications.applied_at', 'build.as_of') }}) as time_in_stage_days,
    visits.sla_hours,
    coalesce(visits.is_sla_breached, false) as is_sla_breached,
    coalesce(latest.last_event_at, applications.applied_at) as last_event_at,
    {{ elapsed_days('coalesce(latest.last_event_at, applications.applied_at)', 'build.as_of') }} as idle_days,
    coalesce(latest.has_event_ahead, false) as has_event_ahead
from {{ ref('fct_applications') }} as applications
inner join {{ ref('int_jobs_unioned') }} as jobs on applications.job_id = jobs.job_id
left join current_visits as visits on applications.application_id = visits.application_id and visits.visits_ago = 1
left join latest on applications.application_id = latest.application_id
cross join build
where applications.outcome = 'open'
