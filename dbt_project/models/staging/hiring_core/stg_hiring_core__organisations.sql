select
    cast(id as text) as organisation_id,
    cast(name as text) as name,
    cast(kind as text) as kind,
    cast(parent_id as text) as parent_id,
    cast(timezone as text) as timezone,
    cast(country as text) as country,
    cast(academic_year_start_month as bigint) as academic_year_start_month
from {{ source('hiring_core', 'organisations') }}
