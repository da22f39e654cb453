select
    cast(id as text) as channel_cost_id,
    cast(organisation_id as text) as organisation_id,
    cast(channel_id as text) as channel_id,
    cast(period as date) as cost_month,
    cast(amount_minor as bigint) as amount_minor,
    cast(currency as text) as currency,
    cast(kind as text) as kind,
    cast(recorded_at as timestamptz) as recorded_at
from {{ source('hiring_core', 'channel_costs') }}
