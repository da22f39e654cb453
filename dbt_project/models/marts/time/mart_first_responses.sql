-- Answers to candidates: written by a person, or sent by machine once the application had moved; the acknowledgement is none.
with moves as (

    select
        application_id,
        min(event_at) as first_moved_at
    from {{ ref('int_stage_events_cleaned') }}
    where rank > 1 or is_terminal
    group by application_id

),

responses as (

    select
        messages.application_id,
        min(messages.sent_at) as responded_at
    from {{ ref('stg_hiring_core__messages') }} as messages
    inner join {{ ref('fct_applications') }} as applications on messages.application_id = applications.application_id
    inner join {{ ref('stg_pipeline__build') }} as build
        on messages.sent_at <= build.as_of and messages.recorded_at <= build.known_at
    left join moves on messages.application_id = moves.application_id
    where
        messages.direction = 'to_candidate'
        and messages.sent_at >= applications.applied_at
        and (not messages.is_automatic or messages.sent_at >= moves.first_moved_at)
    group by messages.application_id

)

select
    applications.application_id,
    applications.source_system,
    applications.tenant_id,
    applications.subject,
    applications.staff_class,
    applications.channel_type,
    applications.is_internal,
    applications.applied_month,
    {{ elapsed_days(
        'applications.applied_at',
        'greatest(coalesce(responses.responded_at, applications.terminal_at, build.as_of), applications.applied_at)'
    ) }} as first_response_days,
    responses.responded_at is null as is_censored
from {{ ref('fct_applications') }} as applications
cross join {{ ref('stg_pipeline__build') }} as build
left join responses on applications.application_id = responses.application_id
where applications.source_system = 'hiring_core'
