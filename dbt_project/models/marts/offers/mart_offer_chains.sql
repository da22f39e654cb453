-- An offer is its chain of versions: judged by the last one, dated by the first that was sent.
-- An imported offer without a sending instant that was answered counts from its answer.
with chains as (

    select
        chain_id,
        min(sent_at) as first_sent_at,
        count(*) as versions_count
    from {{ ref('int_offers_unioned') }}
    group by chain_id

),

reneged as (

    select distinct offers.chain_id
    from {{ ref('int_hires_unioned') }} as hires
    inner join {{ ref('int_offers_unioned') }} as offers on hires.offer_id = offers.offer_id
    where hires.status = 'reneged'

),

judged as (

    select
        offers.*,
        chains.versions_count,
        reneged.chain_id is not null as is_reneged,
        case
            when offers.status in ('accepted', 'declined', 'expired', 'withdrawn', 'rescinded') then offers.status else 'pending'
        end as answer,
        coalesce(
            chains.first_sent_at,
            case when offers.status in ('accepted', 'declined', 'expired') then offers.resolved_at end
        ) as offered_at
    from {{ ref('int_offers_unioned') }} as offers
    inner join chains on offers.chain_id = chains.chain_id
    left join reneged on offers.chain_id = reneged.chain_id
    where offers.is_last_version

)

select
    judged.chain_id,
    judged.offer_id,
    judged.source_system,
    judged.application_id,
    judged.tenant_id,
    applications.subject,
    applications.staff_class,
    applications.channel_type,
    applications.is_internal,
    judged.offered_at,
    {{ month_start(local_date('judged.offered_at', 'organisations.timezone')) }} as sent_month,
    judged.versions_count,
    judged.answer,
    judged.resolved_at,
    {{ elapsed_days('judged.offered_at', 'judged.resolved_at') }} as answer_days,
    case
        when judged.answer in ('declined', 'expired', 'withdrawn')
            then coalesce(case when applications.outcome in ('offer_declined', 'withdrawn') then unioned.terminal_reason end, 'unknown')
    end as decline_reason,
    judged.is_reneged
from judged
inner join {{ ref('fct_applications') }} as applications on judged.application_id = applications.application_id
inner join {{ ref('int_applications_unioned') }} as unioned on judged.application_id = unioned.application_id
inner join {{ ref('int_organisations_unioned') }} as organisations on judged.tenant_id = organisations.organisation_id
where judged.offered_at is not null
