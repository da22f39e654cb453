-- Only periods that are closed and frozen. A quarter below 20 people joins the academic year's rest, released with the year's end.
with quarters as (

    select
        people.tenant_id,
        people.academic_year_start,
        people.first_quarter_start as period_start,
        count(*) as people_count
    from {{ ref('int_application_outcomes') }} as people
    where people.first_quarter_start is not null
    group by people.tenant_id, people.academic_year_start, people.first_quarter_start

),

periods as (

    select
        tenant_id,
        'quarter' as period_kind,
        period_start,
        {{ add_months('period_start', '3') }} as next_start,
        people_count
    from quarters
    where people_count >= 20

    union all

    select
        tenant_id,
        'year_rest' as period_kind,
        academic_year_start as period_start,
        {{ add_months('academic_year_start', '12') }} as next_start,
        cast(sum(people_count) as bigint) as people_count
    from quarters
    where people_count < 20
    group by tenant_id, academic_year_start
    having sum(people_count) >= 10

)

select
    periods.tenant_id,
    'hiring_core' as source_system,
    periods.period_kind,
    periods.period_start,
    periods.next_start - 1 as period_end,
    periods.next_start + 7 as frozen_on,
    periods.people_count
from periods
inner join {{ ref('int_organisations_unioned') }} as organisations on periods.tenant_id = organisations.organisation_id
inner join {{ ref('stg_pipeline__build') }} as build
    on periods.next_start + 7 <= {{ local_date('build.as_of', 'organisations.timezone') }}
