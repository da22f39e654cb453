-- Everyone who sat in a held interview owes a scorecard; the first one handed in counts.
with scored as (

    select
        scorecards.interview_id,
        scorecards.user_id,
        scorecards.submitted_at,
        recommendations.points,
        row_number() over (
            partition by scorecards.interview_id, scorecards.user_id
            order by scorecards.submitted_at, {{ bytewise('scorecards.scorecard_id') }}
        ) as scorecard_number
    from {{ ref('stg_hiring_core__scorecards') }} as scorecards
    inner join {{ ref('recommendations') }} as recommendations on scorecards.recommendation = recommendations.recommendation
    inner join {{ ref('stg_pipeline__build') }} as build
        on scorecards.submitted_at <= build.as_of and scorecards.recorded_at <= build.known_at

),

owed as (

    select distinct
        participants.interview_id,
        participants.user_id
    from {{ ref('stg_hiring_core__participants') }} as participants
    inner join {{ ref('stg_pipeline__build') }} as build on participants.recorded_at <= build.known_at

    union

    select
        interview_id,
        user_id
    from scored

),

judged as (

    select
        owed.interview_id,
        owed.user_id,
        interviews.application_id,
        interviews.kind,
        interviews.scheduled_end,
        scored.submitted_at,
        scored.points,
        build.as_of
    from owed
    inner join {{ ref('stg_hiring_core__interviews') }} as interviews on owed.interview_id = interviews.interview_id
    inner join {{ ref('stg_pipeline__build') }} as build
        on interviews.scheduled_end <= build.as_of and interviews.recorded_at <= build.known_at
    left join scored
        on
            owed.interview_id = scored.interview_id
            and owed.user_id = scored.user_id
            and scored.scorecard_number = 1
    where interviews.status = 'held'

),

panels as (

    select
        application_id,
        sum(points) as points_sum,
        count(points) as scores_count
    from judged
    group by application_id

),

own as (

    select
        application_id,
        user_id,
        sum(points) as points_sum,
        count(points) as scores_count
    from judged
    group by application_id, user_id

)

select
    judged.interview_id,
    judged.user_id as interviewer_id,
    applications.source_system,
    applications.tenant_id,
    judged.application_id,
    applications.subject,
    applications.staff_class,
    judged.kind,
    {{ month_start(local_date('judged.scheduled_end', 'organisations.timezone')) }} as held_month,
    judged.submitted_at is not null as is_submitted,
    {{ elapsed_days('judged.scheduled_end', 'greatest(coalesce(judged.submitted_at, judged.as_of), judged.scheduled_end)') }} as feedback_days,
    cast(judged.points as double precision) as points,
    cast(panels.points_sum - coalesce(own.points_sum, 0) as double precision) as others_points_sum,
    panels.scores_count - own.scores_count as others_scores_count
from judged
inner join {{ ref('fct_applications') }} as applications on judged.application_id = applications.application_id
inner join {{ ref('int_organisations_unioned') }} as organisations on applications.tenant_id = organisations.organisation_id
inner join panels on judged.application_id = panels.application_id
inner join own on judged.application_id = own.application_id and judged.user_id = own.user_id
