-- One row per stretch of a job in one status; the last stretch has no end.
select
    source_system,
    tenant_id,
    job_id,
    to_status as status,
    event_at as started_at,
    lead(event_at) over (
        partition by job_id
        order by event_at, recorded_at, status_position, {{ bytewise('job_status_event_id') }}
    ) as ended_at,
    row_number() over (
        partition by job_id
        order by event_at desc, recorded_at desc, status_position desc, {{ bytewise('job_status_event_id') }} desc
    ) as spells_ago
from {{ ref('int_job_status_events_unioned') }}
