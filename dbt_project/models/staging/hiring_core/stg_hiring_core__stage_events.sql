select
    cast(id as text) as event_id,
    cast(tenant_id as text) as tenant_id,
    cast(application_id as text) as application_id,
    cast(sequence as bigint) as sequence,
    cast(to_stage as text) as stage_name,
    cast(event_at as timestamptz) as event_at,
    cast(recorded_at as timestamptz) as recorded_at,
    cast(actor_id as text) as actor_id,
    cast(reason_id as text) as reason_id,
    cast(provenance as text) as provenance,
    cast(spell_number as bigint) as spell_number
from {{ source('hiring_core', 'stage_events') }}
