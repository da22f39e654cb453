-- People, not applications, by academic year, as the equity release counts them: one row per tenant, person and academic year.
-- Only what was recorded when a quarter froze (seven days after its end) counts, so that late rows never move a frozen cohort.
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

known_when_frozen as (

    select
        *,
        {{ add_months('quarter_start', '3') }} as quarter_end
    from quartered
    where recorded_at < {{ local_midnight(add_months('quarter_start', '3') ~ ' + 7', 'timezone') }}

),

applied as (

    select
        tenant_id,
        candidate_id,
        applied_year_start as academic_year_start,
        min(quarter_start) as first_quarter_start
    from known_when_frozen
    group by tenant_id, candidate_id, applied_year_start

),

closed as (

    select
        tenant_id,
        candidate_id,
        closed_year_start as academic_year_start,
        case max(case outcome_bin when 'hired' then 3 when 'interviewed' then 2 else 1 end)
            when 3 then 'hired' when 2 then 'interviewed' else 'not_interviewed'
        end as outcome_bin
    from placed
    where closed_year_start is not null
    group by tenant_id, candidate_id, closed_year_start

)

select
    coalesce(applied.tenant_id, closed.tenant_id) as tenant_id,
    coalesce(applied.candidate_id, closed.candidate_id) as candidate_id,
    coalesce(applied.academic_year_start, closed.academic_year_start) as academic_year_start,
    applied.first_quarter_start,
    closed.outcome_bin
from applied
full outer join closed
    on
        applied.tenant_id = closed.tenant_id
        and applied.candidate_id = closed.candidate_id
        and applied.academic_year_start = closed.academic_year_start
