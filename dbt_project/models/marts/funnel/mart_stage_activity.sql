select
    applications.tenant_id,
    applications.source_system,
    {{ month_start(local_date('stages.first_entered_at', 'organisations.timezone')) }} as activity_month,
    applications.subject,
    applications.channel_type,
    applications.is_internal,
    stages.stage,
    stages.rank,
    count(*) as first_entries_count
from {{ ref('int_application_stages_reached') }} as stages
inner join {{ ref('fct_applications') }} as applications on stages.application_id = applications.application_id
inner join {{ ref('int_organisations_unioned') }} as organisations on applications.tenant_id = organisations.organisation_id
where stages.first_entered_at is not null
group by
    applications.tenant_id,
    applications.source_system,
    {{ month_start(local_date('stages.first_entered_at', 'organisations.timezone')) }},
    applications.subject,
    applications.channel_type,
    applications.is_internal,
    stages.stage,
    stages.rank
