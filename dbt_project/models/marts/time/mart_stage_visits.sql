select
    visits.visit_id,
    visits.application_id,
    applications.source_system,
    visits.tenant_id,
    applications.job_id,
    applications.subject,
    applications.staff_class,
    applications.channel_type,
    visits.stage,
    visits.rank,
    visits.spell_number,
    visits.entered_at,
    visits.exited_at,
    {{ month_start(local_date('visits.entered_at', 'organisations.timezone')) }} as entered_month,
    {{ days('visits.stay_microseconds') }} as time_in_stage_days,
    visits.is_censored,
    visits.is_accidental,
    visits.sla_hours,
    case
        when visits.sla_hours is null then null
        when visits.stay_microseconds > visits.sla_hours * 3600000000 then true
        when not visits.is_censored then false
    end as is_sla_breached
from {{ ref('int_stage_visits_timed') }} as visits
inner join {{ ref('fct_applications') }} as applications on visits.application_id = applications.application_id
inner join {{ ref('int_organisations_unioned') }} as organisations on visits.tenant_id = organisations.organisation_id
