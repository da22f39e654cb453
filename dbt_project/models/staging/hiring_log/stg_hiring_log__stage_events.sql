select
    cast(tenant_id as text) || ':' || cast(event_id as text) as event_id,
    cast(tenant_id as text) as tenant_id,
    cast(tenant_id as text) || ':' || cast(application_id as text) as application_id,
    cast(sequence as bigint) as sequence,
    cast(stage as text) as stage_name,
    cast(canonical_stage as text) as canonical_stage,
    cast(event_at as timestamptz) as event_at,
    cast(recorded_at as timestamptz) as recorded_at,
    cast(actor as text) as actor_id,
    cast(provenance as text) as provenance
from {{ source('hiring_log', 'stage_events') }}
