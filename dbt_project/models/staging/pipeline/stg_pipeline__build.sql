select
    cast(as_of as timestamptz) as as_of,
    cast(known_at as timestamptz) as known_at,
    cast(batch_id as bigint) as batch_id
from {{ source('pipeline', 'build') }}
