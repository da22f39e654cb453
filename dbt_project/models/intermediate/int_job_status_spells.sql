-- One row per stretch of a job in one status; the last stretch has no end.
select
    source_system,
    tenant_id,
    job_id,
    to_status as status,
    event_at as started_at,
    lead(event_at) over in_order as ended_at,
    lag(to_status) over in_order as previous_status
from {{ ref('int_job_status_events_unioned') }}
window in_order as (
    partition by job_id
    order by event_at, recorded_at, status_position, {{ bytewise('job_status_event_id') }}
)
