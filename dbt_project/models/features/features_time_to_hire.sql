-- Everything known about an opening at a landmark, and nothing later. See _features__models.yml for what may be read.
with landmarks as (

    select * from {{ ref('int_opening_landmarks') }}

),

job_points as (

    select distinct
        job_id,
        as_of
    from landmarks

),

applied as (

    select
        points.job_id,
        points.as_of,
        count(*) as applications_count,
        count(*) filter (where applications.applied_known_at > points.as_of - interval '336 hours') as applications_14d_count,
        count(*) filter (where applications.screen_known_at <= points.as_of) as reached_screen_count,
        count(*) filter (where applications.interview_known_at <= points.as_of) as reached_interview_count,
        count(*) filter (where applications.demo_known_at <= points.as_of) as reached_demo_count,
        count(*) filter (where applications.offer_known_at <= points.as_of) as reached_offer_count
    from job_points as points
    inner join {{ ref('int_application_milestones') }} as applications
        on points.job_id = applications.job_id and applications.applied_known_at <= points.as_of
    group by points.job_id, points.as_of

),

active as (

    select
        points.job_id,
        points.as_of,
        count(*) as active_count
    from job_points as points
    inner join {{ ref('int_application_spells_known') }} as spells
        on
            points.job_id = spells.job_id
            and spells.started_known_at <= points.as_of
            and (spells.ended_known_at is null or spells.ended_known_at > points.as_of)
    group by points.job_id, points.as_of

),

headcounts as (

    select
        points.job_id,
        points.as_of,
        count(*) as headcount
    from job_points as points
    inner join {{ ref('int_openings_known') }} as openings on points.job_id = openings.job_id and openings.recorded_at <= points.as_of
    group by points.job_id, points.as_of

),

posted as (

    select
        points.job_id,
        points.as_of,
        count(*) as postings_count
    from job_points as points
    inner join {{ ref('stg_hiring_core__postings') }} as postings
        on points.job_id = postings.job_id and postings.live_from <= points.as_of and postings.recorded_at <= points.as_of
    group by points.job_id, points.as_of

),

-- The last event known at each point: points and events in one line per job, each point looking back.
job_events as (

    select
        job_id,
        known_at
    from {{ ref('int_stage_events_unioned') }}

    union all

    select
        job_id,
        known_at
    from {{ ref('int_applications_unioned') }}

    union all

    select
        job_id,
        known_at
    from {{ ref('int_job_status_events_unioned') }}

),

job_lines as (

    select
        job_id,
        known_at as as_of,
        known_at,
        false as is_point
    from job_events

    union all

    select
        job_id,
        as_of,
        cast(null as timestamptz) as known_at,
        true as is_point
    from job_points

),

looked_back as (

    select
        job_id,
        as_of,
        is_point,
        max(known_at) over (partition by job_id order by as_of) as last_known_at
    from job_lines

),

offers as (

    select
        landmarks.opening_id,
        landmarks.landmark,
        count(*) filter (where offers.resolved_at is null or offers.resolved_at > landmarks.as_of) as offers_out_count,
        count(*) filter (where offers.status = 'declined' and offers.resolved_at <= landmarks.as_of) as offers_declined_count
    from landmarks
    inner join {{ ref('int_offers_unioned') }} as offers
        on
            landmarks.opening_id = offers.opening_id
            and offers.sent_at <= landmarks.as_of
            and offers.recorded_at <= landmarks.as_of
    group by landmarks.opening_id, landmarks.landmark

),

tenant_points as (

    select distinct
        tenant_id,
        as_of
    from landmarks

),

tenant_lines as (

    select
        tenant_id,
        changed_at as as_of,
        false as is_point,
        open_change,
        filled_change,
        fill_microseconds_change
    from {{ ref('int_tenant_openings_changed') }}

    union all

    select
        tenant_id,
        as_of,
        true as is_point,
        0 as open_change,
        0 as filled_change,
        0 as fill_microseconds_change
    from tenant_points

),

tenant_sums as (

    select
        tenant_id,
        as_of,
        is_point,
        cast(sum(open_change) over so_far as bigint) as open_count,
        cast(sum(filled_change) over so_far as bigint) as filled_count,
        cast(sum(fill_microseconds_change) over so_far as bigint) as fill_microseconds
    from tenant_lines
    window so_far as (partition by tenant_id order by as_of)

)

select
    landmarks.opening_id,
    landmarks.as_of,
    landmarks.landmark,
    landmarks.source_system,
    landmarks.tenant_id,
    landmarks.job_id,
    jobs.subject,
    jobs.staff_class,
    jobs.grade_range,
    organisations.country,
    landmarks.fte,
    headcounts.headcount,
    jobs.has_visa_sponsorship,
    jobs.salary_mid,
    landmarks.approved_at,
    {{ elapsed_days('landmarks.approved_at', 'landmarks.as_of') }} as elapsed_days,
    cast(extract(month from {{ local_date('landmarks.as_of', 'organisations.timezone') }}) as bigint) as as_of_month,
    cast(jobs.target_start_date - {{ local_date('landmarks.as_of', 'organisations.timezone') }} as double precision) as days_to_target_start,
    coalesce(posted.postings_count, 0) as postings_count,
    coalesce(applied.applications_count, 0) as applications_count,
    coalesce(applied.applications_14d_count, 0) as applications_14d_count,
    coalesce(applied.reached_screen_count, 0) as reached_screen_count,
    coalesce(applied.reached_interview_count, 0) as reached_interview_count,
    coalesce(applied.reached_demo_count, 0) as reached_demo_count,
    coalesce(applied.reached_offer_count, 0) as reached_offer_count,
    coalesce(active.active_count, 0) as active_count,
    coalesce(offers.offers_out_count, 0) as offers_out_count,
    coalesce(offers.offers_declined_count, 0) as offers_declined_count,
    {{ elapsed_days('looked_back.last_known_at', 'landmarks.as_of') }} as days_since_last_event,
    landmarks.is_on_hold,
    tenant_sums.open_count as tenant_open_openings_count,
    tenant_sums.filled_count as tenant_filled_365d_count,
    case
        when tenant_sums.filled_count > 0 then {{ days('tenant_sums.fill_microseconds') }} / tenant_sums.filled_count
    end as tenant_mean_fill_days_365d
from landmarks
inner join {{ ref('int_jobs_unioned') }} as jobs on landmarks.job_id = jobs.job_id
inner join {{ ref('int_organisations_unioned') }} as organisations on landmarks.tenant_id = organisations.organisation_id
inner join looked_back on landmarks.job_id = looked_back.job_id and landmarks.as_of = looked_back.as_of and looked_back.is_point
inner join tenant_sums on landmarks.tenant_id = tenant_sums.tenant_id and landmarks.as_of = tenant_sums.as_of and tenant_sums.is_point
left join headcounts on landmarks.job_id = headcounts.job_id and landmarks.as_of = headcounts.as_of
left join applied on landmarks.job_id = applied.job_id and landmarks.as_of = applied.as_of
left join active on landmarks.job_id = active.job_id and landmarks.as_of = active.as_of
left join posted on landmarks.job_id = posted.job_id and landmarks.as_of = posted.as_of
left join offers on landmarks.opening_id = offers.opening_id and landmarks.landmark = offers.landmark
