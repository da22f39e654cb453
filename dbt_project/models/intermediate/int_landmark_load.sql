-- How crowded an application's job and school are at each of its landmarks: applications so far, openings open then.
with landmarks as (

    select
        application_id,
        landmark,
        job_id,
        tenant_id,
        as_of
    from {{ ref('int_application_landmarks') }}

),

job_lines as (

    select
        job_id,
        applied_known_at as as_of,
        1 as applications
    from {{ ref('int_application_milestones') }}

    union all

    select distinct
        job_id,
        as_of,
        0 as applications
    from landmarks

),

job_sums as (

    select
        job_id,
        as_of,
        applications,
        cast(sum(applications) over (partition by job_id order by as_of) as bigint) as applications_count
    from job_lines

),

tenant_lines as (

    select
        tenant_id,
        changed_at as as_of,
        open_change,
        false as is_point
    from {{ ref('int_tenant_openings_changed') }}

    union all

    select distinct
        tenant_id,
        as_of,
        0 as open_change,
        true as is_point
    from landmarks

),

tenant_sums as (

    select
        tenant_id,
        as_of,
        is_point,
        cast(sum(open_change) over (partition by tenant_id order by as_of) as bigint) as open_count
    from tenant_lines

)

select
    landmarks.application_id,
    landmarks.landmark,
    job_sums.applications_count as job_applications_count,
    tenant_sums.open_count as tenant_open_openings_count
from landmarks
inner join job_sums on landmarks.job_id = job_sums.job_id and landmarks.as_of = job_sums.as_of and job_sums.applications = 0
inner join tenant_sums on landmarks.tenant_id = tenant_sums.tenant_id and landmarks.as_of = tenant_sums.as_of and tenant_sums.is_point
