select
    job_id,
    source_system,
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
    has_visa_sponsorship
from {{ ref('int_jobs_unioned') }}
