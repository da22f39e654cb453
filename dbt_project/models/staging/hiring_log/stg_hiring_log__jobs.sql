select
    cast(tenant_id as text) || ':' || cast(job_id as text) as job_id,
    cast(tenant_id as text) as tenant_id,
    cast(title as text) as title,
    cast(subject as text) as subject,
    cast(grade_range as text) as grade_range,
    cast(staff_class as text) as staff_class,
    cast(status as text) as status,
    cast(approved_at as timestamptz) as approved_at,
    cast(opened_at as timestamptz) as opened_at,
    cast(closed_at as timestamptz) as closed_at,
    cast(close_reason as text) as close_reason,
    cast(headcount as bigint) as headcount,
    cast(fte as double precision) as fte,
    cast(target_start_date as date) as target_start_date,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_log', 'jobs') }}
