-- Every application known by this build, duplicates included; what became of it is decided in int_applications_resolved.
with submissions as (

    select
        application_id,
        agency_id,
        row_number() over (
            partition by application_id
            order by submitted_at, {{ bytewise('agency_submission_id') }}
        ) as submission_number
    from {{ ref('stg_hiring_core__agency_submissions') }}

),

unioned as (

    select
        'hiring_core' as source_system,
        applications.application_id,
        applications.tenant_id,
        applications.job_id,
        applications.candidate_id,
        coalesce(people.person_id, applications.candidate_id) as person_id,
        applications.attempt_number,
        applications.applied_at,
        applications.recorded_at,
        applications.origin,
        applications.is_internal,
        coalesce(touches.first_channel_type, 'unknown') as channel_type,
        coalesce(touches.last_channel_type, 'unknown') as last_channel_type,
        coalesce(submissions.agency_id, touches.first_agency_id) as agency_id,
        coalesce(least(touches.first_touched_at, applications.applied_at), applications.applied_at) as first_contact_at,
        applications.status,
        applications.terminal_at,
        reasons.side as terminal_side,
        reasons.name as terminal_reason
    from {{ ref('stg_hiring_core__applications') }} as applications
    left join {{ ref('int_candidates_merged') }} as people on applications.candidate_id = people.candidate_id
    left join {{ ref('int_touches_ranked') }} as touches on applications.application_id = touches.application_id
    left join submissions on applications.application_id = submissions.application_id and submissions.submission_number = 1
    left join {{ ref('stg_hiring_core__terminal_reasons') }} as reasons
        on applications.terminal_reason_id = reasons.terminal_reason_id

    union all

    select
        'hiring_log' as source_system,
        application_id,
        tenant_id,
        coalesce(job_id, tenant_id || ':unknown') as job_id,
        coalesce(candidate_id, application_id) as candidate_id,
        coalesce(candidate_id, application_id) as person_id,
        coalesce(attempt_number, 1) as attempt_number,
        applied_at,
        recorded_at,
        coalesce(origin, 'import') as origin,
        coalesce(is_internal, false) as is_internal,
        coalesce(channel_type, 'unknown') as channel_type,
        coalesce(channel_type, 'unknown') as last_channel_type,
        cast(null as text) as agency_id,
        applied_at as first_contact_at,
        coalesce(status, 'active') as status,
        terminal_at,
        terminal_side,
        cast(null as text) as terminal_reason
    from {{ ref('stg_hiring_log__applications') }}

)

select
    unioned.*,
    organisations.timezone,
    greatest(unioned.applied_at, unioned.recorded_at) as known_at
from unioned
inner join {{ ref('stg_pipeline__build') }} as build
    on unioned.applied_at <= build.as_of and unioned.recorded_at <= build.known_at
left join {{ ref('int_organisations_unioned') }} as organisations on unioned.tenant_id = organisations.organisation_id
