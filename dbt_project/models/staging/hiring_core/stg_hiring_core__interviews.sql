select
    cast(id as text) as interview_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(kind as text) as kind,
    cast(scheduled_end as timestamptz) as scheduled_end,
    cast(status as text) as status,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'interviews') }}
