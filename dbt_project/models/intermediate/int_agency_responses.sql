-- When a school first answered a submission: it wrote to the candidate, moved the application on or ended it.
-- The acknowledgement sent by machine is no answer; an end by the candidate is none either.
with answers as (

    select
        messages.application_id,
        messages.sent_at as answered_at
    from {{ ref('stg_hiring_core__messages') }} as messages
    inner join {{ ref('stg_pipeline__build') }} as build
        on messages.sent_at <= build.as_of and messages.recorded_at <= build.known_at
    where messages.direction = 'to_candidate' and not messages.is_automatic

    union all

    select
        application_id,
        event_at as answered_at
    from {{ ref('int_stage_events_cleaned') }}
    where (rank > 1 or is_terminal) and not (is_terminal and stage in ('withdrawn', 'offer_declined'))

)

select
    submissions.agency_submission_id,
    min(answers.answered_at) as responded_at
from {{ ref('int_agency_submissions_resolved') }} as submissions
inner join answers on submissions.application_id = answers.application_id and answers.answered_at >= submissions.submitted_at
group by submissions.agency_submission_id
