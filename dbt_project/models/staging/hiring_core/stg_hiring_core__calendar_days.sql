select
    cast(id as text) as calendar_day_id,
    cast(organisation_id as text) as organisation_id,
    cast(date as date) as calendar_date,
    cast(is_open as boolean) as is_open,
    cast(term_code as text) as term_code,
    cast(is_term_start as boolean) as is_term_start
from {{ source('hiring_core', 'calendar_days') }}
