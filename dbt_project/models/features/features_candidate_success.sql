-- Everything known about an application at a landmark, and nothing later. See _features__models.yml for what may be read.
with landmarks as (

    select * from {{ ref('int_application_landmarks') }}

),

-- Only touches known when the application became known: one told later must not change an earlier row.
touches as (

    select
        applications.application_id,
        coalesce(
            channels.channel_type,
            case when touches.agency_id is not null then 'agency' when touches.referrer_user_id is not null then 'referral' end,
            'unknown'
        ) as channel_type,
        row_number() over (
            partition by applications.application_id
            order by touches.touched_at, touches.position, {{ bytewise('touches.touch_id') }}
        ) as touch_number
    from {{ ref('int_application_milestones') }} as applications
    inner join {{ ref('stg_hiring_core__touches') }} as touches
        on
            applications.application_id = touches.application_id
            and touches.touched_at <= applications.applied_known_at
            and touches.recorded_at <= applications.applied_known_at
    left join {{ ref('stg_hiring_core__channels') }} as channels on touches.channel_id = channels.channel_id

),

last_events as (

    select
        landmarks.application_id,
        landmarks.landmark,
        max(events.event_at) as last_event_at
    from landmarks
    inner join {{ ref('int_stage_events_unioned') }} as events
        on landmarks.application_id = events.application_id and events.known_at <= landmarks.as_of
    group by landmarks.application_id, landmarks.landmark

),

assessed as (

    select
        application_id,
        greatest(scheduled_end, recorded_at) as known_at,
        1 as held,
        0 as checks_clear,
        cast(null as bigint) as points,
        false as is_demo_lesson
    from {{ ref('stg_hiring_core__interviews') }}
    where status = 'held'

    union all

    select
        interviews.application_id,
        greatest(scorecards.submitted_at, scorecards.recorded_at) as known_at,
        0 as held,
        0 as checks_clear,
        recommendations.points,
        interviews.kind = 'demo_lesson' as is_demo_lesson
    from {{ ref('stg_hiring_core__scorecards') }} as scorecards
    inner join {{ ref('stg_hiring_core__interviews') }} as interviews on scorecards.interview_id = interviews.interview_id
    inner join {{ ref('recommendations') }} as recommendations on scorecards.recommendation = recommendations.recommendation

    union all

    select
        application_id,
        greatest(completed_at, recorded_at) as known_at,
        0 as held,
        1 as checks_clear,
        cast(null as bigint) as points,
        false as is_demo_lesson
    from {{ ref('stg_hiring_core__screening_checks') }}
    where completed_at is not null and result = 'clear'

),

assessments as (

    select
        landmarks.application_id,
        landmarks.landmark,
        sum(assessed.held) as interviews_held_count,
        sum(assessed.checks_clear) as checks_clear_count,
        count(assessed.points) as scorecards_count,
        sum(assessed.points) as points_sum,
        count(assessed.points) filter (where assessed.is_demo_lesson) as demo_lesson_count,
        sum(assessed.points) filter (where assessed.is_demo_lesson) as demo_lesson_points_sum
    from landmarks
    inner join assessed on landmarks.application_id = assessed.application_id and assessed.known_at <= landmarks.as_of
    group by landmarks.application_id, landmarks.landmark

),

credentials as (

    select
        landmarks.application_id,
        landmarks.landmark,
        count(*) as credentials_count,
        bool_or(
            credentials.kind in ('teaching_licence', 'qualified_teacher_status')
            and coalesce(credentials.verified_at <= landmarks.as_of, false)
        ) as has_verified_licence
    from landmarks
    inner join {{ ref('stg_hiring_core__credentials') }} as credentials
        on landmarks.candidate_id = credentials.candidate_id and credentials.recorded_at <= landmarks.as_of
    group by landmarks.application_id, landmarks.landmark

),

job_lines as (

    select
        job_id,
        applied_known_at as as_of,
        1 as applications
    from {{ ref('int_application_milestones') }}

    union all

    select distinct
        job_id,
        as_of,
        0 as applications
    from landmarks

),

job_sums as (

    select
        job_id,
        as_of,
        applications,
        cast(sum(applications) over (partition by job_id order by as_of) as bigint) as applications_count
    from job_lines

),

tenant_lines as (

    select
        tenant_id,
        changed_at as as_of,
        open_change,
        false as is_point
    from {{ ref('int_tenant_openings_changed') }}

    union all

    select distinct
        tenant_id,
        as_of,
        0 as open_change,
        true as is_point
    from landmarks

),

tenant_sums as (

    select
        tenant_id,
        as_of,
        is_point,
        cast(sum(open_change) over (partition by tenant_id order by as_of) as bigint) as open_count
    from tenant_lines

)

select
    landmarks.application_id,
    landmarks.as_of,
    landmarks.landmark,
    landmarks.source_system,
    landmarks.tenant_id,
    landmarks.job_id,
    jobs.subject,
    jobs.staff_class,
    organisations.country,
    applications.origin,
    coalesce(touches.channel_type, case when landmarks.source_system = 'hiring_log' then applications.channel_type end, 'unknown') as channel_type,
    applications.is_internal,
    candidates.qualification_level,
    candidates.years_experience,
    {{ array_has('candidates.subjects', 'jobs.subject') }} as subject_match,
    coalesce(credentials.credentials_count, 0) as credentials_count,
    coalesce(credentials.has_verified_licence, false) as has_verified_licence,
    job_sums.applications_count as job_applications_count,
    {{ elapsed_days('landmarks.applied_at', 'landmarks.as_of') }} as elapsed_days,
    cast(landmarks.furthest_rank as bigint) as furthest_rank,
    {{ elapsed_days('coalesce(last_events.last_event_at, landmarks.applied_at)', 'landmarks.as_of') }} as days_since_last_event,
    cast(coalesce(assessments.interviews_held_count, 0) as bigint) as interviews_held_count,
    coalesce(assessments.scorecards_count, 0) as scorecards_count,
    cast(assessments.points_sum as double precision) / nullif(assessments.scorecards_count, 0) as recommendation_mean,
    cast(assessments.demo_lesson_points_sum as double precision) / nullif(assessments.demo_lesson_count, 0) as demo_lesson_mean,
    cast(coalesce(assessments.checks_clear_count, 0) as bigint) as checks_clear_count,
    cast(jobs.target_start_date - {{ local_date('landmarks.as_of', 'organisations.timezone') }} as double precision) as days_to_target_start,
    jobs.salary_mid,
    tenant_sums.open_count as tenant_open_openings_count
from landmarks
inner join {{ ref('int_applications_unioned') }} as applications on landmarks.application_id = applications.application_id
inner join {{ ref('int_jobs_unioned') }} as jobs on landmarks.job_id = jobs.job_id
inner join {{ ref('int_organisations_unioned') }} as organisations on landmarks.tenant_id = organisations.organisation_id
inner join job_sums on landmarks.job_id = job_sums.job_id and landmarks.as_of = job_sums.as_of and job_sums.applications = 0
inner join tenant_sums on landmarks.tenant_id = tenant_sums.tenant_id and landmarks.as_of = tenant_sums.as_of and tenant_sums.is_point
left join {{ ref('stg_hiring_core__candidates') }} as candidates on landmarks.candidate_id = candidates.candidate_id
left join touches on landmarks.application_id = touches.application_id and touches.touch_number = 1
left join last_events on landmarks.application_id = last_events.application_id and landmarks.landmark = last_events.landmark
left join assessments on landmarks.application_id = assessments.application_id and landmarks.landmark = assessments.landmark
left join credentials on landmarks.application_id = credentials.application_id and landmarks.landmark = credentials.landmark
