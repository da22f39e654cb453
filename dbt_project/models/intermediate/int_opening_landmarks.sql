-- The instants at which each opening is described: fixed points of its life (training, backtests), and as of this build (predictions).
-- An opening has a landmark only if it was open then, as far as was known then.
with first_interviews as (

    select
        job_id,
        min(interview_known_at) as interview_known_at
    from {{ ref('int_application_milestones') }}
    group by job_id

),

first_offers as (

    select
        opening_id,
        min(greatest(sent_at, recorded_at)) as offer_known_at
    from {{ ref('int_offers_unioned') }}
    where sent_at is not null
    group by opening_id

),

candidates as (

    select
        openings.*,
        'at_open' as landmark,
        openings.open_known_at as as_of
    from {{ ref('int_openings_known') }} as openings

    union all

    {% for days in (14, 60, 120) %}
    select
        openings.*,
        'day_{{ days }}' as landmark,
        openings.open_known_at + interval '{{ days * 24 }} hours' as as_of
    from {{ ref('int_openings_known') }} as openings

    union all

    {% endfor %}
    select
        openings.*,
        'first_interview' as landmark,
        greatest(first_interviews.interview_known_at, openings.open_known_at) as as_of
    from {{ ref('int_openings_known') }} as openings
    inner join first_interviews on openings.job_id = first_interviews.job_id and first_interviews.interview_known_at is not null

    union all

    select
        openings.*,
        'offer' as landmark,
        greatest(first_offers.offer_known_at, openings.open_known_at) as as_of
    from {{ ref('int_openings_known') }} as openings
    inner join first_offers on openings.opening_id = first_offers.opening_id

),

-- The job's status as it was known at the landmark.
statuses as (

    select
        candidates.opening_id,
        candidates.landmark,
        events.to_status,
        row_number() over (
            partition by candidates.opening_id, candidates.landmark
            order by events.event_at desc, events.recorded_at desc, events.status_position desc, {{ bytewise('events.job_status_event_id') }} desc
        ) as events_ago
    from candidates
    inner join {{ ref('int_job_status_events_unioned') }} as events
        on candidates.job_id = events.job_id and events.known_at <= candidates.as_of

),

open_then as (

    select
        candidates.opening_id,
        candidates.landmark,
        candidates.as_of,
        statuses.to_status = 'on_hold' as is_on_hold
    from candidates
    inner join statuses
        on candidates.opening_id = statuses.opening_id and candidates.landmark = statuses.landmark and statuses.events_ago = 1
    inner join {{ ref('stg_pipeline__build') }} as build on candidates.as_of <= build.as_of
    where
        statuses.to_status in ('open', 'on_hold')
        and (candidates.filled_known_at is null or candidates.filled_known_at > candidates.as_of)
        and (candidates.own_closed_at is null or candidates.own_closed_at > candidates.as_of)

),

open_now as (

    select
        openings.opening_id,
        'current' as landmark,
        build.as_of,
        spells.status = 'on_hold' as is_on_hold
    from {{ ref('int_openings_known') }} as openings
    inner join {{ ref('int_openings_resolved') }} as resolved on openings.opening_id = resolved.opening_id
    inner join {{ ref('int_job_status_spells') }} as spells on openings.job_id = spells.job_id and spells.ended_at is null
    cross join {{ ref('stg_pipeline__build') }} as build
    where resolved.filled_at is null and resolved.cancelled_at is null and spells.status in ('open', 'on_hold')

),

all_landmarks as (

    select * from open_then
    union all
    select * from open_now

)

select
    all_landmarks.opening_id,
    all_landmarks.landmark,
    all_landmarks.as_of,
    all_landmarks.is_on_hold,
    openings.source_system,
    openings.tenant_id,
    openings.job_id,
    openings.fte,
    openings.approved_at
from all_landmarks
inner join {{ ref('int_openings_known') }} as openings on all_landmarks.opening_id = openings.opening_id
