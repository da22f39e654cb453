select
    cast(id as text) as hiring_plan_id,
    cast(organisation_id as text) as tenant_id,
    cast(season as text) as season,
    cast(subject as text) as subject,
    cast(target_hires as bigint) as target_hires_count,
    cast(due_date as date) as due_date,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'hiring_plans') }}
