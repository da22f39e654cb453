select
    cast(id as text) as touch_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(channel_id as text) as channel_id,
    cast(touched_at as timestamptz) as touched_at,
    cast(position as bigint) as position,
    cast(referrer_user_id as text) as referrer_user_id,
    cast(agency_id as text) as agency_id,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'touches') }}
