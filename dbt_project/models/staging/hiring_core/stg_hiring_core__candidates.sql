select
    cast(id as text) as candidate_id,
    cast(years_experience as double precision) as years_experience,
    cast(qualification_level as text) as qualification_level,
    subjects,
    cast(merged_into_id as text) as merged_into_id,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'candidates') }}
