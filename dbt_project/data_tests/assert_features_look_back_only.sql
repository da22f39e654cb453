-- No feature row speaks of an instant after this build, nor of one before its own beginning.
select
    features.opening_id as entity_id,
    features.landmark,
    features.as_of
from {{ ref('features_time_to_hire') }} as features
cross join {{ ref('stg_pipeline__build') }} as build
where features.as_of > build.as_of or features.elapsed_days < 0 or features.days_since_last_event < 0

union all

select
    features.application_id as entity_id,
    features.landmark,
    features.as_of
from {{ ref('features_candidate_success') }} as features
cross join {{ ref('stg_pipeline__build') }} as build
where features.as_of > build.as_of or features.elapsed_days < 0
