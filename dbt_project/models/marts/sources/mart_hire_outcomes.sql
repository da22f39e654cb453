-- A label is final for the whole cohort twelve months after the start, for failures too:
-- else the youngest hires with a label would all be failures.
with outcomes as (

    select
        outcomes.*,
        row_number() over (
            partition by outcomes.hire_id
            order by outcomes.observed_on desc, outcomes.recorded_at desc, {{ bytewise('outcomes.outcome_id') }} desc
        ) as outcomes_ago
    from {{ ref('int_employment_outcomes_unioned') }} as outcomes

),

latest_performance as (

    select
        hire_id,
        performance_value >= 3 as performance_meets,
        row_number() over (
            partition by hire_id
            order by observed_on desc, recorded_at desc, {{ bytewise('outcome_id') }} desc
        ) as values_ago
    from outcomes
    where performance_value is not null

),

facts as (

    select
        hires.hire_id,
        bool_and(outcomes.probation_passed) as probation_passed,
        max(case when outcomes.is_still_employed then outcomes.observed_on end) as last_seen_on,
        min(outcomes.end_date) as end_date,
        min(case when outcomes.end_date is not null then outcomes.end_reason end) as end_reason,
        min(case when outcomes.end_date is not null then outcomes.recorded_at end) as end_recorded_at,
        min(case when outcomes.is_still_employed and outcomes.observed_on - hires.start_date >= 365 then outcomes.recorded_at end)
            as retention_recorded_at,
        max(outcomes.recorded_at) filter (where outcomes.probation_passed is not null) as probation_recorded_at
    from {{ ref('fct_hires') }} as hires
    inner join outcomes on hires.hire_id = outcomes.hire_id
    group by hires.hire_id

),

judged as (

    select
        hires.hire_id,
        hires.source_system,
        hires.application_id,
        hires.tenant_id,
        hires.accepted_at,
        hires.start_date,
        facts.probation_passed,
        latest_performance.performance_meets,
        case
            when hires.status = 'reneged' then null
            when facts.end_date - hires.start_date < 365 then case when end_reasons.ends_retention then false end
            when facts.end_date - hires.start_date >= 365 or facts.retention_recorded_at is not null then true
        end as is_retained,
        greatest(
            {{ local_midnight('hires.start_date + 365', 'organisations.timezone') }},
            coalesce(facts.retention_recorded_at, facts.end_recorded_at),
            coalesce(facts.probation_recorded_at, facts.retention_recorded_at, facts.end_recorded_at)
        ) as final_at
    from {{ ref('fct_hires') }} as hires
    inner join {{ ref('int_organisations_unioned') }} as organisations on hires.tenant_id = organisations.organisation_id
    left join facts on hires.hire_id = facts.hire_id
    left join latest_performance on hires.hire_id = latest_performance.hire_id and latest_performance.values_ago = 1
    left join {{ ref('end_reasons') }} as end_reasons on facts.end_reason = end_reasons.end_reason

),

known as (

    select
        judged.*,
        judged.is_retained is not null and judged.final_at <= build.as_of as is_known
    from judged
    cross join {{ ref('stg_pipeline__build') }} as build

)

select
    hire_id,
    source_system,
    application_id,
    tenant_id,
    accepted_at,
    start_date,
    case when is_known then is_retained and coalesce(probation_passed, true) and coalesce(performance_meets, true) end as is_success,
    case when is_known then final_at end as label_known_at,
    probation_passed,
    case when is_known then is_retained end as is_retained_12m,
    performance_meets
from known
