-- Everything known about an application at a landmark, and nothing later. See _features__models.yml for what may be read.
-- Only touches known when the application became known: one told later must not change an earlier row.
with touches as (

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
    coalesce(evidence.credentials_count, 0) as credentials_count,
    coalesce(evidence.has_verified_licence, false) as has_verified_licence,
    loads.job_applications_count,
    {{ elapsed_days('landmarks.applied_at', 'landmarks.as_of') }} as elapsed_days,
    cast(landmarks.furthest_rank as bigint) as furthest_rank,
    {{ elapsed_days('coalesce(evidence.last_event_at, landmarks.applied_at)', 'landmarks.as_of') }} as days_since_last_event,
    cast(coalesce(evidence.interviews_held_count, 0) as bigint) as interviews_held_count,
    coalesce(evidence.scorecards_count, 0) as scorecards_count,
    cast(evidence.points_sum as double precision) / nullif(evidence.scorecards_count, 0) as recommendation_mean,
    cast(evidence.demo_lesson_points_sum as double precision) / nullif(evidence.demo_lesson_count, 0) as demo_lesson_mean,
    cast(coalesce(evidence.checks_clear_count, 0) as bigint) as checks_clear_count,
    cast(jobs.target_start_date - {{ local_date('landmarks.as_of', 'organisations.timezone') }} as double precision) as days_to_target_start,
    jobs.salary_mid,
    loads.tenant_open_openings_count
from {{ ref('int_application_landmarks') }} as landmarks
inner join {{ ref('int_applications_unioned') }} as applications on landmarks.application_id = applications.application_id
inner join {{ ref('int_jobs_unioned') }} as jobs on landmarks.job_id = jobs.job_id
inner join {{ ref('int_organisations_unioned') }} as organisations on landmarks.tenant_id = organisations.organisation_id
inner join {{ ref('int_landmark_evidence') }} as evidence
    on landmarks.application_id = evidence.application_id and landmarks.landmark = evidence.landmark
inner join {{ ref('int_landmark_load') }} as loads
    on landmarks.application_id = loads.application_id and landmarks.landmark = loads.landmark
left join {{ ref('stg_hiring_core__candidates') }} as candidates on landmarks.candidate_id = candidates.candidate_id
left join touches on landmarks.application_id = touches.application_id and touches.touch_number = 1
