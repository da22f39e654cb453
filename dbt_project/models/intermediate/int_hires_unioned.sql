-- A hire without an acceptance instant takes its offer's, then its own entry (flagged).
-- An imported log without a hires file has a hire for every application that ended as hired (flagged the same way).
with logs_with_hires as (

    select distinct tenant_id from {{ ref('stg_hiring_log__hires') }}

),

inferred as (

    select
        events.tenant_id,
        events.application_id,
        min(events.event_at) as hired_at,
        min(events.recorded_at) as recorded_at
    from {{ ref('stg_hiring_log__stage_events') }} as events
    inner join {{ ref('stg_hiring_log__applications') }} as applications on events.application_id = applications.application_id
    inner join {{ ref('stg_pipeline__build') }} as build
        on events.event_at <= build.as_of and events.recorded_at <= build.known_at
    left join logs_with_hires on events.tenant_id = logs_with_hires.tenant_id
    where events.canonical_stage = 'hired' and logs_with_hires.tenant_id is null
    group by events.tenant_id, events.application_id

),

unioned as (

    select
        'hiring_core' as source_system,
        hire_id,
        application_id,
        opening_id,
        offer_id,
        tenant_id,
        accepted_at,
        hired_at,
        start_date,
        status,
        contract_kind,
        recorded_at
    from {{ ref('stg_hiring_core__hires') }}

    union all

    select
        'hiring_log' as source_system,
        hire_id,
        application_id,
        opening_id,
        offer_id,
        tenant_id,
        accepted_at,
        hired_at,
        start_date,
        coalesce(status, 'started') as status,
        coalesce(contract_kind, 'permanent') as contract_kind,
        recorded_at
    from {{ ref('stg_hiring_log__hires') }}

    union all

    select
        'hiring_log' as source_system,
        application_id || ':hire' as hire_id,
        application_id,
        cast(null as text) as opening_id,
        cast(null as text) as offer_id,
        tenant_id,
        cast(null as timestamptz) as accepted_at,
        hired_at,
        cast(null as date) as start_date,
        'started' as status,
        'permanent' as contract_kind,
        recorded_at
    from inferred

),

timed as (

    select
        unioned.source_system,
        unioned.hire_id,
        unioned.application_id,
        unioned.opening_id,
        unioned.offer_id,
        unioned.tenant_id,
        coalesce(unioned.accepted_at, offers.resolved_at, unioned.hired_at) as accepted_at,
        unioned.accepted_at is null and offers.resolved_at is null as is_accept_imputed,
        unioned.start_date,
        unioned.status,
        unioned.contract_kind,
        unioned.recorded_at
    from unioned
    left join {{ ref('int_offers_unioned') }} as offers
        on unioned.offer_id = offers.offer_id and offers.status = 'accepted'

)

select
    timed.*,
    greatest(timed.accepted_at, timed.recorded_at) as known_at
from timed
inner join {{ ref('stg_pipeline__build') }} as build
    on timed.accepted_at <= build.as_of and timed.recorded_at <= build.known_at
