-- How long each hire has stayed, and how far that is known: until its end, until now while the core has it in post,
-- until it was last seen in an import. Never until now without a word for it.
with outcomes as (

    select
        outcomes.*,
        row_number() over (
            partition by outcomes.hire_id, outcomes.performance_value is not null
            order by outcomes.observed_on desc, outcomes.recorded_at desc, {{ bytewise('outcomes.outcome_id') }} desc
        ) as performance_values_ago,
        row_number() over (
            partition by outcomes.hire_id, outcomes.manager_satisfaction is not null
            order by outcomes.observed_on desc, outcomes.recorded_at desc, {{ bytewise('outcomes.outcome_id') }} desc
        ) as satisfactions_ago
    from {{ ref('int_employment_outcomes_unioned') }} as outcomes

),

facts as (

    select
        hire_id,
        min(end_date) as end_date,
        min(case when end_date is not null then end_reason end) as end_reason,
        max(case when is_still_employed then observed_on end) as last_seen_on,
        max(case
            when performance_values_ago = 1 and performance_scale = '1-5' then (performance_value - 1) / 4
            when performance_values_ago = 1 and performance_scale = '1-4' then (performance_value - 1) / 3
        end) as performance_score,
        max(case when satisfactions_ago = 1 then manager_satisfaction / 10 end) as satisfaction_score
    from outcomes
    group by hire_id

),

dated as (

    select
        hires.hire_id,
        hires.source_system,
        hires.start_date,
        hires.status,
        facts.end_reason,
        facts.last_seen_on,
        facts.performance_score,
        facts.satisfaction_score,
        {{ local_date('build.as_of', 'organisations.timezone') }} as as_of_date,
        case when facts.end_date <= {{ local_date('build.as_of', 'organisations.timezone') }} then facts.end_date end as end_date
    from {{ ref('int_hires_unioned') }} as hires
    inner join {{ ref('int_organisations_unioned') }} as organisations on hires.tenant_id = organisations.organisation_id
    cross join {{ ref('stg_pipeline__build') }} as build
    left join facts on hires.hire_id = facts.hire_id

)

select
    dated.hire_id,
    dated.status = 'reneged' as is_reneged,
    dated.status <> 'reneged' and coalesce(dated.start_date + 365 <= dated.as_of_date, false) as is_year_over,
    case
        when dated.status = 'reneged' or dated.start_date > dated.as_of_date then null
        when dated.end_date is not null then greatest(cast(dated.end_date - dated.start_date as double precision), 0)
        when dated.source_system = 'hiring_core' and dated.status = 'started' then cast(dated.as_of_date - dated.start_date as double precision)
        else greatest(cast(dated.last_seen_on - dated.start_date as double precision), 0)
    end as service_days,
    case
        when dated.status <> 'reneged' and dated.end_date is not null
            then case when coalesce(end_reasons.ends_retention, true) then 'left' else dated.end_reason end
    end as end_class,
    dated.performance_score,
    dated.satisfaction_score
from dated
left join {{ ref('end_reasons') }} as end_reasons on dated.end_reason = end_reasons.end_reason
