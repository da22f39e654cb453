with progress as (

    select
        histories.tenant_id,
        histories.season,
        histories.subject,
        count(*) filter (where histories.is_filled) as hired_count,
        count(*) filter (where not histories.is_filled and not histories.is_cancelled) as open_openings_count
    from {{ ref('mart_opening_histories') }} as histories
    group by histories.tenant_id, histories.season, histories.subject

),

-- A job's openings share one season: the one of its term.
job_seasons as (

    select
        job_id,
        min(season) as season
    from {{ ref('mart_opening_histories') }}
    group by job_id

),

received as (

    select
        applications.tenant_id,
        job_seasons.season,
        applications.subject,
        count(*) as applications_count,
        count(*) filter (where applications.outcome = 'open') as open_applications_count
    from {{ ref('fct_applications') }} as applications
    inner join job_seasons on applications.job_id = job_seasons.job_id
    group by applications.tenant_id, job_seasons.season, applications.subject

),

numbered as (

    select
        plans.*,
        row_number() over (
            partition by plans.tenant_id, plans.season, plans.subject
            order by plans.recorded_at desc, {{ bytewise('plans.hiring_plan_id') }} desc
        ) as plans_ago
    from {{ ref('stg_hiring_core__hiring_plans') }} as plans
    inner join {{ ref('stg_pipeline__build') }} as build on plans.recorded_at <= build.known_at

)

select
    numbered.hiring_plan_id,
    'hiring_core' as source_system,
    numbered.tenant_id,
    numbered.season,
    numbered.subject,
    numbered.due_date,
    numbered.target_hires_count,
    coalesce(progress.hired_count, 0) as hired_count,
    coalesce(progress.open_openings_count, 0) as open_openings_count,
    coalesce(received.applications_count, 0) as applications_count,
    coalesce(received.open_applications_count, 0) as open_applications_count
from numbered
left join progress
    on
        numbered.tenant_id = progress.tenant_id
        and numbered.season = progress.season
        and numbered.subject = progress.subject
left join received
    on
        numbered.tenant_id = received.tenant_id
        and numbered.season = received.season
        and numbered.subject = received.subject
where numbered.plans_ago = 1
