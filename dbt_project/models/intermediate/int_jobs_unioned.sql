-- Status, approval and opening come from events where there are any; the row's own columns are the fallback.
-- A job that only applications name is added with unknown attributes: no application may lose its job.
with named as (

    select
        'hiring_core' as source_system,
        job_id,
        tenant_id,
        title,
        subject,
        grade_range,
        staff_class,
        status,
        approved_at,
        opened_at,
        closed_at,
        close_reason,
        headcount,
        fte,
        target_start_date,
        owner_id,
        has_visa_sponsorship,
        cast(salary_min_minor + salary_max_minor as double precision) / (2 * {{ minor_units('salary_currency') }}) as salary_mid
    from {{ ref('stg_hiring_core__jobs') }}

    union all

    select
        'hiring_log' as source_system,
        job_id,
        tenant_id,
        coalesce(title, 'unknown') as title,
        coalesce(subject, 'unknown') as subject,
        coalesce(grade_range, 'unknown') as grade_range,
        coalesce(staff_class, 'unknown') as staff_class,
        coalesce(status, case when closed_at is null then 'open' else 'closed' end) as status,
        approved_at,
        opened_at,
        closed_at,
        close_reason,
        coalesce(headcount, 1) as headcount,
        coalesce(fte, cast(1 as double precision)) as fte,
        target_start_date,
        cast(null as text) as owner_id,
        cast(null as boolean) as has_visa_sponsorship,
        cast(null as double precision) as salary_mid
    from {{ ref('stg_hiring_log__jobs') }}

),

inferred as (

    select distinct
        tenant_id,
        coalesce(job_id, tenant_id || ':unknown') as job_id
    from {{ ref('stg_hiring_log__applications') }}

),

unioned as (

    select * from named

    union all

    select
        'hiring_log' as source_system,
        inferred.job_id,
        inferred.tenant_id,
        'unknown' as title,
        'unknown' as subject,
        'unknown' as grade_range,
        'unknown' as staff_class,
        'open' as status,
        cast(null as timestamptz) as approved_at,
        cast(null as timestamptz) as opened_at,
        cast(null as timestamptz) as closed_at,
        cast(null as text) as close_reason,
        cast(1 as bigint) as headcount,
        cast(1 as double precision) as fte,
        cast(null as date) as target_start_date,
        cast(null as text) as owner_id,
        cast(null as boolean) as has_visa_sponsorship,
        cast(null as double precision) as salary_mid
    from inferred
    left join named on inferred.job_id = named.job_id
    where named.job_id is null

),

firsts as (

    select
        job_id,
        min(event_at) filter (where to_status = 'approved') as approved_at,
        min(event_at) filter (where to_status = 'open') as opened_at,
        min(known_at) filter (where to_status = 'approved') as approved_known_at,
        min(known_at) filter (where to_status = 'open') as opened_known_at
    from {{ ref('int_job_status_events_unioned') }}
    group by job_id

),

latest as (

    select
        job_id,
        status,
        started_at
    from {{ ref('int_job_status_spells') }}
    where ended_at is null

)

select
    unioned.source_system,
    unioned.job_id,
    unioned.tenant_id,
    unioned.title,
    unioned.subject,
    unioned.grade_range,
    unioned.staff_class,
    coalesce(latest.status, unioned.status) as status,
    coalesce(firsts.approved_at, unioned.approved_at) as approved_at,
    coalesce(firsts.opened_at, unioned.opened_at) as opened_at,
    case
        when latest.status in ('closed', 'cancelled') then latest.started_at
        when latest.status is null then unioned.closed_at
    end as closed_at,
    case when coalesce(latest.status, unioned.status) in ('closed', 'cancelled') then unioned.close_reason end as close_reason,
    unioned.headcount,
    unioned.fte,
    unioned.target_start_date,
    unioned.owner_id,
    unioned.has_visa_sponsorship,
    unioned.salary_mid,
    firsts.approved_known_at,
    firsts.opened_known_at
from unioned
left join firsts on unioned.job_id = firsts.job_id
left join latest on unioned.job_id = latest.job_id
