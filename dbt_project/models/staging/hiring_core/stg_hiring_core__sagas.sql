select
    cast(id as text) as saga_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(offer_id as text) as offer_id,
    cast(state as text) as state,
    cast(ended_at as timestamptz) as ended_at,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'sagas') }}
