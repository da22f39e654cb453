select
    cast(id as text) as hire_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(opening_id as text) as opening_id,
    cast(offer_id as text) as offer_id,
    cast(accepted_at as timestamptz) as accepted_at,
    cast(hired_at as timestamptz) as hired_at,
    cast(start_date as date) as start_date,
    cast(status as text) as status,
    cast(contract_kind as text) as contract_kind,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'hires') }}
