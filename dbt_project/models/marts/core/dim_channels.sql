select
    channel_id,
    'hiring_core' as source_system,
    tenant_id,
    channel_name,
    channel_type
from {{ ref('stg_hiring_core__channels') }}
