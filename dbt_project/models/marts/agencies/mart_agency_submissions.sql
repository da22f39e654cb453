-- A submission whose application turned out to be a duplicate stays: the agency sees what became of it. It counts in no share.
select
    submissions.agency_submission_id,
    unioned.source_system,
    submissions.application_id,
    submissions.tenant_id,
    submissions.agency_id,
    jobs.job_id,
    jobs.subject,
    jobs.staff_class,
    submissions.submitted_at,
    {{ month_start(local_date('submissions.submitted_at', 'organisations.timezone')) }} as submitted_month,
    submissions.submission_number > 1 or resolved.outcome = 'duplicate' as is_duplicate,
    resolved.furthest_stage,
    resolved.reached_rank,
    resolved.outcome,
    resolved.terminal_at,
    {{ elapsed_days(
        'submissions.submitted_at',
        'greatest(coalesce(responses.responded_at, resolved.terminal_at, build.as_of), submissions.submitted_at)'
    ) }} as first_response_days,
    responses.responded_at is null as is_censored,
    submissions.is_placed,
    submissions.is_reneged,
    {{ month_start(local_date('submissions.accepted_at', 'organisations.timezone')) }} as placed_month,
    submissions.fee_basis,
    case when submissions.is_placed then submissions.fee_minor end as fee_minor,
    coalesce(submissions.fee_currency, 'unknown') as fee_currency
from {{ ref('int_agency_submissions_resolved') }} as submissions
inner join {{ ref('int_applications_unioned') }} as unioned on submissions.application_id = unioned.application_id
inner join {{ ref('int_applications_resolved') }} as resolved on submissions.application_id = resolved.application_id
inner join {{ ref('int_jobs_unioned') }} as jobs on unioned.job_id = jobs.job_id
inner join {{ ref('int_organisations_unioned') }} as organisations on submissions.tenant_id = organisations.organisation_id
cross join {{ ref('stg_pipeline__build') }} as build
left join {{ ref('int_agency_responses') }} as responses on submissions.agency_submission_id = responses.agency_submission_id
