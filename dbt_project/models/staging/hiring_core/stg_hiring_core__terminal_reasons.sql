select
    cast(id as text) as terminal_reason_id,
    cast(tenant_id as text) as tenant_id,
    cast(name as text) as name,
    cast(side as text) as side
from {{ source('hiring_core', 'terminal_reasons') }}
