with applications as (

    select
        *,
        lag(applied_at) over (
            partition by person_id, job_id
            order by applied_at, attempt_number, {{ bytewise('application_id') }}
        ) as previous_applied_at
    from {{ ref('int_applications_unioned') }}
    where application_id in (select application_id from {{ ref('int_applications_resolved') }} where is_in_funnel)

),

dated as (

    select
        *,
        {{ local_date('applied_at', 'timezone') }} as applied_date
    from applications

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
    resolved.outcome,
    resolved.outcome_side,
    resolved.terminal_at,
    resolved.reached_rank,
    resolved.furthest_stage,
    coalesce({{ elapsed_microseconds('dated.previous_applied_at', 'dated.applied_at') }} <= 180 * 86400000000, false) as is_reapplication,
    {{ elapsed_days('dated.applied_at', 'resolved.terminal_at') }} as process_days
from dated
inner join {{ ref('int_applications_resolved') }} as resolved on dated.application_id = resolved.application_id
inner join {{ ref('int_jobs_unioned') }} as jobs on dated.job_id = jobs.job_id
