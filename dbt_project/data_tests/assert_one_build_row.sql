-- Exactly one row says as of when this build speaks.
select count(*) as rows_count
from {{ ref('stg_pipeline__build') }}
having count(*) <> 1 or bool_or(as_of is null)
