-- A school's stage names as gapless spans of time: a name keeps its last meaning until it is given another,
-- and its first meaning holds for anything earlier, so that no event is left without a stage.
select
    organisation_id,
    job_id,
    stage_name,
    canonical_stage,
    sla_hours,
    case
        when row_number() over (partition by organisation_id, job_id, stage_name order by active_from, {{ bytewise('stage_definition_id') }}) > 1
            then active_from
    end as valid_from,
    lead(active_from) over (partition by organisation_id, job_id, stage_name order by active_from, {{ bytewise('stage_definition_id') }}) as valid_to
from {{ ref('stg_hiring_core__stage_definitions') }}
