select
    cast(id as text) as message_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(sent_at as timestamptz) as sent_at,
    cast(direction as text) as direction,
    cast(is_automatic as boolean) as is_automatic,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'messages') }}
