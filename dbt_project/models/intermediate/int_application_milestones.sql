-- When each step of an application first became known (the later of happened and recorded). Built from transitions as told, uncleaned:
-- cleaning looks at later events, which an as-of feature must not do.
with known as (

    select
        application_id,
        rank,
        event_at,
        known_at
    from {{ ref('int_stage_events_unioned') }}
    where rank is not null

    union all

    select
        application_id,
        cast(case when kind = 'demo_lesson' then 4 else 3 end as bigint) as rank,
        scheduled_end as event_at,
        greatest(scheduled_end, recorded_at) as known_at
    from {{ ref('stg_hiring_core__interviews') }}
    where status = 'held'

    union all

    select
        application_id,
        cast(6 as bigint) as rank,
        sent_at as event_at,
        greatest(sent_at, recorded_at) as known_at
    from {{ ref('int_offers_unioned') }}
    where sent_at is not null

),

steps as (

    select
        application_id,
        min(known_at) filter (where rank >= 2) as screen_known_at,
        min(known_at) filter (where rank >= 3) as interview_known_at,
        min(known_at) filter (where rank >= 4) as demo_known_at,
        min(known_at) filter (where rank >= 5) as references_known_at,
        min(known_at) filter (where rank >= 6) as offer_known_at,
        min(known_at) filter (where rank >= 7) as hired_known_at
    from known
    group by application_id

)

select
    applications.application_id,
    applications.source_system,
    applications.tenant_id,
    applications.job_id,
    applications.candidate_id,
    applications.applied_at,
    applications.known_at as applied_known_at,
    case when steps.screen_known_at is not null then greatest(applications.known_at, steps.screen_known_at) end as screen_known_at,
    case when steps.interview_known_at is not null then greatest(applications.known_at, steps.interview_known_at) end as interview_known_at,
    case when steps.demo_known_at is not null then greatest(applications.known_at, steps.demo_known_at) end as demo_known_at,
    case when steps.references_known_at is not null then greatest(applications.known_at, steps.references_known_at) end as references_known_at,
    case when steps.offer_known_at is not null then greatest(applications.known_at, steps.offer_known_at) end as offer_known_at,
    case when steps.hired_known_at is not null then greatest(applications.known_at, steps.hired_known_at) end as hired_known_at
from {{ ref('int_applications_unioned') }} as applications
left join steps on applications.application_id = steps.application_id
