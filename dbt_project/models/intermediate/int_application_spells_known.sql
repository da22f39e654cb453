-- From when to when each application was known to be active, spell by spell; uncleaned for the reason given in the milestones.
with spells as (

    select
        application_id,
        spell_number,
        min(known_at) as first_known_at,
        min(known_at) filter (where is_terminal) as terminal_known_at
    from {{ ref('int_stage_events_unioned') }}
    group by application_id, spell_number

),

all_spells as (

    select
        applications.application_id,
        applications.job_id,
        coalesce(spells.spell_number, 1) as spell_number,
        case when coalesce(spells.spell_number, 1) = 1 then applications.known_at else greatest(spells.first_known_at, applications.known_at) end
            as started_known_at,
        spells.terminal_known_at
    from {{ ref('int_applications_unioned') }} as applications
    left join spells on applications.application_id = spells.application_id

),

followed as (

    select
        *,
        min(started_known_at) over (
            partition by application_id
            order by spell_number
            rows between 1 following and unbounded following
        ) as next_started_known_at
    from all_spells

)

select
    application_id,
    job_id,
    spell_number,
    started_known_at,
    case
        when terminal_known_at is not null or next_started_known_at is not null
            then greatest(started_known_at, least(terminal_known_at, next_started_known_at))
    end as ended_known_at
from followed
