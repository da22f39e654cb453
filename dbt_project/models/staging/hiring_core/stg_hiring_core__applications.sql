select
    cast(id as text) as application_id,
    cast(tenant_id as text) as tenant_id,
    cast(candidate_id as text) as candidate_id,
    cast(job_id as text) as job_id,
    cast(attempt_number as bigint) as attempt_number,
    cast(applied_at as timestamptz) as applied_at,
    cast(origin as text) as origin,
    cast(is_internal as boolean) as is_internal,
    cast(status as text) as status,
    cast(terminal_at as timestamptz) as terminal_at,
    cast(terminal_reason_id as text) as terminal_reason_id,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'applications') }}
