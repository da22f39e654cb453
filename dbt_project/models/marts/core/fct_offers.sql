select
    offer_id,
    source_system,
    application_id,
    opening_id,
    tenant_id,
    chain_id,
    version,
    is_last_version,
    status,
    sent_at,
    resolved_at
from {{ ref('int_offers_unioned') }}
