select
    cast(id as text) as offer_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(opening_id as text) as opening_id,
    cast(chain_id as text) as chain_id,
    cast(version as bigint) as version,
    cast(status as text) as status,
    cast(sent_at as timestamptz) as sent_at,
    cast(resolved_at as timestamptz) as resolved_at,
    cast(start_date as date) as start_date,
    cast(fte as double precision) as fte,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'offers') }}
