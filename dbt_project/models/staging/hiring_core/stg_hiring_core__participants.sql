select
    cast(id as text) as participant_id,
    cast(tenant_id as text) as tenant_id,
    cast(interview_id as text) as interview_id,
    cast(user_id as text) as user_id,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'participants') }}
