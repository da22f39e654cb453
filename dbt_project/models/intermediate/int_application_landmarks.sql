-- The instants at which each application is described; only while it was known to be active.
with points as (

    select
        application_id,
        'applied' as landmark,
        applied_known_at as as_of
    from {{ ref('int_application_milestones') }}

    union all

    select
        application_id,
        'day_30' as landmark,
        applied_known_at + interval '720 hours' as as_of
    from {{ ref('int_application_milestones') }}

    union all

    select
        application_id,
        'screened' as landmark,
        screen_known_at as as_of
    from {{ ref('int_application_milestones') }}
    where screen_known_at is not null

    union all

    select
        application_id,
        'interviewed' as landmark,
        interview_known_at as as_of
    from {{ ref('int_application_milestones') }}
    where interview_known_at is not null

    union all

    select
        application_id,
        'assessed' as landmark,
        references_known_at as as_of
    from {{ ref('int_application_milestones') }}
    where references_known_at is not null

    union all

    select
        resolved.application_id,
        'current' as landmark,
        build.as_of
    from {{ ref('int_applications_resolved') }} as resolved
    cross join {{ ref('stg_pipeline__build') }} as build
    where resolved.outcome = 'open'

),

active as (

    select distinct
        points.application_id,
        points.landmark,
        points.as_of
    from points
    inner join {{ ref('int_application_spells_known') }} as spells
        on
            points.application_id = spells.application_id
            and spells.started_known_at <= points.as_of
            and (spells.ended_known_at is null or spells.ended_known_at > points.as_of)
    inner join {{ ref('stg_pipeline__build') }} as build on points.as_of <= build.as_of

)

select
    active.application_id,
    active.landmark,
    active.as_of,
    milestones.source_system,
    milestones.tenant_id,
    milestones.job_id,
    milestones.candidate_id,
    milestones.applied_at,
    milestones.applied_known_at,
    case
        when milestones.hired_known_at <= active.as_of then 7
        when milestones.offer_known_at <= active.as_of then 6
        when milestones.references_known_at <= active.as_of then 5
        when milestones.demo_known_at <= active.as_of then 4
        when milestones.interview_known_at <= active.as_of then 3
        when milestones.screen_known_at <= active.as_of then 2
        else 1
    end as furthest_rank
from active
inner join {{ ref('int_application_milestones') }} as milestones on active.application_id = milestones.application_id
