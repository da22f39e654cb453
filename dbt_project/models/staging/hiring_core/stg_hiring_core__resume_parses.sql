select
    cast(id as text) as resume_parse_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(match_score as double precision) as match_score,
    cast(completed_at as timestamptz) as completed_at,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'resume_parses') }}
