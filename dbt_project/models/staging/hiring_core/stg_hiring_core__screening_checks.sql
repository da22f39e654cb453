select
    cast(id as text) as screening_check_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(kind as text) as kind,
    cast(completed_at as timestamptz) as completed_at,
    cast(result as text) as result,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'screening_checks') }}
