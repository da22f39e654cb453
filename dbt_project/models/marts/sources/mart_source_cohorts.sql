-- An attempt is a run of applications of one person to one job, each within 180 days of the one before.
-- It belongs to the cohort and the channels of its first application and counts once.
with numbered as (

    select
        *,
        sum(case when is_reapplication then 0 else 1 end) over (
            partition by candidate_id, job_id
            order by applied_at, attempt_number, {{ bytewise('application_id') }}
            rows between unbounded preceding and current row
        ) as attempt_group
    from {{ ref('fct_applications') }}

),

attempts as (

    select
        candidate_id,
        job_id,
        attempt_group,
        bool_or(outcome = 'hired') as is_hired,
        bool_or(outcome = 'open') as is_open,
        max(reached_rank) as reached_rank
    from numbered
    group by candidate_id, job_id, attempt_group

),

judged as (

    select
        numbered.tenant_id,
        numbered.source_system,
        numbered.applied_month,
        numbered.subject,
        numbered.staff_class,
        numbered.is_internal,
        numbered.channel_type,
        numbered.last_channel_type,
        not numbered.is_reapplication as is_attempt,
        not numbered.is_reapplication and attempts.is_hired as is_hired,
        not numbered.is_reapplication and attempts.is_open as is_open,
        not numbered.is_reapplication and attempts.reached_rank >= 3 as is_screen_passed,
        attempts.reached_rank
    from numbered
    inner join attempts
        on
            numbered.candidate_id = attempts.candidate_id
            and numbered.job_id = attempts.job_id
            and numbered.attempt_group = attempts.attempt_group

),

counted as (

    {% for attribution, channel_type in [('first_touch', 'channel_type'), ('last_touch', 'last_channel_type')] %}
    select
        tenant_id,
        source_system,
        applied_month,
        subject,
        staff_class,
        is_internal,
        '{{ attribution }}' as attribution,
        {{ channel_type }} as channel_type,
        count(*) as applications_count,
        count(*) filter (where is_attempt) as attempts_count,
        count(*) filter (where is_hired) as hired_count,
        count(*) filter (where is_open) as open_count,
        count(*) filter (where is_screen_passed) as screen_passed_count,
        cast(coalesce(sum(reached_rank - 1) filter (where is_screen_passed), 0) as double precision) / 6 as rank_points_sum
    from judged
    group by tenant_id, source_system, applied_month, subject, staff_class, is_internal, {{ channel_type }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    counted.*,
    coalesce(maturity.is_mature, false) as is_mature
from counted
left join {{ ref('mart_cohort_maturity') }} as maturity
    on
        counted.tenant_id = maturity.tenant_id
        and counted.source_system = maturity.source_system
        and counted.applied_month = maturity.applied_month
