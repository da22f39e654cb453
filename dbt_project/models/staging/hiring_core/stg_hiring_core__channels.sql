select
    cast(id as text) as channel_id,
    cast(tenant_id as text) as tenant_id,
    cast(name as text) as channel_name,
    cast(type as text) as channel_type
from {{ source('hiring_core', 'channels') }}
