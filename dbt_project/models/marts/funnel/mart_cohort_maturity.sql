-- Mature: 95 % have ended, or even the youngest application of the month is older than 95 % of the tenant's ended ones ever became.
with durations as (

    select
        tenant_id,
        source_system,
        percentile_cont(0.95) within group (order by process_days) as p95_process_days
    from {{ ref('fct_applications') }}
    where outcome <> 'open'
    group by tenant_id, source_system

),

cohorts as (

    select
        tenant_id,
        source_system,
        applied_month,
        max(applied_at) as youngest_applied_at,
        count(*) as applications_count,
        count(*) filter (where outcome = 'open') as open_count
    from {{ ref('fct_applications') }}
    group by tenant_id, source_system, applied_month

),

aged as (

    select
        cohorts.*,
        {{ local_date('build.as_of', 'organisations.timezone') }} as as_of_date,
        {{ elapsed_days('cohorts.youngest_applied_at', 'build.as_of') }} as youngest_age_days
    from cohorts
    inner join {{ ref('int_organisations_unioned') }} as organisations on cohorts.tenant_id = organisations.organisation_id
    cross join {{ ref('stg_pipeline__build') }} as build

)

select
    aged.tenant_id,
    aged.source_system,
    aged.applied_month,
    aged.applications_count,
    aged.open_count,
    -- The month itself must be over: a young month with few, quickly ended applications is not finished.
    aged.applied_month < {{ month_start('aged.as_of_date') }}
    and (
        100 * (aged.applications_count - aged.open_count) >= 95 * aged.applications_count
        or coalesce(aged.youngest_age_days > durations.p95_process_days, false)
    ) as is_mature
from aged
left join durations on aged.tenant_id = durations.tenant_id and aged.source_system = durations.source_system
