select
    cast(tenant_id as text) || ':' || cast(application_id as text) as application_id,
    cast(tenant_id as text) as tenant_id,
    cast(tenant_id as text) || ':' || cast(candidate_id as text) as candidate_id,
    cast(tenant_id as text) || ':' || cast(job_id as text) as job_id,
    cast(attempt_number as bigint) as attempt_number,
    cast(applied_at as timestamptz) as applied_at,
    cast(origin as text) as origin,
    cast(is_internal as boolean) as is_internal,
    cast(channel_type as text) as channel_type,
    cast(status as text) as status,
    cast(terminal_at as timestamptz) as terminal_at,
    cast(terminal_side as text) as terminal_side,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_log', 'applications') }}
