-- Only what was recorded before the decision: the first offer sent, else the end of the application. A mark told later knows the answer.
with first_offers as (

    select
        application_id,
        min(sent_at) as sent_at
    from {{ ref('fct_offers') }}
    where sent_at is not null
    group by application_id

),

decided as (

    select
        applications.*,
        case when first_offers.sent_at < applications.terminal_at then first_offers.sent_at else applications.terminal_at end as decided_at
    from {{ ref('fct_applications') }} as applications
    left join first_offers on applications.application_id = first_offers.application_id
    where applications.outcome <> 'open'

),

marks as (

    select
        interviews.application_id,
        case when interviews.kind = 'demo_lesson' then 'demo_lesson' else 'interview' end as signal,
        recommendations.points,
        greatest(scorecards.submitted_at, scorecards.recorded_at) as known_at
    from {{ ref('stg_hiring_core__scorecards') }} as scorecards
    inner join {{ ref('stg_hiring_core__interviews') }} as interviews on scorecards.interview_id = interviews.interview_id
    inner join {{ ref('recommendations') }} as recommendations on scorecards.recommendation = recommendations.recommendation

    union all

    select
        application_id,
        case when kind = 'reference' then 'reference_check' else 'licence_check' end as signal,
        case result when 'clear' then 1 when 'consider' then 0 else -1 end as points,
        greatest(completed_at, recorded_at) as known_at
    from {{ ref('stg_hiring_core__screening_checks') }}
    where completed_at is not null and result is not null and kind in ('reference', 'licence')

    union all

    select
        application_id,
        'resume_score' as signal,
        match_score as points,
        greatest(completed_at, recorded_at) as known_at
    from {{ ref('stg_hiring_core__resume_parses') }}
    where completed_at is not null and match_score is not null

),

-- A candidate hired twice on one application succeeds only if both hires did.
outcomes as (

    select
        application_id,
        bool_and(is_success) as is_success
    from {{ ref('mart_hire_outcomes') }}
    group by application_id

),

scored as (

    select
        decided.application_id,
        marks.signal,
        sum(marks.points) as points_sum,
        count(*) as marks_count
    from decided
    inner join marks on decided.application_id = marks.application_id and marks.known_at < decided.decided_at
    group by decided.application_id, marks.signal

)

select
    scored.application_id,
    scored.signal,
    decided.source_system,
    decided.tenant_id,
    decided.subject,
    decided.staff_class,
    {{ month_start(local_date('decided.decided_at', 'organisations.timezone')) }} as decided_month,
    cast(scored.points_sum as double precision) as points_sum,
    scored.marks_count,
    decided.outcome = 'hired' as is_hired,
    case when decided.outcome = 'hired' then outcomes.is_success end as is_success
from scored
inner join decided on scored.application_id = decided.application_id
inner join {{ ref('int_organisations_unioned') }} as organisations on decided.tenant_id = organisations.organisation_id
left join outcomes on decided.application_id = outcomes.application_id
