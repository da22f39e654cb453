-- What was spent and who was hired, by month, channel and currency. A fee belongs to the channel that is credited with its hire.
-- A school's hires stand beside each currency it pays in, so that spend in one is never divided by the hires of another's rows.
with spend as (

    select
        'hiring_core' as source_system,
        costs.organisation_id as tenant_id,
        {{ month_start('costs.cost_month') }} as cost_month,
        channels.channel_type,
        costs.currency,
        costs.amount_minor
    from {{ ref('stg_hiring_core__channel_costs') }} as costs
    inner join {{ ref('stg_hiring_core__channels') }} as channels on costs.channel_id = channels.channel_id
    inner join {{ ref('int_organisations_unioned') }} as organisations on costs.organisation_id = organisations.organisation_id
    inner join {{ ref('stg_pipeline__build') }} as build
        on costs.recorded_at <= build.known_at and costs.cost_month <= {{ local_date('build.as_of', 'organisations.timezone') }}

),

fees as (

    select
        hires.source_system,
        hires.tenant_id,
        hires.accepted_month as cost_month,
        hires.attribution,
        hires.channel_type,
        submissions.fee_currency as currency,
        submissions.fee_minor
    from {{ ref('int_agency_submissions_resolved') }} as submissions
    inner join {{ ref('mart_source_hires') }} as hires on submissions.application_id = hires.application_id and not hires.is_reneged
    where submissions.is_placed and submissions.fee_minor > 0 and submissions.fee_currency is not null

),

currencies as (

    select
        tenant_id,
        currency
    from spend
    union
    select
        tenant_id,
        currency
    from fees

),

attributions as (

    select 'first_touch' as attribution
    union all
    select 'last_touch' as attribution

),

entries as (

    select
        spend.source_system,
        spend.tenant_id,
        spend.cost_month,
        attributions.attribution,
        spend.channel_type,
        spend.currency,
        spend.amount_minor as spend_minor,
        0 as fee_minor,
        0 as hires,
        0 as retained,
        0 as pending
    from spend
    cross join attributions

    union all

    select
        source_system,
        tenant_id,
        cost_month,
        attribution,
        channel_type,
        currency,
        0 as spend_minor,
        fee_minor,
        0 as hires,
        0 as retained,
        0 as pending
    from fees

    union all

    select
        hires.source_system,
        hires.tenant_id,
        hires.accepted_month as cost_month,
        hires.attribution,
        hires.channel_type,
        coalesce(currencies.currency, 'unknown') as currency,
        0 as spend_minor,
        0 as fee_minor,
        1 as hires,
        case when hires.is_retained_12m then 1 else 0 end as retained,
        case when hires.is_year_over then 0 else 1 end as pending
    from {{ ref('mart_source_hires') }} as hires
    left join currencies on hires.tenant_id = currencies.tenant_id
    where not hires.is_reneged and not hires.is_internal

)

select
    tenant_id,
    source_system,
    cost_month,
    attribution,
    channel_type,
    currency,
    cast(sum(spend_minor) as bigint) as spend_minor,
    cast(sum(fee_minor) as bigint) as agency_fees_minor,
    cast(sum(hires) as bigint) as hires_count,
    cast(sum(retained) as bigint) as retained_count,
    cast(sum(pending) as bigint) as retention_pending_count
from entries
group by tenant_id, source_system, cost_month, attribution, channel_type, currency
