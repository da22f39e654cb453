-- The term a job is meant for: the term start nearest to its target date, or the next one after it opened.
with openings as (

    select
        openings.*,
        jobs.subject,
        jobs.staff_class,
        jobs.target_start_date,
        coalesce(jobs.target_start_date, {{ local_date('coalesce(openings.opened_at, openings.approved_at)', 'organisations.timezone') }}) as wanted_date
    from {{ ref('int_openings_resolved') }} as openings
    inner join {{ ref('int_jobs_unioned') }} as jobs on openings.job_id = jobs.job_id
    inner join {{ ref('int_organisations_unioned') }} as organisations on openings.tenant_id = organisations.organisation_id

),

terms as (

    select
        openings.opening_id,
        term_starts.term_start_date,
        row_number() over (
            partition by openings.opening_id
            order by abs(term_starts.term_start_date - openings.wanted_date), term_starts.term_start_date
        ) as nearness
    from openings
    inner join {{ ref('dim_term_starts') }} as term_starts
        on
            openings.tenant_id = term_starts.organisation_id
            and (openings.target_start_date is not null or term_starts.term_start_date > openings.wanted_date)

)

select
    openings.opening_id,
    openings.source_system,
    openings.job_id,
    openings.tenant_id,
    openings.subject,
    openings.staff_class,
    case when openings.filled_at is not null then 'filled' when openings.cancelled_at is not null then 'cancelled' else 'open' end as status,
    openings.approved_at,
    openings.opened_at,
    openings.filled_at,
    coalesce(openings.filled_at, openings.cancelled_at) as closed_at,
    openings.fte,
    openings.target_start_date,
    terms.term_start_date,
    {{ days('openings.hold_microseconds') }} as hold_days
from openings
left join terms on openings.opening_id = terms.opening_id and terms.nearness = 1
