-- Tenants that only an import names are given a plain school in UTC, so that no row is lost to a missing organisation.
with named as (

    select * from {{ ref('stg_hiring_core__organisations') }}

),

imported as (

    select tenant_id from {{ ref('stg_hiring_log__applications') }}
    union
    select tenant_id from {{ ref('stg_hiring_log__jobs') }}
    union
    select tenant_id from {{ ref('stg_hiring_log__sources') }}

)

select
    'hiring_core' as source_system,
    organisation_id,
    name,
    kind,
    parent_id,
    timezone,
    country,
    academic_year_start_month
from named

union all

select
    'hiring_log' as source_system,
    imported.tenant_id as organisation_id,
    imported.tenant_id as name,
    'school' as kind,
    cast(null as text) as parent_id,
    'UTC' as timezone,
    'unknown' as country,
    cast(9 as bigint) as academic_year_start_month
from imported
left join named on imported.tenant_id = named.organisation_id
where named.organisation_id is null
