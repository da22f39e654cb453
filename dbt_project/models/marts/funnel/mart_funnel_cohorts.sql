with direct as (

    select
        application_id,
        rank
    from {{ ref('int_application_stages_reached') }}

),

counted as (

    select
        applications.tenant_id,
        applications.source_system,
        applications.applied_month,
        applications.subject,
        applications.staff_class,
        applications.channel_type,
        applications.is_internal,
        stages.stage,
        stages.rank,
        count(*) as applications_count,
        count(*) filter (where applications.reached_rank >= stages.rank) as reached_count,
        count(direct.application_id) as reached_directly_count,
        count(*) filter (where applications.reached_rank >= stages.rank and applications.outcome <> 'open') as reached_closed_count,
        count(*) filter (where applications.reached_rank > stages.rank) as advanced_count,
        count(*) filter (where applications.reached_rank = stages.rank and applications.outcome = 'open') as open_count,
        count(*) filter (where applications.reached_rank = stages.rank and applications.outcome = 'hired') as hired_count,
        count(*) filter (where applications.reached_rank = stages.rank and applications.outcome = 'rejected') as rejected_count,
        count(*) filter (where applications.reached_rank = stages.rank and applications.outcome = 'withdrawn') as withdrawn_count,
        count(*) filter (where applications.reached_rank = stages.rank and applications.outcome = 'offer_declined') as offer_declined_count,
        count(*) filter (where applications.reached_rank = stages.rank and applications.outcome = 'job_closed') as job_closed_count
    from {{ ref('fct_applications') }} as applications
    cross join {{ ref('canonical_stages') }} as stages
    left join direct on applications.application_id = direct.application_id and stages.rank = direct.rank
    group by
        applications.tenant_id,
        applications.source_system,
        applications.applied_month,
        applications.subject,
        applications.staff_class,
        applications.channel_type,
        applications.is_internal,
        stages.stage,
        stages.rank

)

select
    counted.*,
    coalesce(maturity.is_mature, false) as is_mature
from counted
left join {{ ref('mart_cohort_maturity') }} as maturity
    on
        counted.tenant_id = maturity.tenant_id
        and counted.source_system = maturity.source_system
        and counted.applied_month = maturity.applied_month
