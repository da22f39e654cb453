with held as (

    select
        interviews.application_id,
        count(*) as interviews_count,
        count(*) filter (where interviews.kind = 'demo_lesson') as demo_lessons_count
    from {{ ref('stg_hiring_core__interviews') }} as interviews
    inner join {{ ref('stg_pipeline__build') }} as build
        on interviews.scheduled_end <= build.as_of and interviews.recorded_at <= build.known_at
    where interviews.status = 'held'
    group by interviews.application_id

)

select
    applications.application_id,
    applications.source_system,
    applications.tenant_id,
    applications.applied_month,
    applications.subject,
    applications.staff_class,
    applications.channel_type,
    coalesce(held.interviews_count, 0) as interviews_count,
    coalesce(held.demo_lessons_count, 0) as demo_lessons_count,
    applications.outcome = 'hired' as is_hired,
    applications.outcome = 'open' as is_open
from {{ ref('fct_applications') }} as applications
left join held on applications.application_id = held.application_id
where held.application_id is not null or applications.outcome = 'hired'
