-- Coded values of the facts are those of the seeds.
{% set codes = [
    ('fct_applications', 'channel_type', 'channel_type'), ('fct_applications', 'origin', 'origin'), ('fct_applications', 'outcome_side', 'side'),
    ('fct_applications', 'staff_class', 'staff_class'), ('dim_jobs', 'status', 'job_status'), ('fct_offers', 'status', 'offer_status'),
    ('fct_hires', 'status', 'hire_status'), ('dim_organisations', 'kind', 'organisation_kind')
] %}
{% for model, column, vocabulary in codes %}
select
    '{{ model }}.{{ column }}' as coded_column,
    facts.{{ column }} as coded_value
from {{ ref(model) }} as facts
left join {{ ref('vocabularies') }} as vocabularies
    on facts.{{ column }} = vocabularies.value and vocabularies.vocabulary = '{{ vocabulary }}'
where facts.{{ column }} is not null and facts.{{ column }} <> 'unknown' and vocabularies.value is null
{% if not loop.last %}union all{% endif %}
{% endfor %}
