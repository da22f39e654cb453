-- Truths per tenant, each counted on two independent paths: left from the funnel, right from the source's own tables.
-- The third holds hires against the sagas that made them, once those have ended; a hire without a saga (a simulated or imported
-- history) is not compared, nor is one that its saga took back.
with funnel as (

    select
        source_system,
        tenant_id,
        cast(sum(hired_count) as bigint) as hired_count,
        cast(sum(open_count + hired_count + rejected_count + withdrawn_count + offer_declined_count + job_closed_count) as bigint)
            as accounted_count
    from {{ ref('mart_funnel_cohorts') }}
    group by source_system, tenant_id

),

resolved as (

    select
        applications.source_system,
        applications.tenant_id,
        applications.application_id,
        resolved.is_in_funnel
    from {{ ref('int_applications_unioned') }} as applications
    left join {{ ref('int_applications_resolved') }} as resolved on applications.application_id = resolved.application_id

),

applied as (

    select
        source_system,
        tenant_id,
        count(*) filter (where coalesce(is_in_funnel, true)) as applications_count
    from resolved
    group by source_system, tenant_id

),

hires as (

    select
        hires.source_system,
        hires.tenant_id,
        count(distinct hires.application_id) as hires_count
    from {{ ref('int_hires_unioned') }} as hires
    left join resolved on hires.application_id = resolved.application_id
    where coalesce(resolved.is_in_funnel, true)
    group by hires.source_system, hires.tenant_id

),

sagas as (

    select
        sagas.tenant_id,
        count(distinct sagas.saga_id) filter (where sagas.state = 'completed') as completed_count,
        count(hires.hire_id) filter (where sagas.state = 'completed' or hires.status <> 'reneged') as hires_count
    from {{ ref('stg_hiring_core__sagas') }} as sagas
    inner join {{ ref('stg_pipeline__build') }} as build on sagas.ended_at <= build.as_of and sagas.ended_at <= build.known_at
    left join {{ ref('int_hires_unioned') }} as hires on sagas.offer_id = hires.offer_id
    group by sagas.tenant_id

),

truths as (

    select
        applied.source_system,
        applied.tenant_id,
        'hires_in_funnel_equal_hires_table' as truth,
        coalesce(funnel.hired_count, 0) as left_count,
        coalesce(hires.hires_count, 0) as right_count
    from applied
    left join funnel on applied.source_system = funnel.source_system and applied.tenant_id = funnel.tenant_id
    left join hires on applied.source_system = hires.source_system and applied.tenant_id = hires.tenant_id

    union all

    select
        applied.source_system,
        applied.tenant_id,
        'drop_offs_open_and_hired_equal_applied' as truth,
        coalesce(funnel.accounted_count, 0) as left_count,
        applied.applications_count as right_count
    from applied
    left join funnel on applied.source_system = funnel.source_system and applied.tenant_id = funnel.tenant_id

    union all

    select
        'hiring_core' as source_system,
        tenant_id,
        'hires_of_sagas_equal_completed_sagas' as truth,
        hires_count as left_count,
        completed_count as right_count
    from sagas

)

select
    source_system,
    tenant_id,
    truth,
    left_count,
    right_count,
    left_count - right_count as difference_count
from truths
