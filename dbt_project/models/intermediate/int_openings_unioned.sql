select
    'hiring_core' as source_system,
    opening_id,
    tenant_id,
    job_id,
    fte,
    opened_at,
    closed_at,
    close_reason,
    recorded_at
from {{ ref('stg_hiring_core__openings') }}

union all

select
    'hiring_log' as source_system,
    opening_id,
    tenant_id,
    job_id,
    coalesce(fte, cast(1 as double precision)) as fte,
    opened_at,
    closed_at,
    close_reason,
    recorded_at
from {{ ref('stg_hiring_log__openings') }}
