-- Why applications ended where they did; hires and open applications have no row.
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
