select
    cast(id as text) as stage_definition_id,
    cast(organisation_id as text) as organisation_id,
    cast(job_id as text) as job_id,
    cast(name as text) as stage_name,
    cast(canonical_stage as text) as canonical_stage,
    cast(sla_hours as bigint) as sla_hours,
    cast(active_from as timestamptz) as active_from
from {{ source('hiring_core', 'stage_definitions') }}
