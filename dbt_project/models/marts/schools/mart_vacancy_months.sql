-- A vacancy lasts from its opening (from approval where no opening is known) until it is filled or cancelled.
with recursive spans as (

    select
        openings.opening_id,
        openings.source_system,
        openings.tenant_id,
        openings.subject,
        openings.staff_class,
        openings.fte,
        {{ month_start(local_date('coalesce(openings.opened_at, openings.approved_at)', 'organisations.timezone')) }} as first_month,
        {{ month_start(local_date('coalesce(openings.closed_at, build.as_of)', 'organisations.timezone')) }} as last_month,
        openings.closed_at is null as is_open
    from {{ ref('fct_openings') }} as openings
    inner join {{ ref('int_organisations_unioned') }} as organisations on openings.tenant_id = organisations.organisation_id
    cross join {{ ref('stg_pipeline__build') }} as build
    where openings.approved_at is not null and coalesce(openings.opened_at, openings.approved_at) <= build.as_of

),

months as (

    select
        opening_id,
        first_month as vacancy_month,
        last_month
    from spans

    union all

    select
        opening_id,
        {{ add_months('vacancy_month', 1) }} as vacancy_month,
        last_month
    from months
    where vacancy_month < last_month

)

select
    spans.opening_id,
    months.vacancy_month,
    spans.source_system,
    spans.tenant_id,
    spans.subject,
    spans.staff_class,
    spans.fte,
    spans.is_open or months.vacancy_month < spans.last_month as is_open_at_end
from spans
inner join months on spans.opening_id = months.opening_id
