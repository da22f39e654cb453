-- Running figures of a tenant as signed steps: whoever adds up all steps until an instant knows what was known then.
with openings as (

    select
        tenant_id,
        open_known_at,
        least(filled_known_at, job_closed_known_at) as ended_known_at,
        filled_known_at,
        {{ elapsed_microseconds('approved_at', 'accepted_at') }} as fill_microseconds
    from {{ ref('int_openings_known') }}

)

select
    tenant_id,
    open_known_at as changed_at,
    1 as open_change,
    0 as filled_change,
    cast(0 as bigint) as fill_microseconds_change
from openings

union all

select
    tenant_id,
    greatest(ended_known_at, open_known_at) as changed_at,
    -1 as open_change,
    0 as filled_change,
    cast(0 as bigint) as fill_microseconds_change
from openings
where ended_known_at is not null

union all

select
    tenant_id,
    filled_known_at as changed_at,
    0 as open_change,
    1 as filled_change,
    fill_microseconds as fill_microseconds_change
from openings
where filled_known_at is not null

union all

select
    tenant_id,
    filled_known_at + interval '8760 hours' as changed_at,
    0 as open_change,
    -1 as filled_change,
    -fill_microseconds as fill_microseconds_change
from openings
where filled_known_at is not null
