-- What became of every application: the first terminal of its last spell, or still open.
-- The row's own status speaks only where no transition does (logs without history).
with last_spells as (

    select
        application_id,
        max(spell_number) as spell_number,
        count(*) as spells_count,
        bool_or(outcome is not null) as has_terminal
    from {{ ref('int_application_spells') }}
    group by application_id

),

furthest as (

    select
        application_id,
        max(rank) as reached_rank
    from {{ ref('int_application_stages_reached') }}
    group by application_id

),

ended as (

    select
        applications.application_id,
        last_spells.spells_count,
        furthest.reached_rank,
        case
            when spells.outcome is not null then spells.outcome
            when not last_spells.has_terminal and applications.terminal_at <= build.as_of then stated.outcome
        end as outcome,
        case
            when spells.outcome is not null then spells.ended_at
            when not last_spells.has_terminal and applications.terminal_at <= build.as_of and stated.outcome is not null
                then applications.terminal_at
        end as terminal_at,
        coalesce(spells.outcome_side, applications.terminal_side) as side,
        coalesce(spells.outcome_reason, applications.terminal_reason) as reason
    from {{ ref('int_applications_unioned') }} as applications
    inner join last_spells on applications.application_id = last_spells.application_id
    inner join furthest on applications.application_id = furthest.application_id
    inner join {{ ref('int_application_spells') }} as spells
        on last_spells.application_id = spells.application_id and last_spells.spell_number = spells.spell_number
    left join {{ ref('application_outcomes') }} as stated on applications.status = stated.outcome
    cross join {{ ref('stg_pipeline__build') }} as build

)

select
    ended.application_id,
    ended.spells_count,
    ended.reached_rank,
    stages.stage as furthest_stage,
    coalesce(ended.outcome, 'open') as outcome,
    case
        when ended.outcome in ('rejected', 'withdrawn', 'offer_declined', 'job_closed')
            then coalesce(ended.side, outcomes.default_side)
    end as outcome_side,
    case when ended.outcome in ('rejected', 'withdrawn', 'offer_declined', 'job_closed') then ended.reason end as outcome_reason,
    ended.terminal_at,
    coalesce(outcomes.is_in_funnel, true) as is_in_funnel
from ended
inner join {{ ref('canonical_stages') }} as stages on ended.reached_rank = stages.rank
left join {{ ref('application_outcomes') }} as outcomes on ended.outcome = outcomes.outcome
