select
    cast(tenant_id as text) || ':' || cast(outcome_id as text) as outcome_id,
    cast(tenant_id as text) as tenant_id,
    cast(tenant_id as text) || ':' || cast(hire_id as text) as hire_id,
    cast(as_of as date) as observed_on,
    cast(still_employed as boolean) as is_still_employed,
    cast(end_date as date) as end_date,
    cast(end_reason as text) as end_reason,
    cast(probation_passed as boolean) as probation_passed,
    cast(performance_scale as text) as performance_scale,
    cast(performance_value as double precision) as performance_value,
    cast(manager_satisfaction as double precision) as manager_satisfaction,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_log', 'outcomes') }}
