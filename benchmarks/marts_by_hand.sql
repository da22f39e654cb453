-- Every mart as a good analyst would write it for DuckDB alone: straight from staging, no macro, no table between, hiring core only.
-- `-- part: NAME uses OTHERS` is a piece of a WITH clause; `-- mart: NAME uses PARTS` is a query. benchmarks/marts.py puts them together.

-- part: build
build as (select as_of, known_at from staging.stg_pipeline__build)

-- part: schools
schools as (select organisation_id, timezone, academic_year_start_month from staging.stg_hiring_core__organisations)

-- part: people
merges as (
    select candidate_id, merged_into_id as person_id, 1 as step from staging.stg_hiring_core__candidates where merged_into_id is not null
    union all
    select m.candidate_id, c.merged_into_id, step + 1
    from merges m join staging.stg_hiring_core__candidates c on m.person_id = c.candidate_id
    where c.merged_into_id is not null and step < 20
),
people as (select candidate_id, arg_max(person_id, step) as person_id from merges group by all)

-- part: touched
touched as (
    select
        application_id,
        min({touched_at: touched_at, position: position, touch_id: touch_id, kind: kind, agency_id: agency_id}) as f,
        max({touched_at: touched_at, position: position, touch_id: touch_id, kind: kind}) as l
    from (
        select
            t.*,
            coalesce(
                c.channel_type,
                case when agency_id is not null then 'agency' when referrer_user_id is not null then 'referral' end, 'unknown'
            ) as kind
        from staging.stg_hiring_core__touches t left join staging.stg_hiring_core__channels c using (channel_id)
    )
    group by all
)

-- part: apps uses build schools people touched
submitted as (
    select application_id, arg_min(agency_id, {submitted_at: submitted_at, agency_submission_id: agency_submission_id}) as agency_id
    from staging.stg_hiring_core__agency_submissions group by all
),
apps as (
    select
        a.application_id, a.tenant_id, a.job_id, coalesce(p.person_id, a.candidate_id) as person_id, a.attempt_number,
        a.applied_at, a.recorded_at, a.origin, a.is_internal, a.status, a.terminal_at as stated_at, r.side as stated_side, r.name as stated_reason,
        coalesce(t.f.kind, 'unknown') as channel_type, coalesce(t.l.kind, 'unknown') as last_channel_type,
        coalesce(s.agency_id, t.f.agency_id) as agency_id,
        coalesce(least(t.f.touched_at, a.applied_at), a.applied_at) as first_contact_at, o.timezone
    from staging.stg_hiring_core__applications a
    cross join build b
    left join people p using (candidate_id)
    left join touched t using (application_id)
    left join submitted s using (application_id)
    left join staging.stg_hiring_core__terminal_reasons r using (terminal_reason_id)
    left join schools o on o.organisation_id = a.tenant_id
    where a.applied_at <= b.as_of and a.recorded_at <= b.known_at
)

-- part: told uses build
meanings as (
    select
        organisation_id, job_id, stage_name, canonical_stage, sla_hours,
        if(row_number() over w > 1, active_from, null) as valid_from, lead(active_from) over w as valid_to
    from staging.stg_hiring_core__stage_definitions
    window w as (partition by organisation_id, job_id, stage_name order by active_from, stage_definition_id)
),
named as (
    select
        e.event_id, e.tenant_id, e.application_id, e.sequence, e.stage_name, e.event_at, e.recorded_at, e.actor_id, e.provenance,
        e.spell_number, r.side as reason_side, r.name as reason_name, coalesce(j.sla_hours, s.sla_hours) as sla_hours,
        greatest(e.event_at, e.recorded_at) as known_at,
        coalesce(o.outcome, j.canonical_stage, s.canonical_stage, c.stage) as stage
    from staging.stg_hiring_core__stage_events e
    join staging.stg_hiring_core__applications a using (application_id)
    cross join build b
    left join staging.application_outcomes o on o.outcome = e.stage_name
    left join staging.canonical_stages c on c.stage = e.stage_name
    left join meanings s
        on s.organisation_id = e.tenant_id and s.stage_name = e.stage_name and s.job_id is null
        and coalesce(e.event_at >= s.valid_from, true) and coalesce(e.event_at < s.valid_to, true)
    left join meanings j
        on j.job_id = a.job_id and j.stage_name = e.stage_name
        and coalesce(e.event_at >= j.valid_from, true) and coalesce(e.event_at < j.valid_to, true)
    left join staging.stg_hiring_core__terminal_reasons r on r.terminal_reason_id = e.reason_id
    where e.event_at <= b.as_of and e.recorded_at <= b.known_at
),
told as (
    select n.*, c.rank, o.outcome is not null as is_terminal
    from named n left join staging.canonical_stages c using (stage) left join staging.application_outcomes o on o.outcome = n.stage
)

-- part: cleaned uses told apps
once as (
    select * from told
    qualify row_number() over (
        partition by application_id, sequence, stage_name, event_at, actor_id, provenance, spell_number order by recorded_at, event_id
    ) = 1
),
moves as (
    select
        event_id, tenant_id, application_id, stage, rank, is_terminal, event_at, known_at, reason_side, reason_name, sla_hours, spell_number,
        row_number() over w as event_number,
        coalesce(event_at = lag(event_at) over w, false) as is_tied,
        coalesce(actor_id = lead(actor_id) over w and lead(event_at) over w - event_at < interval 1 minute, false) as is_accidental,
        count(*) filter (where is_terminal) over (
            partition by application_id, spell_number order by event_at, sequence nulls last, rank nulls last, event_id
            rows between unbounded preceding and 1 preceding
        ) > 0 as is_after_terminal,
        false as is_synthetic
    from once
    window w as (partition by application_id order by event_at, sequence nulls last, rank nulls last, event_id)
),
cleaned as (
    from moves
    union all by name
    select
        application_id || ':applied' as event_id, tenant_id, application_id, 'applied' as stage, 1 as rank, false as is_terminal,
        applied_at as event_at, greatest(applied_at, recorded_at) as known_at, 1 as spell_number, 0 as event_number, false as is_tied, false as is_accidental,
        false as is_after_terminal, true as is_synthetic
    from apps anti join (select application_id from moves where rank = 1) using (application_id)
)

-- part: spells uses cleaned
spells as (
    select
        application_id, spell_number, min(event_at) as first_event_at,
        max(stage) filter (where is_terminal and not is_after_terminal) as outcome,
        max(event_at) filter (where is_terminal and not is_after_terminal) as ended_at,
        max(reason_side) filter (where is_terminal and not is_after_terminal) as side,
        max(reason_name) filter (where is_terminal and not is_after_terminal) as reason
    from cleaned group by all
)

-- part: offers uses build
offers as (
    select
        o.* exclude (sent_at, resolved_at, status), if(resolved_at > as_of, 'sent', status) as status, if(sent_at <= as_of, sent_at, null) as sent_at,
        if(resolved_at <= as_of, resolved_at, null) as resolved_at,
        row_number() over (partition by chain_id order by version desc, offer_id desc) = 1 as is_last_version
    from staging.stg_hiring_core__offers o join build b on o.recorded_at <= b.known_at
)

-- part: hires uses build offers
hires as (
    select
        h.* exclude (accepted_at, hired_at), coalesce(h.accepted_at, o.resolved_at, h.hired_at) as accepted_at,
        h.accepted_at is null and o.resolved_at is null as is_accept_imputed
    from staging.stg_hiring_core__hires h cross join build b
    left join offers o on o.offer_id = h.offer_id and o.status = 'accepted'
    where coalesce(h.accepted_at, o.resolved_at, h.hired_at) <= b.as_of and h.recorded_at <= b.known_at
)

-- part: reached uses cleaned offers hires
reached as (
    select s.application_id, c.stage, c.rank, min(s.event_at) as first_entered_at
    from (
        select application_id, stage, event_at from cleaned where rank is not null and (not is_accidental or is_terminal)
        union all
        select application_id, if(kind = 'demo_lesson', 'demo_lesson', 'interview'), null
        from staging.stg_hiring_core__interviews i join build b on i.scheduled_end <= b.as_of and i.recorded_at <= b.known_at
        where i.status = 'held'
        union all
        select application_id, 'offer', null from offers where sent_at is not null
        union all
        select application_id, 'offer', null from told where stage = 'offer_declined'
        union all
        select application_id, 'hired', null from hires
    ) s
    join staging.canonical_stages c using (stage)
    group by all
)

-- part: resolved uses apps spells reached
resolved as (
    with last_spells as (
        select
            application_id, bool_or(outcome is not null) as has_terminal,
            max({spell_number: spell_number, outcome: outcome, ended_at: ended_at, side: side, reason: reason}) as last
        from spells group by all
    ),
    furthest as (select application_id, max(rank) as reached_rank from reached group by all),
    ended as (
        select
            a.*, f.reached_rank,
            case
                when l.last.outcome is not null then l.last.outcome when not l.has_terminal and a.stated_at <= b.as_of then s.outcome
            end as ending,
            case
                when l.last.outcome is not null then l.last.ended_at
                when not l.has_terminal and a.stated_at <= b.as_of and s.outcome is not null then a.stated_at
            end as terminal_at,
            coalesce(l.last.side, a.stated_side) as side, coalesce(l.last.reason, a.stated_reason) as reason
        from apps a join last_spells l using (application_id) join furthest f using (application_id)
        left join staging.application_outcomes s on s.outcome = a.status
        cross join build b
    )
    select
        e.*, c.stage as furthest_stage, coalesce(e.ending, 'open') as outcome, coalesce(o.is_in_funnel, true) as is_in_funnel,
        if(e.ending in ('rejected', 'withdrawn', 'offer_declined', 'job_closed'), coalesce(e.side, o.default_side), null) as outcome_side,
        if(e.ending in ('rejected', 'withdrawn', 'offer_declined', 'job_closed'), e.reason, null) as outcome_reason
    from ended e join staging.canonical_stages c on c.rank = e.reached_rank
    left join staging.application_outcomes o on o.outcome = e.ending
)

-- part: statuses uses build
statuses as (
    select
        job_id, to_status as status, event_at as started_at, lead(event_at) over w as ended_at,
        row_number() over (partition by job_id order by event_at desc, e.recorded_at desc, position desc, job_status_event_id desc) as ago
    from staging.stg_hiring_core__job_status_events e join build b on e.event_at <= b.as_of and e.recorded_at <= b.known_at
    left join staging.vocabularies v on v.value = e.to_status and v.vocabulary = 'job_status'
    window w as (partition by job_id order by event_at, e.recorded_at, position, job_status_event_id)
)

-- part: jobs uses statuses
jobs as (
    with told_by_events as (
        select
            job_id, min(started_at) filter (where status = 'approved') as approved_at, min(started_at) filter (where status = 'open') as opened_at,
            any_value(status) filter (where ago = 1) as status, any_value(started_at) filter (where ago = 1) as since
        from statuses group by all
    )
    select
        j.* exclude (status, approved_at, opened_at, closed_at, close_reason), coalesce(e.status, j.status) as status,
        coalesce(e.approved_at, j.approved_at) as approved_at, coalesce(e.opened_at, j.opened_at) as opened_at,
        case when e.status in ('closed', 'cancelled') then e.since when e.status is null then j.closed_at end as closed_at,
        if(coalesce(e.status, j.status) in ('closed', 'cancelled'), j.close_reason, null) as close_reason
    from staging.stg_hiring_core__jobs j left join told_by_events e using (job_id)
)

-- part: funnel_apps uses build resolved
funnel_apps as (
    select
        r.application_id, 'hiring_core' as source_system, r.tenant_id, r.job_id, r.person_id as candidate_id, r.attempt_number, j.subject,
        j.staff_class, r.channel_type, r.last_channel_type, r.agency_id, r.origin, r.is_internal, r.applied_at,
        (r.applied_at at time zone r.timezone)::date as applied_date, date_trunc('month', applied_date)::date as applied_month,
        r.outcome, r.outcome_side, r.outcome_reason, r.terminal_at, r.reached_rank, r.furthest_stage,
        coalesce(
            epoch_us(r.applied_at) - epoch_us(lag(r.applied_at) over (
                partition by r.person_id, r.job_id order by r.applied_at, r.attempt_number, r.application_id
            )) <= 180 * 86400000000, false
        ) as is_reapplication,
        (epoch_us(r.terminal_at) - epoch_us(r.applied_at)) / 86400000000 as process_days,
        (epoch_us(b.as_of) - epoch_us(r.applied_at)) / 86400000000 as age_days, r.timezone
    from resolved r join staging.stg_hiring_core__jobs j using (job_id) cross join build b
    where r.is_in_funnel
)

-- part: funnel_hires uses hires funnel_apps
funnel_hires as (
    select
        h.hire_id, a.source_system, h.application_id, h.opening_id, h.tenant_id, a.subject, a.staff_class, a.channel_type, h.accepted_at,
        h.is_accept_imputed, date_trunc('month', h.accepted_at at time zone a.timezone)::date as accepted_month, h.start_date, h.status,
        h.contract_kind, a.is_internal, a.timezone
    from hires h join funnel_apps a using (application_id)
)

-- part: stays uses cleaned funnel_apps
stays as (
    select
        m.event_id as visit_id, m.application_id, a.source_system, m.tenant_id, a.job_id, a.subject, a.staff_class, a.channel_type,
        a.is_internal, m.stage, m.rank, m.spell_number, m.event_at as entered_at,
        coalesce(m.next_at, greatest(a.terminal_at, m.event_at + if(a.terminal_at is null, null, interval 0 second))) as exited_at,
        epoch_us(coalesce(exited_at, b.as_of)) - epoch_us(m.event_at) as microseconds, exited_at is null as is_censored, m.is_accidental,
        m.sla_hours, m.known_at as entered_known_at,
        greatest(if(m.next_at is not null, m.next_known_at, a.terminal_at), if(exited_at is null, null, m.known_at)) as exited_known_at, a.timezone
    from (
        select *, lead(event_at) over w as next_at, lead(known_at) over w as next_known_at
        from cleaned where not is_after_terminal
        window w as (partition by application_id order by event_at, event_number, event_id)
    ) m
    join funnel_apps a using (application_id)
    cross join build b
    where not m.is_terminal and m.rank is not null
)

-- part: seats uses build schools hires jobs
seats as (
    with filled as (
        select opening_id, min(accepted_at) filter (where status <> 'reneged') as at from hires where opening_id is not null group by all
    ),
    ended as (
        select
            s.opening_id, s.tenant_id, s.job_id, s.fte, s.opened_at, j.approved_at, j.subject, j.staff_class, j.target_start_date,
            case
                when f.at is not null then f.at
                when f.opening_id is null and s.close_reason = 'filled' and s.closed_at <= b.as_of then s.closed_at
            end as filled_at,
            if(filled_at is null, coalesce(if(s.closed_at <= b.as_of and s.close_reason <> 'filled', s.closed_at, null), e.started_at), null)
                as cancelled_at,
            coalesce(filled_at, cancelled_at, b.as_of) as ended_at
        from staging.stg_hiring_core__openings s join build b on s.recorded_at <= b.known_at
        join jobs j using (job_id)
        left join filled f using (opening_id)
        left join statuses e on e.job_id = s.job_id and e.ago = 1 and e.status in ('closed', 'cancelled')
    ),
    reopened as (
        select s.opening_id, max(r.started_at) as at
        from ended s
        join (select *, lag(status) over (partition by job_id order by ago desc) as before from statuses) r
            on r.job_id = s.job_id and r.status = 'open' and r.before in ('closed', 'cancelled')
            and r.started_at > s.approved_at and r.started_at < s.ended_at
        group by all
    ),
    held as (
        select
            s.opening_id, sum(epoch_us(least(coalesce(h.ended_at, s.ended_at), s.ended_at)) - epoch_us(greatest(h.started_at, s.approved_at)))::bigint as us,
            sum(greatest(epoch_us(least(coalesce(h.ended_at, s.ended_at), s.ended_at)) - epoch_us(greatest(h.started_at, coalesce(r.at, s.approved_at))), 0))::bigint as latest_us
        from ended s join statuses h
            on h.job_id = s.job_id and h.status = 'on_hold' and h.started_at < s.ended_at and coalesce(h.ended_at, s.ended_at) > s.approved_at
        left join reopened r using (opening_id)
        group by s.opening_id
    )
    select e.*, coalesce(h.us, 0) as held_us, coalesce(h.latest_us, 0) as latest_held_us, r.at as reopened_at, o.timezone
    from ended e join schools o on o.organisation_id = e.tenant_id
    left join held h using (opening_id) left join reopened r using (opening_id)
)

-- part: term_starts
term_starts as (
    select distinct organisation_id, coalesce(term_code, 'term') as term_code, calendar_date as term_start_date
    from staging.stg_hiring_core__calendar_days where is_term_start
)

-- part: maturity uses build funnel_apps
maturity as (
    with durations as (
        select tenant_id, quantile_cont(process_days, 0.95) as p95 from funnel_apps where outcome <> 'open' group by all
    ),
    months as (
        select
            tenant_id, source_system, applied_month, any_value(timezone) as timezone, max(applied_at) as youngest,
            count(*) as applications_count, count(*) filter (where outcome = 'open') as open_count
        from funnel_apps group by all
    )
    select
        m.* exclude (timezone, youngest),
        m.applied_month < date_trunc('month', b.as_of at time zone m.timezone)::date and (
            100 * (applications_count - open_count) >= 95 * applications_count
            or coalesce((epoch_us(b.as_of) - epoch_us(m.youngest)) / 86400000000 > p95, false)
        ) as is_mature
    from months m left join durations using (tenant_id) cross join build b
)

-- part: cohorts uses funnel_apps
cohorts as (
    select
        tenant_id, source_system, applied_month, subject, staff_class, channel_type, is_internal, c.stage, c.rank,
        count(*) as applications_count, count(*) filter (where reached_rank >= c.rank) as reached_count,
        count(*) filter (where reached_rank >= c.rank and outcome <> 'open') as reached_closed_count,
        count(*) filter (where reached_rank > c.rank) as advanced_count,
        count(*) filter (where reached_rank = c.rank and outcome = 'open') as open_count,
        count(*) filter (where reached_rank = c.rank and outcome = 'hired') as hired_count,
        count(*) filter (where reached_rank = c.rank and outcome = 'rejected') as rejected_count,
        count(*) filter (where reached_rank = c.rank and outcome = 'withdrawn') as withdrawn_count,
        count(*) filter (where reached_rank = c.rank and outcome = 'offer_declined') as offer_declined_count,
        count(*) filter (where reached_rank = c.rank and outcome = 'job_closed') as job_closed_count
    from funnel_apps cross join staging.canonical_stages c group by all
)

-- mart: dim_channels
select channel_id, 'hiring_core' as source_system, tenant_id, channel_name, channel_type from staging.stg_hiring_core__channels

-- mart: dim_organisations
select organisation_id, 'hiring_core' as source_system, name, kind, parent_id, timezone, country, academic_year_start_month
from staging.stg_hiring_core__organisations

-- mart: dim_term_starts uses term_starts
select organisation_id, 'hiring_core' as source_system, organisation_id as tenant_id, term_code, term_start_date from term_starts

-- mart: dim_jobs uses build jobs
select
    job_id, 'hiring_core' as source_system, tenant_id, title, subject, grade_range, staff_class, status, approved_at, opened_at, closed_at,
    close_reason, headcount, fte, target_start_date, has_visa_sponsorship
from jobs

-- mart: fct_applications uses build funnel_apps
select * exclude (timezone) from funnel_apps

-- mart: fct_hires uses build funnel_hires
select * exclude (timezone) from funnel_hires

-- mart: fct_offers uses build offers
select
    offer_id, 'hiring_core' as source_system, application_id, opening_id, tenant_id, chain_id, version, is_last_version, status, sent_at,
    resolved_at
from offers

-- mart: fct_openings uses build seats term_starts
select
    s.opening_id, 'hiring_core' as source_system, s.job_id, s.tenant_id, s.subject, s.staff_class,
    case when s.filled_at is not null then 'filled' when s.cancelled_at is not null then 'cancelled' else 'open' end as status,
    s.approved_at, s.opened_at, s.filled_at, coalesce(s.filled_at, s.cancelled_at) as closed_at, s.fte, s.target_start_date,
    t.term_start_date, s.held_us / 86400000000 as hold_days
from (
    select *, coalesce(target_start_date, (coalesce(opened_at, approved_at) at time zone timezone)::date) as wanted from seats
) s
left join term_starts t
    on t.organisation_id = s.tenant_id and (s.target_start_date is not null or t.term_start_date > s.wanted)
qualify row_number() over (partition by s.opening_id order by abs(t.term_start_date - s.wanted), t.term_start_date) = 1

-- mart: mart_funnel_cohorts uses build cohorts reached maturity
select c.*, coalesce(d.n, 0) as reached_directly_count, coalesce(m.is_mature, false) as is_mature
from cohorts c left join maturity m using (tenant_id, source_system, applied_month)
left join (
    select tenant_id, applied_month, subject, staff_class, channel_type, is_internal, r.rank, count(*) as n
    from reached r join funnel_apps using (application_id) group by all
) d
    on d.tenant_id = c.tenant_id and d.applied_month = c.applied_month and d.subject is not distinct from c.subject
    and d.staff_class is not distinct from c.staff_class and d.channel_type = c.channel_type and d.is_internal = c.is_internal
    and d.rank = c.rank

-- mart: mart_cohort_maturity uses build maturity
select * from maturity

-- mart: mart_stage_activity uses build reached funnel_apps
select
    a.tenant_id, a.source_system, date_trunc('month', r.first_entered_at at time zone a.timezone)::date as activity_month, a.subject,
    a.channel_type, a.is_internal, r.stage, r.rank, count(*) as first_entries_count
from reached r join funnel_apps a using (application_id) where r.first_entered_at is not null group by all

-- mart: mart_source_cohorts uses build funnel_apps maturity
with numbered as (
    select
        *,
        sum(if(is_reapplication, 0, 1)) over (
            partition by candidate_id, job_id order by applied_at, attempt_number, application_id rows unbounded preceding
        ) as attempt
    from funnel_apps
),
judged as (
    select
        *, bool_or(outcome = 'hired') over w as any_hired, bool_or(outcome = 'open') over w as any_open, max(reached_rank) over w as top
    from numbered window w as (partition by candidate_id, job_id, attempt)
),
counted as (
    select
        tenant_id, source_system, applied_month, subject, staff_class, is_internal, touch.attribution, touch.channel_type,
        count(*) as applications_count, count(*) filter (where not is_reapplication) as attempts_count,
        count(*) filter (where not is_reapplication and any_hired) as hired_count,
        count(*) filter (where not is_reapplication and any_open) as open_count,
        count(*) filter (where not is_reapplication and top >= 3) as screen_passed_count,
        coalesce(sum(top - 1) filter (where not is_reapplication and top >= 3), 0) / 6 as rank_points_sum
    from (
        select
            j.* exclude (channel_type),
            unnest([
                {attribution: 'first_touch', channel_type: channel_type}, {attribution: 'last_touch', channel_type: last_channel_type}
            ]) as touch
        from judged j
    )
    group by all
)
select c.*, coalesce(m.is_mature, false) as is_mature
from counted c left join maturity m using (tenant_id, source_system, applied_month)

-- mart: mart_hire_outcomes uses build funnel_hires
with outcomes as (
    select o.* from staging.stg_hiring_core__employment_outcomes o join build b on o.recorded_at <= b.known_at
),
facts as (
    select
        h.hire_id, bool_and(o.probation_passed) as probation_passed, min(o.end_date) as end_date,
        min(o.end_reason) filter (where o.end_date is not null) as end_reason,
        min(o.recorded_at) filter (where o.end_date is not null) as end_recorded_at,
        min(o.recorded_at) filter (where o.is_still_employed and o.observed_on - h.start_date >= 365) as retention_recorded_at,
        max(o.recorded_at) filter (where o.probation_passed is not null) as probation_recorded_at,
        max({observed_on: o.observed_on, recorded_at: o.recorded_at, id: o.outcome_id, value: o.performance_value})
            filter (where o.performance_value is not null) as performance
    from funnel_hires h join outcomes o using (hire_id) group by all
),
judged as (
    select
        h.*, f.probation_passed, f.performance.value >= 3 as performance_meets,
        case
            when h.status = 'reneged' then null
            when f.end_date - h.start_date < 365 then if(e.ends_retention, false, null)
            when f.end_date - h.start_date >= 365 or f.retention_recorded_at is not null then true
        end as is_retained,
        greatest(
            (h.start_date + 365)::timestamp at time zone h.timezone, coalesce(f.retention_recorded_at, f.end_recorded_at),
            coalesce(f.probation_recorded_at, f.retention_recorded_at, f.end_recorded_at)
        ) as final_at
    from funnel_hires h left join facts f using (hire_id) left join staging.end_reasons e on e.end_reason = f.end_reason
)
select
    hire_id, source_system, application_id, tenant_id, accepted_at, start_date,
    if(is_known, is_retained and coalesce(probation_passed, true) and coalesce(performance_meets, true), null) as is_success,
    if(is_known, final_at, null) as label_known_at, probation_passed, if(is_known, is_retained, null) as is_retained_12m, performance_meets
from (select j.*, is_retained is not null and final_at <= b.as_of as is_known from judged j cross join build b)

-- mart: mart_stage_visits uses build stays
select
    * exclude (microseconds, timezone, is_internal, entered_known_at, exited_known_at), date_trunc('month', entered_at at time zone timezone)::date as entered_month,
    microseconds / 86400000000 as time_in_stage_days,
    if(microseconds > sla_hours * 3600000000, true, if(is_censored or sla_hours is null, null, false)) as is_sla_breached
from stays

-- mart: mart_stage_durations uses build stays
select
    application_id, source_system, tenant_id, subject, staff_class, channel_type, is_internal, stage, rank,
    date_trunc('month', min(entered_at) at time zone any_value(timezone))::date as first_entered_month, count(*) as visits_count,
    sum(microseconds)::bigint / 86400000000 as time_in_stage_days, bool_or(is_censored) as is_censored
from stays where not is_accidental group by application_id, source_system, tenant_id, subject, staff_class, channel_type, is_internal, stage, rank

-- part: fills uses seats
fills as (
    select
        *, date_trunc('month', approved_at at time zone timezone)::date as approved_month,
        (epoch_us(ended_at) - epoch_us(approved_at)) / 86400000000 as gross_days, filled_at is not null as is_filled,
        cancelled_at is not null as is_cancelled
    from seats where approved_at is not null
)

-- mart: mart_time_to_fill uses build fills
select
    opening_id, 'hiring_core' as source_system, job_id, tenant_id, subject, staff_class, approved_month, approved_at, gross_days,
    (epoch_us(ended_at) - epoch_us(approved_at) - held_us) / 86400000000 as net_days,
    (epoch_us(ended_at) - epoch_us(coalesce(reopened_at, approved_at))) / 86400000000 as gross_latest_days,
    (epoch_us(ended_at) - epoch_us(coalesce(reopened_at, approved_at)) - latest_held_us) / 86400000000 as net_latest_days,
    reopened_at is not null as is_reopened, is_filled, is_cancelled, not is_filled and not is_cancelled as is_censored, filled_at, cancelled_at
from fills

-- mart: mart_time_to_hire uses build funnel_hires spells
with hired as (
    select application_id, max({spell_number: spell_number, first_event_at: first_event_at}) as spell from spells where outcome = 'hired' group by all
)
select
    h.hire_id, h.source_system, h.application_id, h.opening_id, h.tenant_id, h.subject, h.staff_class, h.channel_type, h.is_internal,
    h.accepted_month, (epoch_us(h.accepted_at) - epoch_us(
        case when s.spell.spell_number > 1 then s.spell.first_event_at else a.applied_at end
    )) / 86400000000 as time_to_hire_days,
    (epoch_us(h.accepted_at) - epoch_us(a.first_contact_at)) / 86400000000 as time_from_first_contact_days,
    (h.start_date - (h.accepted_at at time zone h.timezone)::date)::double as time_to_start_days, h.status = 'reneged' as is_reneged,
    h.is_accept_imputed
from funnel_hires h join apps a using (application_id) left join hired s using (application_id)

-- mart: mart_equity_cohorts uses build resolved schools
with placed as (
    select
        r.tenant_id, r.person_id, (r.applied_at at time zone r.timezone)::date as applied_on, r.timezone, r.recorded_at,
        (date_trunc('year', applied_on) + to_months(
            (o.academic_year_start_month - 1 - if(month(applied_on) < o.academic_year_start_month, 12, 0))::int
        ))::date as year_start,
        (year_start + to_months((3 * (datediff('month', year_start, applied_on) // 3))::int))::date as quarter_start
    from resolved r join schools o on o.organisation_id = r.tenant_id
    where r.is_in_funnel and not r.is_internal
),
quarters as (
    select tenant_id, year_start, quarter_start, count(*) as people_count
    from (
        select tenant_id, person_id, year_start, min(quarter_start) as quarter_start
        from placed
        where recorded_at < ((quarter_start + interval 3 month)::date + 7)::timestamp at time zone timezone
        group by all
    )
    group by all
),
periods as (
    select tenant_id, 'quarter' as period_kind, quarter_start as period_start, (quarter_start + interval 3 month)::date as next_start, people_count
    from quarters where people_count >= 20
    union all
    select tenant_id, 'year_rest', year_start, (year_start + interval 12 month)::date, sum(people_count)
    from quarters where people_count < 20 group by tenant_id, year_start having sum(people_count) >= 10
)
select
    p.tenant_id, 'hiring_core' as source_system, p.period_kind, p.period_start, p.next_start - 1 as period_end, p.next_start + 7 as frozen_on,
    p.people_count
from periods p join schools o on o.organisation_id = p.tenant_id cross join build b
where p.next_start + 7 <= (b.as_of at time zone o.timezone)::date

-- mart: mart_cleaning_counts uses build cleaned resolved hires
with counts as (
    from (
        select tenant_id, 'all' as k, count(*) as n, count(*) filter (where stage is null) as m from told group by all
        union all select tenant_id, 'kept', count(*) filter (where not is_synthetic), 0 from cleaned group by all
        union all select tenant_id, 'tied', count(*) filter (where is_tied), 0 from cleaned group by all
        union all select tenant_id, 'accidental', count(*) filter (where is_accidental), 0 from cleaned group by all
        union all select tenant_id, 'added', count(*) filter (where is_synthetic), 0 from cleaned group by all
        union all select tenant_id, 'after', count(*) filter (where is_after_terminal), 0 from cleaned group by all
        union all select tenant_id, 'left', count(*) filter (where not is_in_funnel), 0 from resolved group by all
        union all select tenant_id, 'imputed', count(*) filter (where is_accept_imputed), 0 from hires group by all
    )
    select
        tenant_id, coalesce(sum(n) filter (where k = 'all'), 0) - coalesce(sum(n) filter (where k = 'kept'), 0) as c1,
        coalesce(sum(n) filter (where k = 'tied'), 0) as c2, coalesce(sum(n) filter (where k = 'accidental'), 0) as c3,
        coalesce(sum(n) filter (where k = 'added'), 0) as c4, coalesce(sum(n) filter (where k = 'after'), 0) as c5,
        coalesce(sum(m) filter (where k = 'all'), 0) as c6, coalesce(sum(n) filter (where k = 'left'), 0) as c7,
        coalesce(sum(n) filter (where k = 'imputed'), 0) as c8
    group by all
)
select
    'hiring_core' as source_system, tenant_id, step.number as step_number, step.name as cleaning_step, step.n as rows_count
from (
    select tenant_id, unnest([
        {number: 1, name: 'exact_duplicates_removed', n: c1}, {number: 2, name: 'ties_ordered', n: c2},
        {number: 3, name: 'accidental_visits_flagged', n: c3}, {number: 4, name: 'applied_events_added', n: c4},
        {number: 5, name: 'events_after_terminal_flagged', n: c5}, {number: 6, name: 'unmapped_stages_kept', n: c6},
        {number: 7, name: 'duplicate_applications_left_out', n: c7}, {number: 8, name: 'acceptances_imputed', n: c8}
    ]) as step
    from counts semi join apps using (tenant_id)
)

-- mart: mart_reconciliation uses build funnel_apps hires
with funnel as (
    select tenant_id, count(*) filter (where outcome = 'hired') as hired_count, count(*) as accounted_count from funnel_apps group by all
),
applied as (
    select a.tenant_id, count(*) filter (where coalesce(r.is_in_funnel, true)) as n
    from apps a left join resolved r using (application_id) group by all
),
hired as (
    select h.tenant_id, count(distinct h.application_id) as n
    from hires h left join resolved r using (application_id) where coalesce(r.is_in_funnel, true) group by all
)
select
    'hiring_core' as source_system, tenant_id, truth.name as truth, truth.l as left_count, truth.r as right_count,
    truth.l - truth.r as difference_count
from (
    select a.tenant_id, unnest([
        {name: 'hires_in_funnel_equal_hires_table', l: coalesce(f.hired_count, 0), r: coalesce(h.n, 0)},
        {name: 'drop_offs_open_and_hired_equal_applied', l: coalesce(f.accounted_count, 0), r: a.n}
    ]) as truth
    from applied a left join funnel f using (tenant_id) left join hired h using (tenant_id)
)
