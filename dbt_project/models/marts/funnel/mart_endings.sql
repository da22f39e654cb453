-- Why applications ended where they did; hires and open applications have no row.
with counted as (

    select
        tenant_id,
        source_system,
        applied_month,
        subject,
        staff_class,
        channel_type,
        is_internal,
        furthest_stage as stage,
        reached_rank as rank,
        outcome as ending,
        coalesce(outcome_side, 'neutral') as ending_side,
        coalesce(outcome_reason, 'not given') as ending_reason,
        count(*) as ended_count
    from {{ ref('fct_applications') }}
    where outcome in ('rejected', 'withdrawn', 'offer_declined', 'job_closed')
    group by
        tenant_id,
        source_system,
        applied_month,
        subject,
        staff_class,
        channel_type,
        is_internal,
        furthest_stage,
        reached_rank,
        outcome,
        coalesce(outcome_side, 'neutral'),
        coalesce(outcome_reason, 'not given')

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
