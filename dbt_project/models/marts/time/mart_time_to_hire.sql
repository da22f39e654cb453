-- The clock of the hired spell: applied_at for the first spell, its first transition for a reopened one.
with spells as (

    select
        application_id,
        max(spell_number) as spell_number
    from {{ ref('int_application_spells') }}
    where outcome = 'hired'
    group by application_id

),

started as (

    select
        hires.*,
        applications.applied_at,
        case when spells.spell_number > 1 then hired_spells.first_event_at else applications.applied_at end as clock_started_at,
        applications.first_contact_at,
        {{ local_date('hires.accepted_at', 'applications.timezone') }} as accepted_date
    from {{ ref('fct_hires') }} as hires
    inner join {{ ref('int_applications_unioned') }} as applications on hires.application_id = applications.application_id
    left join spells on hires.application_id = spells.application_id
    left join {{ ref('int_application_spells') }} as hired_spells
        on spells.application_id = hired_spells.application_id and spells.spell_number = hired_spells.spell_number

)

select
    hire_id,
    source_system,
    application_id,
    opening_id,
    tenant_id,
    subject,
    staff_class,
    channel_type,
    is_internal,
    accepted_month,
    {{ elapsed_days('clock_started_at', 'accepted_at') }} as time_to_hire_days,
    {{ elapsed_days('first_contact_at', 'accepted_at') }} as time_from_first_contact_days,
    cast(start_date - accepted_date as double precision) as time_to_start_days,
    status = 'reneged' as is_reneged,
    is_accept_imputed
from started
