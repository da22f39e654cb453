with dated as (

    select
        applications.application_id,
        applications.source_system,
        applications.tenant_id,
        applications.job_id,
        applications.person_id,
        applications.attempt_number,
        applications.channel_type,
        applications.last_channel_type,
        applications.agency_id,
        applications.origin,
        applications.is_internal,
        applications.applied_at,
        resolved.outcome,
        resolved.outcome_side,
        resolved.outcome_reason,
        resolved.terminal_at,
        resolved.reached_rank,
        resolved.furthest_stage,
        {{ local_date('applications.applied_at', 'applications.timezone') }} as applied_date,
        lag(applications.applied_at) over (
            partition by applications.person_id, applications.job_id
            order by applications.applied_at, applications.attempt_number, {{ bytewise('applications.application_id') }}
        ) as previous_applied_at
    from {{ ref('int_applications_unioned') }} as applications
    inner join {{ ref('int_applications_resolved') }} as resolved on applications.application_id = resolved.application_id
    where resolved.is_in_funnel

)

select
    dated.application_id,
    dated.source_system,
    dated.tenant_id,
    dated.job_id,
    dated.person_id as candidate_id,
    dated.attempt_number,
    jobs.subject,
    jobs.staff_class,
    dated.channel_type,
    dated.last_channel_type,
    dated.agency_id,
    dated.origin,
    dated.is_internal,
    dated.applied_at,
    dated.applied_date,
    {{ month_start('dated.applied_date') }} as applied_month,
    dated.outcome,
    dated.outcome_side,
    dated.outcome_reason,
    dated.terminal_at,
    dated.reached_rank,
    dated.furthest_stage,
    coalesce({{ elapsed_microseconds('dated.previous_applied_at', 'dated.applied_at') }} <= 180 * 86400000000, false) as is_reapplication,
    {{ elapsed_days('dated.applied_at', 'dated.terminal_at') }} as process_days,
    {{ elapsed_days('dated.applied_at', 'build.as_of') }} as age_days
from dated
inner join {{ ref('int_jobs_unioned') }} as jobs on dated.job_id = jobs.job_id
cross join {{ ref('stg_pipeline__build') }} as build
