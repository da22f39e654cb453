select
    cast(tenant_id as text) || ':' || cast(opening_id as text) as opening_id,
    cast(tenant_id as text) as tenant_id,
    cast(tenant_id as text) || ':' || cast(job_id as text) as job_id,
    cast(fte as double precision) as fte,
    cast(opened_at as timestamptz) as opened_at,
    cast(closed_at as timestamptz) as closed_at,
    cast(close_reason as text) as close_reason,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_log', 'openings') }}
