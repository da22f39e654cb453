{% for attribution, channel_type in [('first_touch', 'applications.channel_type'), ('last_touch', 'applications.last_channel_type')] %}
select
    hires.hire_id,
    hires.source_system,
    hires.application_id,
    hires.tenant_id,
    '{{ attribution }}' as attribution,
    {{ channel_type }} as channel_type,
    hires.subject,
    hires.staff_class,
    hires.contract_kind,
    hires.is_internal,
    hires.accepted_month,
    {{ month_start('hires.start_date') }} as start_month,
    followed.is_reneged,
    followed.is_year_over,
    outcomes.is_retained_12m,
    followed.service_days,
    followed.end_class,
    followed.performance_score,
    followed.satisfaction_score
from {{ ref('fct_hires') }} as hires
inner join {{ ref('fct_applications') }} as applications on hires.application_id = applications.application_id
inner join {{ ref('int_hires_followed') }} as followed on hires.hire_id = followed.hire_id
inner join {{ ref('mart_hire_outcomes') }} as outcomes on hires.hire_id = outcomes.hire_id
{% if not loop.last %}

union all
{% endif %}
{% endfor %}
