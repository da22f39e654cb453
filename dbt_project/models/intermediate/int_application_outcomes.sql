-- People, not applications, by academic year, as the equity releases count them: one row per tenant, person and academic year.
-- Only applications recorded when a period froze (7 days after a quarter, 30 after a year of closing) count, so that late rows never
-- move a frozen cohort. Quarters are the school's own for its pool and calendar quarters in UTC for the benchmark of all schools.
-- Internal transfers are no applicants; imported logs carry no invitation to the survey: both stay out.
with applications as (

    select
        applications.tenant_id,
        applications.person_id as candidate_id,
        applications.application_id,
        applications.recorded_at,
        organisations.timezone,
        organisations.academic_year_start_month as start_month,
        {{ local_date('applications.applied_at', 'applications.timezone') }} as applied_date,
        cast(date_trunc('quarter', {{ local_date('applications.applied_at', "'UTC'") }}) as date) as calendar_quarter_start,
        case when resolved.outcome <> 'open' then {{ local_date('resolved.terminal_at', 'applications.timezone') }} end as closed_date,
        case
            when resolved.outcome = 'hired' then 'hired'
            when resolved.reached_rank >= 3 then 'interviewed'
            else 'not_interviewed'
        end as outcome_bin
    from {{ ref('int_applications_unioned') }} as applications
    inner join {{ ref('int_applications_resolved') }} as resolved on applications.application_id = resolved.application_id
    inner join {{ ref('int_organisations_unioned') }} as organisations on applications.tenant_id = organisations.organisation_id
    where applications.source_system = 'hiring_core' and resolved.is_in_funnel and not applications.is_internal

),

placed as (

    select
        *,
        {{ academic_year_start('applied_date', 'start_month') }} as applied_year_start,
        {{ academic_year_start('closed_date', 'start_month') }} as closed_year_start
    from applications

),

quartered as (

    select
        *,
        {{ academic_quarter_start('applied_date', 'applied_year_start') }} as quarter_start
    from placed

),

applied as (

    select
        tenant_id,
        candidate_id,
        applied_year_start as academic_year_start,
        min(quarter_start) as first_quarter_start
    from quartered
    where recorded_at < {{ local_midnight(add_months('quarter_start', '3') ~ ' + 7', 'timezone') }}
    group by tenant_id, candidate_id, applied_year_start

),

applied_anywhere as (

    select
        tenant_id,
        candidate_id,
        applied_year_start as academic_year_start,
        min(calendar_quarter_start) as first_calendar_quarter_start
    from quartered
    where recorded_at < {{ local_midnight(add_months('calendar_quarter_start', '3') ~ ' + 7', "'UTC'") }}
    group by tenant_id, candidate_id, applied_year_start

),

closed as (

    select
        tenant_id,
        candidate_id,
        closed_year_start as academic_year_start,
        max(case outcome_bin when 'hired' then 3 when 'interviewed' then 2 else 1 end) as outcome_rank
    from placed
    where
        closed_year_start is not null
        and recorded_at < {{ local_midnight(add_months('closed_year_start', '12') ~ ' + 30', 'timezone') }}
    group by tenant_id, candidate_id, closed_year_start

),

measured as (

    select
        tenant_id,
        candidate_id,
        academic_year_start,
        first_quarter_start,
        cast(null as date) as first_calendar_quarter_start,
        cast(null as integer) as outcome_rank
    from applied

    union all

    select
        tenant_id,
        candidate_id,
        academic_year_start,
        null as first_quarter_start,
        first_calendar_quarter_start,
        null as outcome_rank
    from applied_anywhere

    union all

    select
        tenant_id,
        candidate_id,
        academic_year_start,
        null as first_quarter_start,
        null as first_calendar_quarter_start,
        outcome_rank
    from closed

)

select
    tenant_id,
    candidate_id,
    academic_year_start,
    max(first_quarter_start) as first_quarter_start,
    max(first_calendar_quarter_start) as first_calendar_quarter_start,
    case max(outcome_rank) when 3 then 'hired' when 2 then 'interviewed' when 1 then 'not_interviewed' end as outcome_bin
from measured
group by tenant_id, candidate_id, academic_year_start
