with stays as (

    select
        application_id,
        stage,
        rank,
        min(entered_at) as first_entered_at,
        count(*) as visits_count,
        cast(sum(stay_microseconds) as bigint) as stay_microseconds,
        bool_or(is_censored) as is_censored
    from {{ ref('int_stage_visits_timed') }}
    where not is_accidental
    group by application_id, stage, rank

)

select
    stays.application_id,
    applications.source_system,
    applications.tenant_id,
    applications.subject,
    applications.staff_class,
    applications.channel_type,
    applications.is_internal,
    stays.stage,
    stays.rank,
    {{ month_start(local_date('stays.first_entered_at', 'organisations.timezone')) }} as first_entered_month,
    stays.visits_count,
    {{ days('stays.stay_microseconds') }} as time_in_stage_days,
    stays.is_censored
from stays
inner join {{ ref('fct_applications') }} as applications on stays.application_id = applications.application_id
inner join {{ ref('int_organisations_unioned') }} as organisations on applications.tenant_id = organisations.organisation_id
