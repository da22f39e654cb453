-- First and last touch of every application; a touch without a channel is told by who brought it.
with touches as (

    select
        touches.application_id,
        touches.touched_at,
        touches.agency_id,
        coalesce(
            channels.channel_type,
            case when touches.agency_id is not null then 'agency' when touches.referrer_user_id is not null then 'referral' end,
            'unknown'
        ) as channel_type,
        row_number() over (
            partition by touches.application_id
            order by touches.touched_at, touches.position, {{ bytewise('touches.touch_id') }}
        ) as number_from_first,
        lead(touches.touch_id) over (
            partition by touches.application_id
            order by touches.touched_at, touches.position, {{ bytewise('touches.touch_id') }}
        ) is null as is_last
    from {{ ref('stg_hiring_core__touches') }} as touches
    left join {{ ref('stg_hiring_core__channels') }} as channels on touches.channel_id = channels.channel_id

)

select
    application_id,
    max(channel_type) filter (where number_from_first = 1) as first_channel_type,
    max(channel_type) filter (where is_last) as last_channel_type,
    max(agency_id) filter (where number_from_first = 1) as first_agency_id,
    min(touched_at) as first_touched_at
from touches
group by application_id
