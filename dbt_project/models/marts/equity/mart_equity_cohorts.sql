-- Only periods that are closed and frozen. A (pool): a quarter below 20 people joins the academic year's rest, released with the year's end.
-- B (outcomes): a bin below 10 people joins the next lower stage. C (benchmark): calendar quarters of all schools, from 500 people.
with people as (

    select * from {{ ref('int_application_outcomes') }}

),

quarters as (

    select
        tenant_id,
        academic_year_start,
        first_quarter_start as period_start,
        count(*) as people_count
    from people
    where first_quarter_start is not null
    group by tenant_id, academic_year_start, first_quarter_start

),

closed_years as (

    select
        tenant_id,
        academic_year_start,
        count(*) as closed_count,
        sum(case when outcome_bin = 'hired' then 1 else 0 end) as hired_count,
        sum(case when outcome_bin <> 'not_interviewed' then 1 else 0 end) as interviewed_count
    from people
    where outcome_bin is not null
    group by tenant_id, academic_year_start

),

-- How many people the bin keeps for itself; the others go one stage down.
hired as (

    select
        *,
        case when hired_count >= 10 then hired_count else 0 end as hired_kept
    from closed_years

),

interviewed as (

    select
        *,
        case when interviewed_count - hired_kept >= 10 then interviewed_count - hired_kept else 0 end as interviewed_kept
    from hired

),

outcomes as (

    select
        tenant_id,
        academic_year_start,
        'hired' as outcome_bin,
        hired_kept as people_count
    from interviewed

    union all

    select
        tenant_id,
        academic_year_start,
        'interviewed' as outcome_bin,
        interviewed_kept as people_count
    from interviewed

    union all

    select
        tenant_id,
        academic_year_start,
        'not_interviewed' as outcome_bin,
        closed_count - hired_kept - interviewed_kept as people_count
    from interviewed

),

periods as (

    select
        'A' as release,
        tenant_id,
        'quarter' as period_kind,
        period_start,
        {{ add_months('period_start', '3') }} as next_start,
        7 as days_to_freeze,
        'pool' as outcome_bin,
        people_count
    from quarters
    where people_count >= 20

    union all

    select
        'A' as release,
        tenant_id,
        'year_rest' as period_kind,
        academic_year_start as period_start,
        {{ add_months('academic_year_start', '12') }} as next_start,
        7 as days_to_freeze,
        'pool' as outcome_bin,
        sum(people_count) as people_count
    from quarters
    where people_count < 20
    group by tenant_id, academic_year_start
    having sum(people_count) >= 10

    union all

    select
        'B' as release,
        tenant_id,
        'academic_year' as period_kind,
        academic_year_start as period_start,
        {{ add_months('academic_year_start', '12') }} as next_start,
        30 as days_to_freeze,
        outcome_bin,
        people_count
    from outcomes
    where people_count >= 10

    union all

    select
        'C' as release,
        'all_schools' as tenant_id,
        'quarter' as period_kind,
        first_calendar_quarter_start as period_start,
        {{ add_months('first_calendar_quarter_start', '3') }} as next_start,
        7 as days_to_freeze,
        'pool' as outcome_bin,
        count(*) as people_count
    from people
    where first_calendar_quarter_start is not null
    group by first_calendar_quarter_start
    having count(*) >= 500

)

select
    periods.release,
    periods.tenant_id,
    'hiring_core' as source_system,
    periods.period_kind,
    periods.period_start,
    periods.next_start - 1 as period_end,
    periods.outcome_bin,
    periods.next_start + periods.days_to_freeze as frozen_on,
    cast(periods.people_count as bigint) as people_count
from periods
left join {{ ref('int_organisations_unioned') }} as organisations on periods.tenant_id = organisations.organisation_id
inner join {{ ref('stg_pipeline__build') }} as build
    on
        periods.next_start + periods.days_to_freeze
        <= {{ local_date('build.as_of', "coalesce(organisations.timezone, 'UTC')") }}
