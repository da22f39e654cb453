-- Follows merged_into_id to the person a candidate finally became. Twenty steps bound a circle, which no clean source has.
with recursive chain as (

    select
        candidate_id,
        merged_into_id as person_id,
        1 as step
    from {{ ref('stg_hiring_core__candidates') }}
    where merged_into_id is not null

    union all

    select
        chain.candidate_id,
        candidates.merged_into_id as person_id,
        chain.step + 1 as step
    from chain
    inner join {{ ref('stg_hiring_core__candidates') }} as candidates on chain.person_id = candidates.candidate_id
    where candidates.merged_into_id is not null and chain.step < 20

),

last_step as (

    select
        candidate_id,
        max(step) as step
    from chain
    group by candidate_id

)

select
    chain.candidate_id,
    chain.person_id
from chain
inner join last_step on chain.candidate_id = last_step.candidate_id and chain.step = last_step.step
