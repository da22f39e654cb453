select
    cast(id as text) as posting_id,
    cast(tenant_id as text) as tenant_id,
    cast(job_id as text) as job_id,
    cast(channel_id as text) as channel_id,
    cast(live_from as timestamptz) as live_from,
    cast(is_internal as boolean) as is_internal,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'postings') }}
