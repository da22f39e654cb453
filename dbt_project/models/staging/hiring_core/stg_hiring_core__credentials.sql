select
    cast(id as text) as credential_id,
    cast(candidate_id as text) as candidate_id,
    cast(kind as text) as kind,
    cast(verified_at as timestamptz) as verified_at,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'credentials') }}
