-- What cleaning did to every tenant's transitions, step by step; a step that did nothing shows 0.
with tenants as (

    select distinct
        source_system,
        tenant_id
    from {{ ref('int_applications_unioned') }}

),

told as (

    select
        source_system,
        tenant_id,
        count(*) as rows_count,
        count(*) filter (where stage is null) as unmapped_count
    from {{ ref('int_stage_events_unioned') }}
    group by source_system, tenant_id

),

cleaned as (

    select
        source_system,
        tenant_id,
        count(*) filter (where not is_synthetic) as kept_count,
        count(*) filter (where is_tied) as tied_count,
        count(*) filter (where is_accidental) as accidental_count,
        count(*) filter (where is_synthetic) as added_count,
        count(*) filter (where is_after_terminal) as after_terminal_count
    from {{ ref('int_stage_events_cleaned') }}
    group by source_system, tenant_id

),

duplicates as (

    select
        applications.source_system,
        applications.tenant_id,
        count(*) as rows_count
    from {{ ref('int_applications_unioned') }} as applications
    inner join {{ ref('int_applications_resolved') }} as resolved on applications.application_id = resolved.application_id
    where not resolved.is_in_funnel
    group by applications.source_system, applications.tenant_id

),

imputed as (

    select
        source_system,
        tenant_id,
        count(*) as rows_count
    from {{ ref('int_hires_unioned') }}
    where is_accept_imputed
    group by source_system, tenant_id

),

counts as (

    select
        tenants.source_system,
        tenants.tenant_id,
        coalesce(told.rows_count, 0) - coalesce(cleaned.kept_count, 0) as exact_duplicates_removed,
        coalesce(cleaned.tied_count, 0) as ties_ordered,
        coalesce(cleaned.accidental_count, 0) as accidental_visits_flagged,
        coalesce(cleaned.added_count, 0) as applied_events_added,
        coalesce(cleaned.after_terminal_count, 0) as events_after_terminal_flagged,
        coalesce(told.unmapped_count, 0) as unmapped_stages_kept,
        coalesce(duplicates.rows_count, 0) as duplicate_applications_left_out,
        coalesce(imputed.rows_count, 0) as acceptances_imputed
    from tenants
    left join told on tenants.source_system = told.source_system and tenants.tenant_id = told.tenant_id
    left join cleaned on tenants.source_system = cleaned.source_system and tenants.tenant_id = cleaned.tenant_id
    left join duplicates on tenants.source_system = duplicates.source_system and tenants.tenant_id = duplicates.tenant_id
    left join imputed on tenants.source_system = imputed.source_system and tenants.tenant_id = imputed.tenant_id

)

{% set steps = [
    'exact_duplicates_removed', 'ties_ordered', 'accidental_visits_flagged', 'applied_events_added', 'events_after_terminal_flagged',
    'unmapped_stages_kept', 'duplicate_applications_left_out', 'acceptances_imputed'
] %}
{% for step in steps %}
select
    source_system,
    tenant_id,
    cast({{ loop.index }} as bigint) as step_number,
    '{{ step }}' as cleaning_step,
    {{ step }} as rows_count
from counts
{% if not loop.last %}union all{% endif %}
{% endfor %}
