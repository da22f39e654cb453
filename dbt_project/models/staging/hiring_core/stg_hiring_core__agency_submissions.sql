select
    cast(id as text) as agency_submission_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(agency_id as text) as agency_id,
    cast(submitted_at as timestamptz) as submitted_at
from {{ source('hiring_core', 'agency_submissions') }}
