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
        a.applied_at, a.recorded_at, a.origin, a.is_internal, a.status, a.terminal_at as stated_at, r.side as stated_side,
        r.name as stated_reason,
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
        event_id, tenant_id, application_id, stage, rank, is_terminal, event_at, known_at, reason_side, reason_name, sla_hours,
        spell_number, row_number() over w as event_number,
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
        applied_at as event_at, greatest(applied_at, recorded_at) as known_at, 1 as spell_number, 0 as event_number,
        false as is_tied, false as is_accidental,
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
        o.* exclude (sent_at, resolved_at, status), if(resolved_at > as_of, 'sent', status) as status,
        if(sent_at <= as_of, sent_at, null) as sent_at,
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
            job_id, min(started_at) filter (where status = 'approved') as approved_at,
            min(started_at) filter (where status = 'open') as opened_at,
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
        greatest(if(m.next_at is not null, m.next_known_at, a.terminal_at), if(exited_at is null, null, m.known_at)) as exited_known_at,
        a.timezone
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
            if(s.closed_at <= b.as_of and s.close_reason <> 'filled', s.closed_at, null) as own_closed_at,
            if(filled_at is null, coalesce(own_closed_at, e.started_at), null) as cancelled_at,
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
            opening_id, sum(epoch_us(until) - epoch_us(greatest(since, approved_at)))::bigint as us,
            sum(greatest(epoch_us(until) - epoch_us(greatest(since, coalesce(reopened_at, approved_at))), 0))::bigint as latest_us
        from (
            select
                s.opening_id, s.approved_at, h.started_at as since, r.at as reopened_at,
                least(coalesce(h.ended_at, s.ended_at), s.ended_at) as until
            from ended s
            join statuses h
                on h.job_id = s.job_id and h.status = 'on_hold' and h.started_at < s.ended_at
                and coalesce(h.ended_at, s.ended_at) > s.approved_at
            left join reopened r using (opening_id)
        )
        group by all
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

-- part: openings uses build seats term_starts
openings as (
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
)

-- mart: fct_openings uses openings
select * from openings

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

-- part: labels uses build funnel_hires
labels as (
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
        if(is_known, final_at, null) as label_known_at, probation_passed, if(is_known, is_retained, null) as is_retained_12m,
        performance_meets
    from (select j.*, is_retained is not null and final_at <= b.as_of as is_known from judged j cross join build b)
)

-- mart: mart_hire_outcomes uses labels
select * from labels

-- mart: mart_stage_visits uses build stays
select
    * exclude (microseconds, timezone, is_internal, entered_known_at, exited_known_at),
    date_trunc('month', entered_at at time zone timezone)::date as entered_month,
    microseconds / 86400000000 as time_in_stage_days,
    if(microseconds > sla_hours * 3600000000, true, if(is_censored or sla_hours is null, null, false)) as is_sla_breached
from stays

-- mart: mart_stage_durations uses build stays
select
    application_id, source_system, tenant_id, subject, staff_class, channel_type, is_internal, stage, rank,
    date_trunc('month', min(entered_at) at time zone any_value(timezone))::date as first_entered_month, count(*) as visits_count,
    sum(microseconds)::bigint / 86400000000 as time_in_stage_days, bool_or(is_censored) as is_censored
from stays
where not is_accidental
group by application_id, source_system, tenant_id, subject, staff_class, channel_type, is_internal, stage, rank

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
    reopened_at is not null as is_reopened, is_filled, is_cancelled, not is_filled and not is_cancelled as is_censored, filled_at,
    cancelled_at
from fills

-- mart: mart_time_to_hire uses build funnel_hires spells
with hired as (
    select application_id, max({spell_number: spell_number, first_event_at: first_event_at}) as spell
    from spells where outcome = 'hired' group by all
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
        r.tenant_id, r.person_id, r.recorded_at, r.timezone, o.academic_year_start_month - 1 as months_before,
        (r.applied_at at time zone r.timezone)::date as applied_on, (r.terminal_at at time zone r.timezone)::date as closed_on,
        (date_trunc('year', applied_on - to_months(months_before::int)) + to_months(months_before::int))::date as year_start,
        (year_start + to_months((3 * (datediff('month', year_start, applied_on) // 3))::int))::date as quarter_start,
        (date_trunc('year', closed_on - to_months(months_before::int)) + to_months(months_before::int))::date as closed_year,
        date_trunc('quarter', r.applied_at at time zone 'UTC')::date as calendar_quarter, r.outcome <> 'open' as is_closed,
        case when r.outcome = 'hired' then 3 when r.reached_rank >= 3 then 2 else 1 end as reached
    from resolved r join schools o on o.organisation_id = r.tenant_id
    where r.is_in_funnel and not r.is_internal
),
quarters as (
    select tenant_id, year_start, quarter_start, count(*) as n
    from (
        select tenant_id, person_id, year_start, min(quarter_start) as quarter_start
        from placed where recorded_at < ((quarter_start + interval 3 month)::date + 7)::timestamp at time zone timezone group by all
    )
    group by all
),
years as (
    select
        tenant_id, closed_year, count(*) as n, count(*) filter (where reached = 3) as hired,
        count(*) filter (where reached > 1) as interviewed,
        if(hired >= 10, hired, 0) as hired_kept, if(interviewed - hired_kept >= 10, interviewed - hired_kept, 0) as interviewed_kept
    from (
        select tenant_id, person_id, closed_year, max(reached) as reached
        from placed
        where is_closed and recorded_at < ((closed_year + interval 12 month)::date + 30)::timestamp at time zone timezone
        group by all
    )
    group by all
),
periods as (
    select
        'A' as release, tenant_id, 'quarter' as period_kind, quarter_start as period_start, 3 as months, 7 as frozen_after,
        'pool' as outcome_bin, n
    from quarters where n >= 20
    union all
    select 'A', tenant_id, 'year_rest', year_start, 12, 7, 'pool', sum(n)
    from quarters where n < 20 group by tenant_id, year_start having sum(n) >= 10
    union all
    select 'B', tenant_id, 'academic_year', closed_year, 12, 30, bin.name, bin.n
    from (
        select tenant_id, closed_year, unnest([
            {name: 'hired', n: hired_kept}, {name: 'interviewed', n: interviewed_kept},
            {name: 'not_interviewed', n: n - hired_kept - interviewed_kept}
        ]) as bin
        from years
    )
    where bin.n >= 10
    union all
    select 'C', 'all_schools', 'quarter', calendar_quarter, 3, 7, 'pool', count(*)
    from (
        select tenant_id, person_id, year_start, min(calendar_quarter) as calendar_quarter
        from placed where recorded_at < ((calendar_quarter + interval 3 month)::date + 7)::timestamp at time zone 'UTC' group by all
    )
    group by calendar_quarter having count(*) >= 500
)
select
    p.release, p.tenant_id, 'hiring_core' as source_system, p.period_kind, p.period_start, p.outcome_bin, p.n as people_count,
    (p.period_start + to_months(p.months))::date - 1 as period_end, period_end + 1 + p.frozen_after as frozen_on
from periods p left join schools o on o.organisation_id = p.tenant_id cross join build b
where frozen_on <= (b.as_of at time zone coalesce(o.timezone, 'UTC'))::date

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

-- mart: mart_reconciliation uses build cohorts hires
-- It sums the stages of the funnel, because that is what is published: counted from the applications that the funnel is made of, the two
-- sides would agree however wrong the funnel is.
with funnel as (
    select
        tenant_id, sum(hired_count)::bigint as hired_count,
        sum(open_count + hired_count + rejected_count + withdrawn_count + offer_declined_count + job_closed_count)::bigint as accounted_count
    from cohorts group by all
),
applied as (
    select a.tenant_id, count(*) filter (where coalesce(r.is_in_funnel, true)) as n
    from apps a left join resolved r using (application_id) group by all
),
hired as (
    select h.tenant_id, count(distinct h.application_id) as n
    from hires h left join resolved r using (application_id) where coalesce(r.is_in_funnel, true) group by all
),
settled as (
    select s.tenant_id, count(distinct saga_id) filter (where state = 'completed') as completed,
        count(hire_id) filter (where state = 'completed' or status <> 'reneged') as made
    from staging.stg_hiring_core__sagas s join build b on s.ended_at <= least(b.as_of, b.known_at) left join hires h using (offer_id)
    group by all
)
select 'hiring_core' as source_system, tenant_id, 'hires_of_sagas_equal_completed_sagas' as truth, made as left_count,
    completed as right_count, made - completed as difference_count
from settled
union all
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

-- mart: mart_endings uses build funnel_apps maturity
with ended as (
    select
        tenant_id, source_system, applied_month, subject, staff_class, channel_type, is_internal, furthest_stage as stage,
        reached_rank as rank,
        outcome as ending, coalesce(outcome_side, 'neutral') as ending_side, coalesce(outcome_reason, 'not given') as ending_reason,
        count(*) as ended_count
    from funnel_apps where outcome not in ('open', 'hired') group by all
)
select e.*, coalesce(m.is_mature, false) as is_mature from ended e left join maturity m using (tenant_id, source_system, applied_month)

-- mart: mart_pipeline_changes uses build stays
with steps as (
    select tenant_id, source_system, subject, channel_type, is_internal, stage, rank, timezone, microseconds, unnest([
        {basis: 'happened', moved_at: entered_at, is_exit: false}, {basis: 'happened', moved_at: exited_at, is_exit: true},
        {basis: 'recorded', moved_at: entered_known_at, is_exit: false}, {basis: 'recorded', moved_at: exited_known_at, is_exit: true}
    ]) as step
    from stays
)
select
    tenant_id, source_system, (step.moved_at at time zone timezone)::date as snapshot_date, subject, channel_type, is_internal, stage,
    rank, step.basis,
    count(*) filter (where not step.is_exit) as entered_count, count(*) filter (where step.is_exit) as exited_count,
    coalesce(sum(microseconds) filter (where step.is_exit), 0) / 86400000000 as exited_stay_days
from steps where step.moved_at is not null group by all

-- mart: mart_first_responses uses build cleaned funnel_apps
with moved as (select application_id, min(event_at) as moved_at from cleaned where rank > 1 or is_terminal group by all),
answers as (
    select application_id, min(m.sent_at) as at
    from staging.stg_hiring_core__messages m join build b on m.sent_at <= b.as_of and m.recorded_at <= b.known_at
    join funnel_apps a using (application_id) left join moved using (application_id)
    where m.direction = 'to_candidate' and m.sent_at >= a.applied_at and (not m.is_automatic or m.sent_at >= moved_at)
    group by all
)
select
    a.application_id, a.source_system, a.tenant_id, a.subject, a.staff_class, a.channel_type, a.is_internal, a.applied_month,
    (epoch_us(greatest(coalesce(r.at, a.terminal_at, b.as_of), a.applied_at)) - epoch_us(a.applied_at)) / 86400000000
        as first_response_days,
    r.at is null as is_censored
from funnel_apps a cross join build b left join answers r using (application_id)

-- mart: mart_offer_chains uses build offers hires funnel_apps apps
with chains as (
    select *, min(sent_at) over w as first_sent_at, count(*) over w as versions_count from offers window w as (partition by chain_id)
)
select
    c.chain_id, c.offer_id, a.source_system, c.application_id, c.tenant_id, a.subject, a.staff_class, a.channel_type, a.is_internal,
    coalesce(c.first_sent_at, if(c.status in ('accepted', 'declined', 'expired'), c.resolved_at, null)) as offered_at,
    date_trunc('month', offered_at at time zone a.timezone)::date as sent_month, c.versions_count,
    if(c.status in ('accepted', 'declined', 'expired', 'withdrawn', 'rescinded'), c.status, 'pending') as answer, c.resolved_at,
    (epoch_us(c.resolved_at) - epoch_us(offered_at)) / 86400000000 as answer_days,
    if(answer in ('declined', 'expired', 'withdrawn'),
        coalesce(if(a.outcome in ('offer_declined', 'withdrawn'), s.stated_reason, null), 'unknown'), null) as decline_reason,
    c.chain_id in (select o.chain_id from hires h join offers o using (offer_id) where h.status = 'reneged') as is_reneged
from chains c join funnel_apps a using (application_id) join apps s using (application_id)
where c.is_last_version and offered_at is not null

-- mart: mart_application_interviews uses build funnel_apps
with held as (
    select application_id, count(*) as n, count(*) filter (where kind = 'demo_lesson') as demos
    from staging.stg_hiring_core__interviews i join build b on i.scheduled_end <= b.as_of and i.recorded_at <= b.known_at
    where i.status = 'held' group by all
)
select
    application_id, a.source_system, a.tenant_id, a.applied_month, a.subject, a.staff_class, a.channel_type,
    coalesce(n, 0) as interviews_count,
    coalesce(demos, 0) as demo_lessons_count, a.outcome = 'hired' as is_hired, a.outcome = 'open' as is_open
from funnel_apps a left join held using (application_id) where n is not null or a.outcome = 'hired'

-- mart: mart_interview_feedback uses build funnel_apps
with scored as (
    select s.interview_id, s.user_id, min({submitted_at: s.submitted_at, id: s.scorecard_id, points: r.points}) as first
    from staging.stg_hiring_core__scorecards s join build b on s.submitted_at <= b.as_of and s.recorded_at <= b.known_at
    join staging.recommendations r using (recommendation) group by all
),
owed as (
    select interview_id, user_id from staging.stg_hiring_core__participants p join build b on p.recorded_at <= b.known_at
    union
    select interview_id, user_id from scored
),
judged as (
    select
        o.interview_id, o.user_id, i.application_id, i.kind, i.scheduled_end, s.first.submitted_at as submitted_at,
        s.first.points as points, b.as_of
    from owed o join staging.stg_hiring_core__interviews i using (interview_id)
    join build b on i.scheduled_end <= b.as_of and i.recorded_at <= b.known_at
    left join scored s on s.interview_id = o.interview_id and s.user_id = o.user_id
    where i.status = 'held'
)
select
    j.interview_id, j.user_id as interviewer_id, a.source_system, a.tenant_id, j.application_id, a.subject, a.staff_class, j.kind,
    date_trunc('month', j.scheduled_end at time zone a.timezone)::date as held_month, j.submitted_at is not null as is_submitted,
    (epoch_us(greatest(coalesce(j.submitted_at, j.as_of), j.scheduled_end)) - epoch_us(j.scheduled_end)) / 86400000000 as feedback_days,
    j.points,
    sum(j.points) over panel - coalesce(sum(j.points) over own, 0) as others_points_sum,
    count(j.points) over panel - count(j.points) over own as others_scores_count
from judged j join funnel_apps a using (application_id)
window panel as (partition by j.application_id), own as (partition by j.application_id, j.user_id)

-- mart: mart_selection_signals uses build offers funnel_apps labels
with decided as (
    select a.*, if(o.sent_at < a.terminal_at, o.sent_at, a.terminal_at) as decided_at
    from funnel_apps a left join (select application_id, min(sent_at) as sent_at from offers group by all) o using (application_id)
    where a.outcome <> 'open'
),
marks as (
    select
        i.application_id, if(i.kind = 'demo_lesson', 'demo_lesson', 'interview') as signal, r.points::double as points,
        greatest(s.submitted_at, s.recorded_at) as known_at
    from staging.stg_hiring_core__scorecards s join staging.stg_hiring_core__interviews i using (interview_id)
    join staging.recommendations r using (recommendation)
    union all
    select
        application_id, if(kind = 'reference', 'reference_check', 'licence_check'),
        case result when 'clear' then 1 when 'consider' then 0 else -1 end, greatest(completed_at, recorded_at)
    from staging.stg_hiring_core__screening_checks
    where completed_at is not null and result is not null and kind in ('reference', 'licence')
    union all
    select application_id, 'resume_score', match_score, greatest(completed_at, recorded_at)
    from staging.stg_hiring_core__resume_parses
    where match_score is not null
)
select
    d.application_id, m.signal, d.source_system, d.tenant_id, d.subject, d.staff_class,
    date_trunc('month', d.decided_at at time zone d.timezone)::date as decided_month, sum(m.points)::double as points_sum,
    count(*) as marks_count,
    d.outcome = 'hired' as is_hired, if(is_hired, s.is_success, null) as is_success
from decided d join marks m on m.application_id = d.application_id and m.known_at < d.decided_at
left join (select application_id, bool_and(is_success) as is_success from labels group by all) s on s.application_id = d.application_id
group by all

-- part: submissions uses build hires
submissions as (
    with hired as (
        select application_id, max(accepted_at) as accepted_at, bool_and(status = 'reneged') as is_reneged from hires group by all
    )
    select
        s.*, row_number() over (partition by s.application_id order by s.submitted_at, s.agency_submission_id) as nth, h.accepted_at,
        coalesce(h.is_reneged, false) as is_reneged, nth = 1 and h.accepted_at is not null and not h.is_reneged as is_placed
    from staging.stg_hiring_core__agency_submissions s join build b on s.submitted_at <= b.as_of and s.recorded_at <= b.known_at
    left join hired h using (application_id)
)

-- mart: mart_agency_submissions uses build submissions cleaned resolved jobs
with answers as (
    select m.application_id, m.sent_at as at
    from staging.stg_hiring_core__messages m join build b on m.sent_at <= b.as_of and m.recorded_at <= b.known_at
    where m.direction = 'to_candidate' and not m.is_automatic
    union all
    select application_id, event_at from cleaned
    where rank > 1 or (is_terminal and stage not in ('withdrawn', 'offer_declined'))
),
answered as (
    select s.agency_submission_id, min(a.at) as at
    from submissions s join answers a on a.application_id = s.application_id and a.at >= s.submitted_at group by all
)
select
    s.agency_submission_id, 'hiring_core' as source_system, s.application_id, s.tenant_id, s.agency_id, r.job_id, j.subject, j.staff_class,
    s.submitted_at, date_trunc('month', s.submitted_at at time zone r.timezone)::date as submitted_month,
    s.nth > 1 or r.outcome = 'duplicate' as is_duplicate, r.furthest_stage, r.reached_rank, r.outcome, r.terminal_at,
    (epoch_us(greatest(coalesce(a.at, r.terminal_at, b.as_of), s.submitted_at)) - epoch_us(s.submitted_at)) / 86400000000
        as first_response_days,
    a.at is null as is_censored, s.is_placed, s.is_reneged,
    date_trunc('month', s.accepted_at at time zone r.timezone)::date as placed_month,
    s.fee_basis, if(s.is_placed, s.fee_minor, null) as fee_minor, coalesce(s.fee_currency, 'unknown') as fee_currency
from submissions s join resolved r using (application_id) join jobs j on j.job_id = r.job_id cross join build b
left join answered a using (agency_submission_id)

-- part: credited uses build hires funnel_hires funnel_apps labels schools
credited as (
    with facts as (
        select
            hire_id, min(end_date) as end_date, min(end_reason) filter (where end_date is not null) as end_reason,
            max(observed_on) filter (where is_still_employed) as last_seen_on,
            max({observed_on: observed_on, recorded_at: recorded_at, id: outcome_id, score: case performance_scale
                when '1-5' then (performance_value - 1) / 4 when '1-4' then (performance_value - 1) / 3
            end}) filter (where performance_value is not null) as performance,
            max({observed_on: observed_on, recorded_at: recorded_at, id: outcome_id, score: manager_satisfaction / 10})
                filter (where manager_satisfaction is not null) as satisfaction
        from staging.stg_hiring_core__employment_outcomes o join build b on o.recorded_at <= b.known_at group by all
    )
    select
        h.hire_id, h.source_system, h.application_id, h.tenant_id, h.subject, h.staff_class, h.contract_kind, h.is_internal,
        h.accepted_month,
        date_trunc('month', h.start_date)::date as start_month, h.status = 'reneged' as is_reneged,
        (b.as_of at time zone h.timezone)::date as today,
        not is_reneged and coalesce(h.start_date + 365 <= today, false) as is_year_over, l.is_retained_12m,
        if(f.end_date <= today, f.end_date, null) as ended_on,
        case
            when is_reneged or h.start_date > today then null
            when ended_on is not null then greatest(ended_on - h.start_date, 0)
            when h.status = 'started' then today - h.start_date
            else greatest(f.last_seen_on - h.start_date, 0)
        end as service_days,
        if(not is_reneged and ended_on is not null, if(coalesce(e.ends_retention, true), 'left', f.end_reason), null) as end_class,
        f.performance.score as performance_score, f.satisfaction.score as satisfaction_score, unnest([
            {attribution: 'first_touch', channel_type: a.channel_type}, {attribution: 'last_touch', channel_type: a.last_channel_type}
        ], recursive := true)
    from funnel_hires h join funnel_apps a using (application_id) join labels l using (hire_id) cross join build b
    left join facts f using (hire_id) left join staging.end_reasons e on e.end_reason = f.end_reason
)

-- mart: mart_source_hires uses credited
select * exclude (today, ended_on) from credited

-- mart: mart_source_costs uses build credited submissions schools
with spend as (
    select
        c.organisation_id as tenant_id, date_trunc('month', c.cost_month)::date as cost_month, k.channel_type, c.currency, c.amount_minor
    from staging.stg_hiring_core__channel_costs c join staging.stg_hiring_core__channels k using (channel_id)
    join schools o on o.organisation_id = c.organisation_id
    join build b on c.recorded_at <= b.known_at and c.cost_month <= (b.as_of at time zone o.timezone)::date
),
fees as (
    select h.tenant_id, h.accepted_month as cost_month, h.attribution, h.channel_type, s.fee_currency as currency, s.fee_minor
    from submissions s join credited h using (application_id)
    where s.is_placed and s.fee_minor > 0 and s.fee_currency is not null and not h.is_reneged
),
paid_in as (select tenant_id, currency from spend union select tenant_id, currency from fees),
entries as (
    select
        tenant_id, cost_month, unnest(['first_touch', 'last_touch']) as attribution, channel_type, currency, amount_minor as spend,
        0 as fee,
        0 as hired, 0 as retained, 0 as pending
    from spend
    union all
    select tenant_id, cost_month, attribution, channel_type, currency, 0, fee_minor, 0, 0, 0 from fees
    union all
    select
        h.tenant_id, h.accepted_month, h.attribution, h.channel_type, coalesce(p.currency, 'unknown'), 0, 0, 1,
        if(h.is_retained_12m, 1, 0), if(h.is_year_over, 0, 1)
    from credited h left join paid_in p using (tenant_id) where not h.is_reneged and not h.is_internal
)
select
    tenant_id, 'hiring_core' as source_system, cost_month, attribution, channel_type, currency, sum(spend) as spend_minor,
    sum(fee) as agency_fees_minor, sum(hired) as hires_count, sum(retained) as retained_count, sum(pending) as retention_pending_count
from entries group by all

-- part: histories uses build fills openings funnel_hires funnel_apps stays schools
histories as (
    with taken as (
        select opening_id, min({accepted_at: accepted_at, hire_id: hire_id, application_id: application_id}) as hire
        from funnel_hires where opening_id is not null and status <> 'reneged' group by all
    ),
    spent as (
        select
            t.opening_id,
            sum(microseconds) filter (where stage = 'applied') / 86400000000 as applied_stage_days,
            sum(microseconds) filter (where stage = 'screen') / 86400000000 as screen_stage_days,
            sum(microseconds) filter (where stage = 'interview') / 86400000000 as interview_stage_days,
            sum(microseconds) filter (where stage = 'demo_lesson') / 86400000000 as demo_lesson_stage_days,
            sum(microseconds) filter (where stage = 'references_checks') / 86400000000 as references_checks_stage_days,
            sum(microseconds) filter (where stage = 'offer') / 86400000000 as offer_stage_days
        from taken t join stays s on s.application_id = t.hire.application_id where not s.is_accidental group by all
    ),
    applicants as (select job_id, count(*) as n from funnel_apps where not is_reapplication group by all)
    select
        o.opening_id, o.source_system, o.tenant_id, o.job_id, o.subject, o.staff_class,
        coalesce(o.term_start_date, o.target_start_date, (o.approved_at at time zone s.timezone)::date) as wanted_on,
        (year(wanted_on) - if(month(wanted_on) < s.academic_year_start_month, 1, 0))::varchar as season, f.approved_month,
        o.term_start_date,
        o.fte, f.gross_days, f.is_filled, f.is_cancelled,
        coalesce(o.term_start_date <= (b.as_of at time zone s.timezone)::date, false) as is_due,
        (epoch_us(o.term_start_date::timestamp at time zone s.timezone) - epoch_us(o.filled_at)) / 86400000000 as days_to_day_one,
        is_due and not f.is_cancelled and coalesce(days_to_day_one < 0, true) as is_late, coalesce(a.n, 0) as job_applications_count,
        count(*) over (partition by o.job_id) as job_openings_count, p.* exclude (opening_id)
    from openings o join fills f using (opening_id) join schools s on s.organisation_id = o.tenant_id cross join build b
    left join spent p on p.opening_id = o.opening_id left join applicants a on a.job_id = o.job_id
)

-- mart: mart_opening_histories uses histories
select * exclude (wanted_on) from histories

-- mart: mart_hiring_plans uses build histories funnel_apps
with progress as (
    select
        tenant_id, season, subject, count(*) filter (where is_filled) as hired,
        count(*) filter (where not is_filled and not is_cancelled) as still_open
    from histories group by all
),
received as (
    select a.tenant_id, j.season, a.subject, count(*) as n, count(*) filter (where a.outcome = 'open') as still_open
    from funnel_apps a join (select job_id, min(season) as season from histories group by all) j using (job_id) group by all
)
select
    p.hiring_plan_id, 'hiring_core' as source_system, p.tenant_id, p.season, p.subject, p.due_date, p.target_hires_count,
    coalesce(o.hired, 0) as hired_count, coalesce(o.still_open, 0) as open_openings_count, coalesce(r.n, 0) as applications_count,
    coalesce(r.still_open, 0) as open_applications_count
from staging.stg_hiring_core__hiring_plans p join build b on p.recorded_at <= b.known_at
left join progress o on o.tenant_id = p.tenant_id and o.season = p.season and o.subject = p.subject
left join received r on r.tenant_id = p.tenant_id and r.season = p.season and r.subject = p.subject
qualify row_number() over (partition by p.tenant_id, p.season, p.subject order by p.recorded_at desc, p.hiring_plan_id desc) = 1

-- mart: mart_vacancy_months uses build openings schools
with spans as (
    select
        o.*, date_trunc('month', coalesce(o.opened_at, o.approved_at) at time zone s.timezone)::date as first_month,
        date_trunc('month', coalesce(o.closed_at, b.as_of) at time zone s.timezone)::date as last_month
    from openings o join schools s on s.organisation_id = o.tenant_id cross join build b
    where o.approved_at is not null and coalesce(o.opened_at, o.approved_at) <= b.as_of
)
select
    opening_id, month::date as vacancy_month, source_system, tenant_id, subject, staff_class, fte,
    closed_at is null or month < last_month as is_open_at_end
from (select *, unnest(generate_series(first_month, greatest(first_month, last_month), interval 1 month)) as month from spans)

-- mart: mart_open_applications uses build funnel_apps jobs cleaned offers stays
with events as (
    select application_id, event_at from cleaned
    union all
    select application_id, scheduled_end from staging.stg_hiring_core__interviews i join build b on i.recorded_at <= b.known_at
    where i.status in ('held', 'scheduled')
    union all
    select i.application_id, s.submitted_at
    from staging.stg_hiring_core__scorecards s join staging.stg_hiring_core__interviews i using (interview_id)
    join build b on s.recorded_at <= b.known_at
    union all
    select application_id, completed_at from staging.stg_hiring_core__screening_checks c join build b on c.recorded_at <= b.known_at
    union all
    select application_id, sent_at from offers
),
latest as (
    select application_id, max(event_at) filter (where event_at <= as_of) as last_event_at, bool_or(event_at > as_of) as is_ahead
    from events semi join (select application_id from funnel_apps where outcome = 'open') using (application_id)
    cross join build group by all
),
stay as (
    select application_id, max({
        entered_at: entered_at, rank: rank, visit_id: visit_id, stage: stage, microseconds: microseconds, sla_hours: sla_hours
    }) as now
    from stays where is_censored group by all
)
select
    a.application_id, a.source_system, a.tenant_id, a.job_id, j.owner_id as recruiter_id, a.subject, a.staff_class, a.channel_type,
    a.applied_month, coalesce(s.now.stage, a.furthest_stage) as stage,
    coalesce(s.now.microseconds / 86400000000, a.age_days) as time_in_stage_days,
    s.now.sla_hours as sla_hours, coalesce(s.now.microseconds > s.now.sla_hours * 3600000000, false) as is_sla_breached,
    coalesce(l.last_event_at, a.applied_at) as last_event_at, (epoch_us(b.as_of) - epoch_us(last_event_at)) / 86400000000 as idle_days,
    coalesce(l.is_ahead, false) as has_event_ahead
from funnel_apps a join jobs j using (job_id) cross join build b
left join stay s using (application_id) left join latest l using (application_id)
where a.outcome = 'open'
