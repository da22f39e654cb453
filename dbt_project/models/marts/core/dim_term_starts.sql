select distinct
    organisation_id,
    'hiring_core' as source_system,
    organisation_id as tenant_id,
    coalesce(term_code, 'term') as term_code,
    calendar_date as term_start_date
from {{ ref('stg_hiring_core__calendar_days') }}
where is_term_start
