-- The season is the school's academic year (by the year it begins) in which the opening was wanted.
with hires as (

    select
        opening_id,
        application_id,
        row_number() over (partition by opening_id order by accepted_at, {{ bytewise('hire_id') }}) as hire_number
    from {{ ref('fct_hires') }}
    where opening_id is not null and status <> 'reneged'

),

stays as (

    select
        hires.opening_id,
    {% for stage in ['applied', 'screen', 'interview', 'demo_lesson', 'references_checks', 'offer'] %}
    max(case when durations.stage = '{{ stage }}' then durations.time_in_stage_days end) as {{ stage }}_stage_days{{ ',' if not loop.last }}
    {% endfor %}
    from hires
    inner join {{ ref('mart_stage_durations') }} as durations on hires.application_id = durations.application_id
    where hires.hire_number = 1
    group by hires.opening_id

),

applicants as (

    select
        job_id,
        count(*) as job_applications_count
    from {{ ref('fct_applications') }}
    where not is_reapplication
    group by job_id

),

dated as (

    select
        openings.*,
        organisations.timezone,
        organisations.academic_year_start_month,
        count(*) over (partition by openings.job_id) as job_openings_count,
        coalesce(
            openings.term_start_date,
            openings.target_start_date,
            {{ local_date('openings.approved_at', 'organisations.timezone') }}
        ) as wanted_date,
        {{ local_date('build.as_of', 'organisations.timezone') }} as as_of_date,
        {{ local_midnight('openings.term_start_date', 'organisations.timezone') }} as term_starts_at
    from {{ ref('fct_openings') }} as openings
    inner join {{ ref('int_organisations_unioned') }} as organisations on openings.tenant_id = organisations.organisation_id
    cross join {{ ref('stg_pipeline__build') }} as build
    where openings.approved_at is not null

),

timed as (

    select
        dated.*,
        dated.term_start_date is not null and dated.term_start_date <= dated.as_of_date as is_due,
        {{ elapsed_days('dated.filled_at', 'dated.term_starts_at') }} as days_to_day_one
    from dated

)

select
    timed.opening_id,
    timed.source_system,
    timed.tenant_id,
    timed.job_id,
    timed.subject,
    timed.staff_class,
    cast(cast(extract(year from {{ academic_year_start('timed.wanted_date', 'timed.academic_year_start_month') }}) as integer) as text) as season,
    fill.approved_month,
    timed.term_start_date,
    timed.fte,
    fill.gross_days,
    fill.is_filled,
    fill.is_cancelled,
    timed.is_due,
    timed.is_due and not fill.is_cancelled and coalesce(timed.days_to_day_one < 0, true) as is_late,
    timed.days_to_day_one,
    coalesce(applicants.job_applications_count, 0) as job_applications_count,
    timed.job_openings_count,
    stays.applied_stage_days,
    stays.screen_stage_days,
    stays.interview_stage_days,
    stays.demo_lesson_stage_days,
    stays.references_checks_stage_days,
    stays.offer_stage_days
from timed
inner join {{ ref('mart_time_to_fill') }} as fill on timed.opening_id = fill.opening_id
left join stays on timed.opening_id = stays.opening_id
left join applicants on timed.job_id = applicants.job_id
