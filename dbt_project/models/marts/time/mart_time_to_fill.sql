select
    openings.opening_id,
    openings.source_system,
    openings.job_id,
    openings.tenant_id,
    jobs.subject,
    jobs.staff_class,
    {{ month_start(local_date('openings.approved_at', 'organisations.timezone')) }} as approved_month,
    openings.approved_at,
    {{ elapsed_days('openings.approved_at', 'openings.ended_at') }} as gross_days,
    {{ days(elapsed_microseconds('openings.approved_at', 'openings.ended_at') ~ ' - openings.hold_microseconds') }} as net_days,
    {{ elapsed_days('coalesce(openings.reopened_at, openings.approved_at)', 'openings.ended_at') }} as gross_latest_days,
    {{ days(
        elapsed_microseconds('coalesce(openings.reopened_at, openings.approved_at)', 'openings.ended_at')
        ~ ' - openings.latest_hold_microseconds'
    ) }} as net_latest_days,
    openings.reopened_at is not null as is_reopened,
    openings.filled_at is not null as is_filled,
    openings.cancelled_at is not null as is_cancelled,
    openings.filled_at is null and openings.cancelled_at is null as is_censored,
    openings.filled_at,
    openings.cancelled_at
from {{ ref('int_openings_resolved') }} as openings
inner join {{ ref('int_jobs_unioned') }} as jobs on openings.job_id = jobs.job_id
inner join {{ ref('int_organisations_unioned') }} as organisations on openings.tenant_id = organisations.organisation_id
where openings.approved_at is not null
