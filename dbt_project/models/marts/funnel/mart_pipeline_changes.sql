-- The pipeline as signed steps: whoever adds up all steps until a day knows who was in which stage at its end.
with stays as (

    select
        visits.*,
        applications.source_system,
        applications.subject,
        applications.channel_type,
        applications.is_internal,
        organisations.timezone
    from {{ ref('int_stage_visits_timed') }} as visits
    inner join {{ ref('fct_applications') }} as applications on visits.application_id = applications.application_id
    inner join {{ ref('int_organisations_unioned') }} as organisations on visits.tenant_id = organisations.organisation_id

),

steps as (

    {% for basis, entered_at, exited_at in [('happened', 'entered_at', 'exited_at'), ('recorded', 'entered_known_at', 'exited_known_at')] %}
    select
        tenant_id,
        source_system,
        subject,
        channel_type,
        is_internal,
        stage,
        rank,
        '{{ basis }}' as basis,
        {{ local_date(entered_at, 'timezone') }} as snapshot_date,
        1 as entered,
        0 as exited,
        cast(0 as bigint) as stay_microseconds
    from stays

    union all

    select
        tenant_id,
        source_system,
        subject,
        channel_type,
        is_internal,
        stage,
        rank,
        '{{ basis }}' as basis,
        {{ local_date(exited_at, 'timezone') }} as snapshot_date,
        0 as entered,
        1 as exited,
        stay_microseconds
    from stays
    where {{ exited_at }} is not null

    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    tenant_id,
    source_system,
    snapshot_date,
    subject,
    channel_type,
    is_internal,
    stage,
    rank,
    basis,
    cast(sum(entered) as bigint) as entered_count,
    cast(sum(exited) as bigint) as exited_count,
    {{ days('sum(stay_microseconds)') }} as exited_stay_days
from steps
group by tenant_id, source_system, snapshot_date, subject, channel_type, is_internal, stage, rank, basis
