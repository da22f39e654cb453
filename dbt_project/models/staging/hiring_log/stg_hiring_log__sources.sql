select
    cast(tenant_id as text) as tenant_id,
    cast(import_name as text) as import_name,
    cast(accidental_visit_rule as boolean) as has_accidental_visit_rule
from {{ source('hiring_log', 'sources') }}
