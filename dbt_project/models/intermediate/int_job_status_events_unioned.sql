-- An imported job brings three instants instead of events: they become events, so that everything later reads one shape.
with unioned as (

    select
        'hiring_core' as source_system,
        job_status_event_id,
        tenant_id,
        job_id,
        to_status,
        event_at,
        recorded_at
    from {{ ref('stg_hiring_core__job_status_events') }}

    union all

    select
        'hiring_log' as source_system,
        job_id || ':approved' as job_status_event_id,
        tenant_id,
        job_id,
        'approved' as to_status,
        approved_at as event_at,
        recorded_at
    from {{ ref('stg_hiring_log__jobs') }}
    where approved_at is not null

    union all

    select
        'hiring_log' as source_system,
        job_id || ':open' as job_status_event_id,
        tenant_id,
        job_id,
        'open' as to_status,
        opened_at as event_at,
        recorded_at
    from {{ ref('stg_hiring_log__jobs') }}
    where opened_at is not null

    union all

    select
        'hiring_log' as source_system,
        job_id || ':closed' as job_status_event_id,
        tenant_id,
        job_id,
        case when status = 'cancelled' then 'cancelled' else 'closed' end as to_status,
        closed_at as event_at,
        recorded_at
    from {{ ref('stg_hiring_log__jobs') }}
    where closed_at is not null

)

select
    unioned.source_system,
    unioned.job_status_event_id,
    unioned.tenant_id,
    unioned.job_id,
    unioned.to_status,
    unioned.event_at,
    unioned.recorded_at,
    statuses.position as status_position,
    greatest(unioned.event_at, unioned.recorded_at) as known_at
from unioned
inner join {{ ref('stg_pipeline__build') }} as build
    on unioned.event_at <= build.as_of and unioned.recorded_at <= build.known_at
left join {{ ref('vocabularies') }} as statuses
    on unioned.to_status = statuses.value and statuses.vocabulary = 'job_status'
