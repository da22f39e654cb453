-- Nobody reaches a later stage without having reached the earlier one, and everybody who applied reached `applied`.
select *
from {{ ref('mart_funnel_cohorts') }}
where
    advanced_count > reached_count
    or reached_count > applications_count
    or (rank = 1 and reached_count <> applications_count)
    or reached_count - advanced_count
    <> open_count + hired_count + rejected_count + withdrawn_count + offer_declined_count + job_closed_count
