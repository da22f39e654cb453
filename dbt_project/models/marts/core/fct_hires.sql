select
    hires.hire_id,
    hires.source_system,
    hires.application_id,
    hires.opening_id,
    hires.tenant_id,
    applications.subject,
    applications.staff_class,
    applications.channel_type,
    hires.accepted_at,
    hires.is_accept_imputed,
    {{ month_start(local_date('hires.accepted_at', 'organisations.timezone')) }} as accepted_month,
    hires.start_date,
    hires.status,
    hires.contract_kind,
    applications.is_internal
from {{ ref('int_hires_unioned') }} as hires
inner join {{ ref('fct_applications') }} as applications on hires.application_id = applications.application_id
inner join {{ ref('int_organisations_unioned') }} as organisations on hires.tenant_id = organisations.organisation_id
