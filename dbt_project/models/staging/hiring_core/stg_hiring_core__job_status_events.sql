select
    cast(id as text) as job_status_event_id,
    cast(tenant_id as text) as tenant_id,
    cast(job_id as text) as job_id,
    cast(from_status as text) as from_status,
    cast(to_status as text) as to_status,
    cast(event_at as timestamptz) as event_at,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'job_status_events') }}
