select
    outcomes.hire_id,
    outcomes.outcome_id,
    outcomes.observed_on,
    outcomes.is_still_employed,
    outcomes.end_date,
    outcomes.end_reason,
    outcomes.probation_passed,
    outcomes.performance_scale,
    outcomes.performance_value,
    outcomes.manager_satisfaction,
    outcomes.recorded_at
from (
    select * from {{ ref('stg_hiring_core__employment_outcomes') }}
    union all
    select * from {{ ref('stg_hiring_log__employment_outcomes') }}
) as outcomes
inner join {{ ref('stg_pipeline__build') }} as build on outcomes.recorded_at <= build.known_at
