-- What became of every submission of an agency. An application submitted twice is the first agency's: the second earns no fee.
with submissions as (

    select
        submissions.*,
        row_number() over (
            partition by submissions.application_id
            order by submissions.submitted_at, {{ bytewise('submissions.agency_submission_id') }}
        ) as submission_number
    from {{ ref('stg_hiring_core__agency_submissions') }} as submissions
    inner join {{ ref('stg_pipeline__build') }} as build
        on submissions.submitted_at <= build.as_of and submissions.recorded_at <= build.known_at

),

hires as (

    select
        application_id,
        max(accepted_at) as accepted_at,
        bool_and(status = 'reneged') as is_reneged
    from {{ ref('int_hires_unioned') }}
    group by application_id

)

select
    submissions.agency_submission_id,
    submissions.tenant_id,
    submissions.application_id,
    submissions.agency_id,
    submissions.submitted_at,
    submissions.submission_number,
    submissions.fee_basis,
    submissions.fee_minor,
    submissions.fee_currency,
    hires.accepted_at,
    coalesce(hires.is_reneged, false) as is_reneged,
    submissions.submission_number = 1 and hires.accepted_at is not null and not hires.is_reneged as is_placed
from submissions
left join hires on submissions.application_id = hires.application_id
