-- The pipeline as signed steps: whoever adds up all steps until a day knows who was in which stage at its end.
-- Millions of groups are counted: by the number of their segment, since the names of all of them would not fit into memory.
with numbered as (

    select
        application_id,
        tenant_id,
        source_system,
        subject,
        channel_type,
        is_internal,
        cast(dense_rank() over (order by tenant_id, source_system, subject, channel_type, is_internal) as integer) as segment
    from {{ ref('fct_applications') }}

),

segments as (

    select distinct
        segment,
        tenant_id,
        source_system,
        subject,
        channel_type,
        is_internal
    from numbered

),

stays as (

    select
        numbered.segment,
        visits.rank,
        visits.stay_microseconds,
        {{ local_date('visits.entered_at', 'organisations.timezone') }} as entered_on,
        {{ local_date('visits.exited_at', 'organisations.timezone') }} as exited_on,
        {{ local_date('visits.entered_known_at', 'organisations.timezone') }} as entered_known_on,
        {{ local_date('visits.exited_known_at', 'organisations.timezone') }} as exited_known_on
    from {{ ref('int_stage_visits_timed') }} as visits
    inner join numbered on visits.application_id = numbered.application_id
    inner join {{ ref('int_organisations_unioned') }} as organisations on visits.tenant_id = organisations.organisation_id

),

{% for basis, entered_on, exited_on in [('happened', 'entered_on', 'exited_on'), ('recorded', 'entered_known_on', 'exited_known_on')] %}
{{ basis }} as (

    select
        segment,
        rank,
        snapshot_date,
        '{{ basis }}' as basis,
        count(*) - count(exited) as entered_count,
        count(exited) as exited_count,
        {{ days('coalesce(sum(stay_microseconds), 0)') }} as exited_stay_days
    from (
        select
            segment,
            rank,
            {{ entered_on }} as snapshot_date,
            cast(null as integer) as exited,
            cast(null as bigint) as stay_microseconds
        from stays
        union all
        select
            segment,
            rank,
            {{ exited_on }} as snapshot_date,
            1 as exited,
            stay_microseconds
        from stays
        where {{ exited_on }} is not null
    ) as steps
    group by segment, rank, snapshot_date

),

{% endfor %}
counted as (

    select * from happened
    union all
    select * from recorded

)

select
    segments.tenant_id,
    segments.source_system,
    counted.snapshot_date,
    segments.subject,
    segments.channel_type,
    segments.is_internal,
    stages.stage,
    counted.rank,
    counted.basis,
    counted.entered_count,
    counted.exited_count,
    counted.exited_stay_days
from counted
inner join segments on counted.segment = segments.segment
inner join {{ ref('canonical_stages') }} as stages on counted.rank = stages.rank
