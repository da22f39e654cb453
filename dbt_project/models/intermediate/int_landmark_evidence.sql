-- What is known of an application at each of its landmarks besides its stages: last event, interviews and scorecards, checks, credentials.
with landmarks as (

    select
        application_id,
        candidate_id,
        landmark,
        as_of
    from {{ ref('int_application_landmarks') }}

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

)

select
    landmarks.application_id,
    landmarks.landmark,
    last_events.last_event_at,
    assessments.interviews_held_count,
    assessments.checks_clear_count,
    assessments.scorecards_count,
    assessments.points_sum,
    assessments.demo_lesson_count,
    assessments.demo_lesson_points_sum,
    credentials.credentials_count,
    credentials.has_verified_licence
from landmarks
left join last_events on landmarks.application_id = last_events.application_id and landmarks.landmark = last_events.landmark
left join assessments on landmarks.application_id = assessments.application_id and landmarks.landmark = assessments.landmark
left join credentials on landmarks.application_id = credentials.application_id and landmarks.landmark = credentials.landmark
