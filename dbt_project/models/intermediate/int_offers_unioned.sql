with unioned as (

    select
        'hiring_core' as source_system,
        offer_id,
        application_id,
        opening_id,
        tenant_id,
        chain_id,
        version,
        status,
        sent_at,
        resolved_at,
        recorded_at
    from {{ ref('stg_hiring_core__offers') }}

    union all

    select
        'hiring_log' as source_system,
        offer_id,
        application_id,
        opening_id,
        tenant_id,
        coalesce(chain_id, offer_id) as chain_id,
        coalesce(version, 1) as version,
        status,
        sent_at,
        resolved_at,
        recorded_at
    from {{ ref('stg_hiring_log__offers') }}

)

select
    unioned.source_system,
    unioned.offer_id,
    unioned.application_id,
    unioned.opening_id,
    unioned.tenant_id,
    unioned.chain_id,
    unioned.version,
    row_number() over (partition by unioned.chain_id order by unioned.version desc, {{ bytewise('unioned.offer_id') }} desc) = 1 as is_last_version,
    case when unioned.resolved_at > build.as_of then 'sent' else unioned.status end as status,
    case when unioned.sent_at <= build.as_of then unioned.sent_at end as sent_at,
    case when unioned.resolved_at <= build.as_of then unioned.resolved_at end as resolved_at,
    unioned.recorded_at
from unioned
inner join {{ ref('stg_pipeline__build') }} as build on unioned.recorded_at <= build.known_at
