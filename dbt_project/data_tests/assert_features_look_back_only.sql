-- No feature row speaks of an instant after this build, nor of one before its own beginning.
select
    opening_id as entity_id,
    landmark,
    as_of
from {{ ref('features_time_to_hire') }}
cross join (select as_of as built_as_of from {{ ref('stg_pipeline__build') }}) as build
where as_of > built_as_of or elapsed_days < 0 or days_since_last_event < 0

union all

select
    application_id as entity_id,
    landmark,
    as_of
from {{ ref('features_candidate_success') }}
cross join (select as_of as built_as_of from {{ ref('stg_pipeline__build') }}) as build
where as_of > built_as_of or elapsed_days < 0
