select
    organisation_id,
    source_system,
    name,
    kind,
    parent_id,
    timezone,
    country,
    academic_year_start_month
from {{ ref('int_organisations_unioned') }}
