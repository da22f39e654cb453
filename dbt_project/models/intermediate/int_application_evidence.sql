-- Proof of a stage from other tables than transitions: a held interview or demo lesson, a sent offer, a hire.
select
    interviews.application_id,
    case when interviews.kind = 'demo_lesson' then 'demo_lesson' else 'interview' end as stage
from {{ ref('stg_hiring_core__interviews') }} as interviews
inner join {{ ref('stg_pipeline__build') }} as build
    on interviews.scheduled_end <= build.as_of and interviews.recorded_at <= build.known_at
where interviews.status = 'held'

union

select
    application_id,
    'offer' as stage
from {{ ref('int_offers_unioned') }}
where sent_at is not null

union

select
    application_id,
    'offer' as stage
from {{ ref('int_stage_events_unioned') }}
where stage = 'offer_declined'

union

select
    application_id,
    'hired' as stage
from {{ ref('int_hires_unioned') }}
