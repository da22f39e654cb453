select
    cast(id as text) as agency_submission_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(agency_id as text) as agency_id,
    cast(submitted_at as timestamptz) as submitted_at,
    cast(fee_basis as text) as fee_basis,
    cast(fee_minor as bigint) as fee_minor,
    cast(fee_currency as text) as fee_currency,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'agency_submissions') }}
