-- Q1: hires in the funnel equal the hires table; drop-offs, open and hired applications add up to those that applied.
select *
from {{ ref('mart_reconciliation') }}
where difference_count <> 0
