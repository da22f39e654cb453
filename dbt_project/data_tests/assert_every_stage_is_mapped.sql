-- Every stage name means a canonical stage or an outcome; an unmapped one is kept, and reported here.
select
    source_system,
    tenant_id,
    stage_name,
    count(*) as events_count
from {{ ref('int_stage_events_unioned') }}
where stage is null or (rank is null and not is_terminal)
group by source_system, tenant_id, stage_name
