-- The marts of a made published version that are summed from its facts.
create table marts.mart_cohort_maturity as
  select tenant_id, source_system, applied_month, count(*) as applications_count, count(*) filter (outcome = 'open') as open_count,
    count(*) filter (outcome = 'open') <= 0.05 * count(*) as is_mature from marts.fct_applications group by all;
create table marts.mart_funnel_cohorts as
  with stages as (select unnest($stages) as stage, unnest(range(1, 8))::integer as rank)
  select tenant_id, source_system, applied_month, subject, staff_class, channel_type, is_internal, stage, rank,
    count(*) as applications_count, count(*) filter (reached_rank >= rank) as reached_count,
    count(*) filter (reached_rank >= rank) as reached_directly_count,
    count(*) filter (reached_rank >= rank and outcome <> 'open') as reached_closed_count,
    count(*) filter (reached_rank > rank) as advanced_count,
    count(*) filter (reached_rank = rank and outcome = 'open') as open_count,
    count(*) filter (reached_rank = rank and outcome = 'rejected') as rejected_count,
    count(*) filter (reached_rank = rank and outcome = 'withdrawn') as withdrawn_count,
    count(*) filter (reached_rank = rank and outcome = 'offer_declined') as offer_declined_count,
    count(*) filter (reached_rank = rank and outcome = 'job_closed') as job_closed_count, is_mature
  from marts.fct_applications join marts.mart_cohort_maturity using (tenant_id, source_system, applied_month) cross join stages group by all;
create table marts.mart_endings as
  select tenant_id, source_system, applied_month, subject, staff_class, channel_type, is_internal, furthest_stage as stage,
    reached_rank as rank, outcome as ending, outcome_side as ending_side,
    coalesce(outcome_reason, 'not given') as ending_reason, count(*) as ended_count, is_mature
  from marts.fct_applications join marts.mart_cohort_maturity using (tenant_id, source_system, applied_month)
  where outcome not in ('open', 'hired') group by all;
create table marts.mart_pipeline_changes as
  with steps as (
    select v.*, entered_at as stepped_at, 1 as entered, 0 as exited, 0.0 as stay from marts.mart_stage_visits v where rank < 7
    union all
    select v.*, exited_at, 0, 1, time_in_stage_days from marts.mart_stage_visits v where rank < 7 and exited_at is not null)
  select tenant_id, source_system, stepped_at::date as snapshot_date, subject, channel_type, false as is_internal, stage, rank, basis,
    sum(entered)::bigint as entered_count, sum(exited)::bigint as exited_count, sum(stay)::double as exited_stay_days
  from steps cross join (select unnest(['happened', 'recorded']) as basis) group by all;
create table marts.mart_first_responses as
  select application_id, tenant_id, source_system, subject, staff_class, channel_type, is_internal, applied_month,
    least(age_days, 0.4 + (hash(application_id) % 100) / 12.0) as first_response_days,
    age_days < 0.4 + (hash(application_id) % 100) / 12.0 as is_censored
  from marts.fct_applications;
create table marts.mart_stage_activity as
  select tenant_id, source_system, entered_month as activity_month, subject, channel_type, false as is_internal, stage,
    count(*) as first_entries_count from marts.mart_stage_visits group by all;
create table marts.mart_source_cohorts as
  select tenant_id, source_system, applied_month, subject, staff_class, is_internal, attribution, channel_type,
    count(*) as applications_count, count(*) as attempts_count, count(*) filter (outcome = 'hired') as hired_count,
    count(*) filter (outcome = 'open') as open_count, count(*) filter (reached_rank >= 3) as screen_passed_count,
    coalesce(sum((reached_rank - 1) / 6.0) filter (reached_rank >= 3), 0)::double as rank_points_sum, is_mature
  from marts.fct_applications join marts.mart_cohort_maturity using (tenant_id, source_system, applied_month)
    cross join (select unnest(['first_touch', 'last_touch']) as attribution) group by all;
create table marts.mart_stage_durations as
  select application_id, tenant_id, source_system, subject, staff_class, channel_type, stage, rank, min(entered_month) as first_entered_month,
    count(*) as visits_count, sum(time_in_stage_days) as time_in_stage_days, bool_or(is_censored) as is_censored
  from marts.mart_stage_visits group by all;
create table marts.mart_time_to_hire as
  select h.hire_id, h.application_id, h.opening_id, h.tenant_id, h.source_system, h.subject, a.staff_class, h.channel_type, h.is_internal,
    h.accepted_month, date_diff('second', a.applied_at, h.accepted_at) / 86400.0 as time_to_hire_days,
    date_diff('second', a.applied_at, h.accepted_at) / 86400.0 + 3 as time_from_first_contact_days,
    (h.start_date - h.accepted_at::date)::double as time_to_start_days, h.status = 'reneged' as is_reneged, h.is_accept_imputed
  from marts.fct_hires h join marts.fct_applications a using (application_id);
create table marts.mart_time_to_fill as
  select opening_id, job_id, tenant_id, source_system, subject, staff_class, date_trunc('month', approved_at)::date as approved_month,
    approved_at, date_diff('second', approved_at, coalesce(filled_at, closed_at, $as_of)) / 86400.0 as gross_days,
    date_diff('second', approved_at, coalesce(filled_at, closed_at, $as_of)) / 86400.0 - hold_days as net_days,
    gross_days as gross_latest_days, net_days as net_latest_days, false as is_reopened, status = 'filled' as is_filled, status = 'cancelled' as is_cancelled, status = 'open' as is_censored, filled_at, closed_at as cancelled_at
  from marts.fct_openings;
create table marts.mart_hire_outcomes as
  select hire_id, application_id, tenant_id, source_system, accepted_at, start_date, null::boolean as is_success,
    null::timestamptz as label_known_at, null::boolean as probation_passed, null::boolean as is_retained_12m,
    null::boolean as performance_meets from marts.fct_hires;
create table marts.mart_cleaning_counts as
  select source_system, tenant_id, unnest(['duplicates_removed', 'accidental_visits', 'applied_added', 'events_after_end']) as cleaning_step,
    unnest([4, 9, 2, 1]) as rows_count from (select distinct source_system, tenant_id from marts.fct_applications);
create table marts.mart_reconciliation as
  select source_system, tenant_id, 'hires_funnel_equals_hires_table' as truth, count(*) filter (outcome = 'hired') as left_count,
    count(*) filter (outcome = 'hired') as right_count, 0 as difference_count from marts.fct_applications group by all
  union all
  select source_system, tenant_id, 'outcomes_add_up_to_applied', count(*), count(*), 0 from marts.fct_applications group by all;
create table marts.mart_source_hires as
  with followed as (select h.*, a.staff_class, a.last_channel_type, date_diff('day', h.start_date, $as_of::date) as days, hash(h.hire_id) % 100 as luck
    from marts.fct_hires h join marts.fct_applications a using (application_id))
  select hire_id, application_id, tenant_id, source_system, attribution,
    case when attribution = 'first_touch' then channel_type else last_channel_type end as channel_type, subject, staff_class,
    'permanent' as contract_kind, is_internal, accepted_month, date_trunc('month', start_date)::date as start_month,
    luck >= 97 as is_reneged, days >= 365 and luck < 97 as is_year_over, case when days >= 365 and luck < 97 then luck >= 12 end as is_retained_12m,
    case when days >= 0 and luck < 97 then case when luck < 12 then least(days, 10 + luck * 25) else days end end::double as service_days,
    case when luck < 12 and days > 10 + luck * 25 then 'left' end as end_class,
    case when days > 182 then 0.5 + (luck % 40) / 100.0 end::double as performance_score,
    case when days > 182 and luck % 3 > 0 then 0.6 + (luck % 30) / 100.0 end::double as satisfaction_score
  from followed cross join (select unnest(['first_touch', 'last_touch']) as attribution);
create table marts.mart_source_costs as
  with entries as (
    select tenant_id, source_system, accepted_month as cost_month, attribution, channel_type, 0 as spend_minor,
      case when channel_type = 'agency' then 450000 else 0 end as fee, 1 as hires, coalesce(is_retained_12m, false)::int as retained,
      (not is_year_over)::int as pending from marts.mart_source_hires where not is_reneged
    union all
    select distinct tenant_id, source_system, applied_month, attribution, channel_type,
      case channel_type when 'linkedin' then 21000 when 'job_board' then 34000 when 'referral' then 6000 else 0 end, 0, 0, 0, 0
    from marts.mart_source_cohorts)
  select tenant_id, source_system, cost_month, attribution, channel_type, 'GBP' as currency, sum(spend_minor)::bigint as spend_minor,
    sum(fee)::bigint as agency_fees_minor, sum(hires)::bigint as hires_count, sum(retained)::bigint as retained_count,
    sum(pending)::bigint as retention_pending_count from entries group by all;
create table marts.mart_offer_chains as
  select 'chain-' || application_id as chain_id, 'offer-' || application_id as offer_id, source_system, application_id, tenant_id, subject,
    staff_class, channel_type, is_internal, coalesce(terminal_at, applied_at) as offered_at,
    date_trunc('month', coalesce(terminal_at, applied_at))::date as sent_month, 1 as versions_count,
    case outcome when 'hired' then 'accepted' when 'open' then 'pending' else 'declined' end as answer, terminal_at as resolved_at,
    3.0::double as answer_days, case when outcome in ('offer_declined', 'withdrawn') then 'Pay too low' end as decline_reason, false as is_reneged
  from marts.fct_applications where reached_rank >= 6;
create table marts.mart_agency_submissions as
  select 'submission-' || application_id as agency_submission_id, source_system, application_id, tenant_id, agency_id, job_id, subject,
    staff_class, applied_at as submitted_at, applied_month as submitted_month, false as is_duplicate, furthest_stage, reached_rank, outcome,
    terminal_at, case when outcome = 'open' and reached_rank = 1 then date_diff('hour', applied_at, $as_of) / 24.0
      else 1 + hash(application_id) % 9 end::double as first_response_days,
    outcome = 'open' and reached_rank = 1 as is_censored, outcome = 'hired' as is_placed, false as is_reneged,
    case when outcome = 'hired' then date_trunc('month', terminal_at)::date end as placed_month, 'flat' as fee_basis,
    case when outcome = 'hired' then 450000::bigint end as fee_minor, 'GBP' as fee_currency
  from marts.fct_applications where agency_id is not null;
create table marts.mart_opening_histories as
  select o.opening_id, o.source_system, o.tenant_id, o.job_id, o.subject, o.staff_class,
    case when o.filled_at < timestamptz '2026-09-01' then '2025' else '2026' end as season, f.approved_month,
    case when o.filled_at < timestamptz '2026-09-01' then date '2026-09-01' else o.term_start_date end as term_start_date, o.fte, f.gross_days,
    f.is_filled, f.is_cancelled, coalesce(o.filled_at < timestamptz '2026-09-01', false) as is_due, false as is_late,
    date_diff('second', o.filled_at, timestamptz '2026-09-01') / 86400.0 as days_to_day_one,
    (select count(*) from marts.fct_applications a where a.job_id = o.job_id) as job_applications_count,
    count(*) over (partition by o.job_id) as job_openings_count, 3.0::double as applied_stage_days, 5.0::double as screen_stage_days,
    8.0::double as interview_stage_days, null::double as demo_lesson_stage_days, 5.0::double as references_checks_stage_days,
    4.0::double as offer_stage_days
  from marts.fct_openings o join marts.mart_time_to_fill f using (opening_id);
create table marts.mart_vacancy_months as
  select opening_id, unnest(generate_series(date_trunc('month', approved_at)::date, coalesce(closed_at, $as_of)::date, interval 1 month))::date
    as vacancy_month, source_system, tenant_id, subject, staff_class, fte, closed_at is null as is_open_at_end from marts.fct_openings;
create table marts.mart_open_applications as
  select a.application_id, a.source_system, a.tenant_id, a.job_id, 'recruiter-' || left(a.subject, 1) as recruiter_id, a.subject, a.staff_class,
    a.channel_type, a.applied_month, v.stage, v.time_in_stage_days, 240 as sla_hours, v.time_in_stage_days > 10 as is_sla_breached,
    v.entered_at as last_event_at, v.time_in_stage_days as idle_days, false as has_event_ahead
  from marts.fct_applications a join marts.mart_stage_visits v on v.application_id = a.application_id and v.is_censored where a.outcome = 'open';
create table marts.mart_application_interviews as
  select application_id, source_system, tenant_id, applied_month, subject, staff_class, channel_type,
    (reached_rank >= 3)::bigint + (reached_rank >= 4)::bigint as interviews_count, (reached_rank >= 4)::bigint as demo_lessons_count,
    outcome = 'hired' as is_hired, outcome = 'open' as is_open from marts.fct_applications where reached_rank >= 3;
create table marts.mart_interview_feedback as
  select 'i-' || application_id as interview_id, 'interviewer-' || (n % 3) as interviewer_id, source_system, tenant_id, application_id, subject,
    staff_class, 'panel' as kind, applied_month as held_month, n % 7 > 0 as is_submitted, 1.0 + n % 4 as feedback_days,
    case when n % 7 > 0 then (n % 5) - 2.0 end::double as points, 1.0::double as others_points_sum, 1 as others_scores_count
  from (select *, row_number() over (order by application_id) as n from marts.fct_applications where reached_rank >= 4);
create table marts.mart_selection_signals as
  select application_id, unnest(['interview', 'demo_lesson', 'reference_check', 'licence_check', 'resume_score']) as signal, source_system, tenant_id, subject,
    staff_class, applied_month as decided_month, ((reached_rank + n) % 5 - 2)::double as points_sum, 1 as marks_count, outcome = 'hired' as is_hired,
    case when outcome = 'hired' then n % 3 > 0 end as is_success
  from (select *, row_number() over (order by application_id) as n from marts.fct_applications where reached_rank >= 4 and outcome <> 'open');
